import {expect, test} from 'vitest'
import {Failovers} from '../../../src/lib/simulation/failovers.js'

/** A mesh that works under its first master. */
function working(): Failovers {
  const failovers = new Failovers()
  failovers.mastered('e.1', 100)
  failovers.delivered('e.1', 9000)
  return failovers
}

test('the first master is no change', () => {
  expect(working().summary()).toMatchObject({count: 0, toMasterMs: null, byCause: {}})
})

test('a master that a fault hits is lost at that moment', () => {
  const failovers = working()
  failovers.faultBegan('kill-master', 10_000, true)
  failovers.mastered('e.2', 10_040)
  failovers.delivered('e.2', 10_055)
  failovers.delivered('e.2', 10_900)
  expect(failovers.summary()).toMatchObject({
    count: 1, toMasterMs: {count: 1, max: 40}, toDeliveryMs: {count: 1, max: 55},
    byCause: {kill: {count: 1, toMasterMs: {max: 40}}},
  })
})

test('a master that is cut off is lost with its last delivery', () => {
  const failovers = working()
  failovers.faultBegan('partition', 10_000, false)
  failovers.delivered('e.1', 10_300)
  failovers.mastered('e.2', 11_300)
  failovers.delivered('e.2', 11_400)
  expect(failovers.summary().byCause['partition']).toMatchObject({
    toMasterMs: {max: 1000}, toDeliveryMs: {max: 1100},
  })
})

test('a master that lived through its fault is lost by the next one', () => {
  const failovers = working()
  failovers.faultBegan('stall', 10_000, true)
  failovers.delivered('e.1', 11_500)
  failovers.faultBegan('power-loss', 20_000, true)
  failovers.mastered('e.2', 21_000)
  expect(Object.keys(failovers.summary().byCause)).toEqual(['power-loss'])
})

test('leading the same term again is no change', () => {
  const failovers = working()
  failovers.mastered('e.1', 12_000)
  expect(failovers.changes).toBe(0)
})

test('a change with nothing broken has no cause, and no time', () => {
  const failovers = working()
  failovers.faultBegan('kill', 10_000, false)
  failovers.mastered('e.2', 90_000)
  expect(failovers.summary()).toMatchObject({
    count: 1, toMasterMs: null, byCause: {none: {count: 1, toMasterMs: null}},
  })
})
