import {expect, test} from 'vitest'
import {drawLongPlan} from '../../../src/lib/simulation/long-plan.js'

const HOUR_MS = 3_600_000
const options = {seed: 7, durationMs: 24 * HOUR_MS, faultsPerHour: 6, faults: []}

test('faults come at the rate that is asked for, all kinds, in order of time', () => {
  const plan = drawLongPlan(options)
  // One in four brings another.
  expect(plan.length / (24 * 6 * (4 / 3))).toBeGreaterThan(0.8)
  expect(plan.length / (24 * 6 * (4 / 3))).toBeLessThan(1.25)
  expect(new Set(plan.map(({kind}) => kind)).size).toBeGreaterThan(20)
  expect(plan.map(({atMs}) => atMs)).toEqual(plan.map(({atMs}) => atMs).toSorted((a, b) => a - b))
  expect(drawLongPlan(options)).toEqual(plan)
  expect(drawLongPlan({...options, seed: 8})).not.toEqual(plan)
})

test('a kind alone limits what comes at random', () => {
  const plan = drawLongPlan({
    ...options, faults: [{kind: 'kill', atMs: undefined, forMs: 500}],
  })
  expect(plan.length).toBeGreaterThan(100)
  expect(plan.every(({kind, durationMs}) => kind === 'kill' && durationMs === 500)).toBe(true)
})

test('faults with a time come then, and nothing else does', () => {
  const plan = drawLongPlan({
    ...options,
    faults: [
      {kind: 'pause-master', atMs: 2 * HOUR_MS, forMs: undefined},
      {kind: 'store-outage', atMs: HOUR_MS, forMs: 600_000},
    ],
  })
  expect(plan).toMatchObject([
    {kind: 'store-outage', atMs: HOUR_MS, durationMs: 600_000},
    {kind: 'pause-master', atMs: 2 * HOUR_MS},
  ])
})

test('no faults per hour: none', () => {
  expect(drawLongPlan({...options, faultsPerHour: 0})).toEqual([])
})
