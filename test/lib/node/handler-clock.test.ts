import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {HandlerClock} from '../../../src/lib/node/handler-clock.js'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

/** Handlers by name; those whose time is over say so. */
function clockOf(timeoutMs: number): {
  began: (name: string) => () => boolean
  readonly expired: string[]
} {
  const clock = new HandlerClock(timeoutMs)
  const expired: string[] = []
  const began = (name: string): (() => boolean) => {
    const running = clock.began(() => expired.push(name))
    return () => clock.ended(running)
  }
  return {began, expired}
}

test('the time of each is over by itself, oldest first', () => {
  const {began, expired} = clockOf(1000)
  began('first')
  vi.advanceTimersByTime(400)
  began('second')
  vi.advanceTimersByTime(599)
  expect(expired).toEqual([])
  vi.advanceTimersByTime(1)
  expect(expired).toEqual(['first'])
  vi.advanceTimersByTime(400)
  expect(expired).toEqual(['first', 'second'])
})

test.each([
  [['a'], ['b', 'c']], [['b'], ['a', 'c']], [['c'], ['a', 'b']], [['c', 'a'], ['b']],
  [['b', 'c'], ['a']], [['a', 'b', 'c'], []],
])('%j end in time, %j do not', (inTime, late) => {
  const {began, expired} = clockOf(1000)
  const ends = new Map(['a', 'b', 'c'].map((name) => [name, began(name)]))
  for (const name of inTime) expect(ends.get(name)?.()).toBe(true)
  vi.advanceTimersByTime(1000)
  expect(expired).toEqual(late)
  for (const name of late) expect(ends.get(name)?.()).toBe(false)
  for (const name of inTime) expect(ends.get(name)?.()).toBe(false)
})

test('after all have ended the next has all its time', () => {
  const {began, expired} = clockOf(1000)
  began('first')()
  vi.advanceTimersByTime(900)
  began('second')
  vi.advanceTimersByTime(999)
  expect(expired).toEqual([])
  vi.advanceTimersByTime(1)
  expect(expired).toEqual(['second'])
})

test('one that ends while others expire is not told', () => {
  const clock = new HandlerClock(1000)
  const told: string[] = []
  const other = (): boolean => clock.ended(second)
  clock.began(() => {
    told.push('first')
    other()
  })
  const second = clock.began(() => told.push('second'))
  vi.advanceTimersByTime(1000)
  expect(told).toEqual(['first'])
})
