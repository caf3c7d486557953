import {afterEach, expect, test} from 'vitest'
import {rehearse} from '../../../src/lib/siege/attack/rehearsal.js'
import {PreciseTimer} from '../../../src/lib/siege/attack/precise-timer.js'
import {
  arrivedUs, messageEnds, readBegins, turnBegins, unreadUs, workEnds,
} from '../../../src/lib/siege/measure/arrival.js'
import {nowUs} from '../../../src/lib/siege/measure/clock.js'
import {eventually} from '../../helpers/eventually.js'
import {attackJob} from './fixture-job.js'

afterEach(messageEnds)

/** Until the clock shows something else. */
function pass(): void {
  for (const since = nowUs(); nowUs() <= since;);
}

test('what is read in one turn of the event loop was there when the turn began', async () => {
  readBegins(true)
  const first = arrivedUs()
  pass()
  messageEnds()
  readBegins(true)
  expect(arrivedUs()).toBe(first)
  await new Promise((resolve) => setImmediate(resolve))
  readBegins(true)
  expect(arrivedUs()).toBeGreaterThan(first)
})

test('of a second message in one read, and of the rest of one, the clock tells', () => {
  readBegins(true)
  const first = arrivedUs()
  messageEnds()
  pass()
  expect(arrivedUs()).toBeGreaterThan(first)
  readBegins(false)
  expect(arrivedUs()).toBeGreaterThan(first)
})

test('what came while the siege worked may have lain unread for so long', async () => {
  turnBegins()
  const fromUs = nowUs()
  for (let round = 0; round < 100; round += 1) pass()
  const workedUs = nowUs() - fromUs
  await new Promise((resolve) => setImmediate(resolve))
  readBegins(true)
  expect(unreadUs()).toBeGreaterThanOrEqual(workedUs)
  const firstUs = unreadUs()
  messageEnds()
  pass()
  // To the second in one read, the time since the system was asked last is added.
  expect(unreadUs()).toBeGreaterThan(firstUs)
})

test('what came while it slept did not wait', async () => {
  turnBegins()
  workEnds()
  const fromUs = nowUs()
  const {idleTime} = performance.nodeTiming
  await eventually(() => performance.nodeTiming.idleTime > idleTime)
  readBegins(true)
  expect(unreadUs()).toBeLessThan(nowUs() - fromUs)
})

test('the timer wakes when something is due, near or far, and not before', async () => {
  for (const afterUs of [0, 50, 5000]) {
    const dueUs = nowUs() + afterUs
    const wokenUs = await new Promise<number>((resolve) => {
      const timer = new PreciseTimer(() => {
        timer.close()
        resolve(nowUs())
      })
      timer.wakeAt(dueUs)
    })
    expect(wokenUs).toBeGreaterThanOrEqual(dueUs)
  }
})

test('a rehearsal sends what a siege sends, once in a process', async () => {
  // So many and so long that frames come in parts, and more than the echo would take whole.
  const job = attackJob({
    detailsBytes: 100_000,
    stretches: [{name: 'load', durationS: 1, fromPerS: 20_000, toPerS: 20_000}],
  })
  expect(await rehearse(attackJob({}))).toBe('not needed')
  const rehearsed = await rehearse(job)
  expect(rehearsed).toMatchObject({wrong: 0, delivered: expect.toSatisfy((n) => n > 0)})
  expect(await rehearse(job)).toBe('done before')
})
