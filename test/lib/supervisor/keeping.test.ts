import {expect, test} from 'vitest'

import {afterEnding, STATUS_RESTART, type Ending} from '../../../src/lib/supervisor/keeping.js'

function ending(change: Partial<Ending>): Ending {
  return {status: 1, livedMs: 1000, wasReady: true, isStopping: false, crashes: 0, ...change}
}

test('a node that crashed is started again at once, and ever later while it goes on so', () => {
  const pauses: number[] = []
  let crashes = 0
  for (;;) {
    const next = afterEnding(ending({crashes, status: null}))
    if (next.type !== 'again') break
    pauses.push(next.pauseMs)
    crashes = next.crashes
  }
  expect(pauses).toEqual([0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000])
})

test('after a long life it is as if it had never crashed', () => {
  expect(afterEnding(ending({crashes: 9, livedMs: 60_000})))
    .toEqual({type: 'again', pauseMs: 0, crashes: 1})
})

test.each([
  [{status: 0}, 'done'],
  [{status: 143, isStopping: true}, 'done'],
  [{status: null, isStopping: true}, 'done'],
  [{status: 2, wasReady: false}, 'give-up'],
  [{status: 2, wasReady: false, crashes: 1}, 'again'],
  [{status: STATUS_RESTART, wasReady: false}, 'again'],
])('%j: %s', (change, type) => {
  expect(afterEnding(ending(change)).type).toBe(type)
})
