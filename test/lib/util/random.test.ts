import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {randomInteger, seededRandom} from '../../../src/lib/util/random.js'

function sequence(seed: number, length: number): number[] {
  const random = seededRandom(seed)
  return Array.from({length}, () => random.next())
}

describe('seededRandom', () => {
  it('gives the same sequence for the same seed, on every machine', () => {
    expect(sequence(42, 3)).toEqual([0.6011037519201636, 0.44829055899754167, 0.8524657934904099])
    expect(sequence(42, 100)).toEqual(sequence(42, 100))
  })

  it('gives another sequence for another seed', () => {
    expect(sequence(1, 5)).not.toEqual(sequence(2, 5))
  })

  it('gives numbers from 0 to below 1, spread evenly', () => {
    const buckets = Array.from({length: 10}, () => 0)
    for (const value of sequence(7, 10_000)) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThan(1)
      const index = Math.floor(value * 10)
      buckets[index] = (buckets[index] ?? 0) + 1
    }
    for (const count of buckets) expect(count).toBeGreaterThan(850)
  })
})

describe('randomInteger', () => {
  it('is in its bounds, both included', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({min: -50, max: 50}), fc.nat(20), (seed, min, span) => {
        const value = randomInteger(seededRandom(seed), min, min + span)
        expect(Number.isInteger(value)).toBe(true)
        expect(value).toBeGreaterThanOrEqual(min)
        expect(value).toBeLessThanOrEqual(min + span)
      }),
    )
    const random = seededRandom(1)
    const seen = new Set(Array.from({length: 200}, () => randomInteger(random, 1, 3)))
    expect([...seen].toSorted((a, b) => a - b)).toEqual([1, 2, 3])
  })
})
