import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {fullness, GATHER_MS, turnsOf} from '../../../src/lib/scale/turns.js'

const loop = (triggersPerS: number, turnUs: number, messageUs: number, steadyUs = 0) => ({
  triggersPerS, steadyUs,
  workUs: (turnsPerS: number) => turnsPerS * turnUs + triggersPerS * messageUs,
})

const anyLoop = fc.record({
  perS: fc.double({min: 0.01, max: 1e6, noNaN: true}),
  turnUs: fc.double({min: 1, max: 1e5, noNaN: true}),
  messageUs: fc.double({min: 0, max: 100, noNaN: true}),
  steadyUs: fc.double({min: 0, max: 9e5, noNaN: true}),
})

describe('turns of an event loop', () => {
  test('who comes rarely has a turn of his own', () => {
    const {perS, turnMs, busy} = turnsOf(loop(10, 100, 20))
    expect(perS).toBeCloseTo(10, 1)
    expect(turnMs).toBeCloseTo(0.12, 3)
    expect(busy).toBeCloseTo(0.0012, 5)
  })

  test('what comes during a turn waits for the next: 1,000 a second of 1 ms are 500 turns', () => {
    const {perS, busy} = turnsOf(loop(1000, 1000, 0))
    expect(perS).toBeCloseTo(500, 1)
    expect(busy).toBeCloseTo(0.5, 3)
  })

  test('no more turns than triggers, no more than a core', () => {
    fc.assert(fc.property(anyLoop, ({perS, turnUs, messageUs, steadyUs}) => {
      const turns = turnsOf(loop(perS, turnUs, messageUs, steadyUs))
      expect(turns.perS).toBeLessThanOrEqual(perS)
      expect(turns.busy).toBeLessThanOrEqual(1 + 1e-6)
      expect(turns.busy).toBeGreaterThanOrEqual(Math.min(1, steadyUs / 1e6) - 1e-9)
    }))
  })

  test('more that comes never makes it less busy', () => {
    fc.assert(fc.property(anyLoop, ({perS, turnUs, messageUs}) => {
      const less = turnsOf(loop(perS, turnUs, messageUs)).busy
      expect(turnsOf(loop(perS * 2, turnUs, messageUs)).busy).toBeGreaterThanOrEqual(less - 1e-6)
    }))
  })

  test('gathering saves turns, not messages', () => {
    const turnsMax = 1000 / GATHER_MS
    expect(fullness(loop(1e5, 1000, 4))).toBeCloseTo((turnsMax * 1000 + 1e5 * 4) / 8e5, 6)
    // What is 100 % busy by then is half full.
    expect(turnsOf(loop(1e5, 1000, 4)).busy).toBeGreaterThan(0.98)
  })
})
