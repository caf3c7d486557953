import {expect, test} from 'vitest'
import {GapWatch} from '../../../src/lib/drill/watch.js'

function newWatch() {
  const clock = {nowMs: 0}
  const watch = new GapWatch(() => clock.nowMs)
  return {watch, at: (ms: number) => (clock.nowMs = ms)}
}

test('first: the latest node counts, and only what was sent after the fault', () => {
  const {watch, at} = newWatch()
  watch.delivered('1', 0)
  watch.delivered('2', 0)
  at(100)
  watch.strike([])
  at(110)
  watch.delivered('1', 99)
  at(150)
  watch.delivered('1', 120)
  at(400)
  watch.delivered('2', 120)
  expect(watch.stop()).toMatchObject({firstMs: 300, gapMs: 300})
})

test('a node to which nothing came has no first, and its silence goes on to the end', () => {
  const {watch, at} = newWatch()
  watch.delivered('1', 0)
  watch.delivered('2', 0)
  watch.strike([])
  at(900)
  watch.delivered('1', 800)
  expect(watch.stop()).toMatchObject({firstMs: undefined, gapMs: 900})
})

test('the latency of a calm is that before the fault', () => {
  const {watch, at} = newWatch()
  at(7)
  watch.delivered('1', 0)
  watch.strike([])
  at(500)
  watch.delivered('1', 8)
  expect(watch.stop().calmMs).toBe(7)
})

test('victims, and nodes whose clients have left, are not measured', () => {
  const {watch, at} = newWatch()
  for (const node of ['1', '2', '3']) watch.delivered(node, 0)
  watch.strike(['3'])
  at(10)
  watch.delivered('1', 5)
  watch.forget('2')
  at(15)
  watch.delivered('2', 12)
  at(20)
  expect(watch.stop()).toMatchObject({firstMs: 10, gapMs: 10})
})
