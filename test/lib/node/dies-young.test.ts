/**
 * What lives for one message must not reach the old generation: to collect it there costs several
 * times what the message does. Counted in bytes that V8 promoted, which no slow machine changes.
 */
import {GCProfiler} from 'node:v8'
import {expect, test} from 'vitest'
import type {Payload} from '../../../src/lib/protocol/envelope.js'
import {Counters} from '../../../src/lib/node/counters.js'
import {HandlerClock} from '../../../src/lib/node/handler-clock.js'
import {Publisher} from '../../../src/lib/node/publisher.js'
import {collectGarbage} from '../../../src/lib/siege/measure/collect-garbage.js'

const MESSAGES = 60_000
/** At the same time: few, so that even the smallest young generation collects none of them twice. */
const UNDER_WAY = 32
const OLD_FROM = 1000
/** What a message holds while it is under way, and what it leaves at once. */
const HELD = Array.from({length: 64}, () => 0)
const GARBAGE = Array.from({length: 512}, () => 0)
/** With a Map or a Set in their place it was 750 and 930, with lists at most 65. */
const PROMOTED_MAX = 300

/** What somebody who waits for a message knows. */
function held(number: number): readonly number[] {
  return [number, ...HELD]
}

/** Bytes a message that outlived two collections. `one` begins a message and says how it ends. */
async function promotedBy(one: (number: number) => () => void): Promise<number> {
  const profiler = new GCProfiler()
  let garbage: number[] = []
  const ends: (() => void)[] = Array.from({length: UNDER_WAY}, () => () => undefined)
  for (let number = 1; number <= MESSAGES; number += 1) {
    // All that is there moves to the old generation: as it does in a busy node now and then.
    if (number === OLD_FROM) {
      collectGarbage()
      profiler.start()
    }
    const at = number % UNDER_WAY
    garbage = GARBAGE.slice()
    ends[at]?.()
    ends[at] = one(number)
    if (at === 0) await Promise.resolve()
  }
  const messages = MESSAGES - OLD_FROM
  let bytes = 0
  for (const {gcType, beforeGC, afterGC} of profiler.stop().statistics) {
    if (gcType === 'Scavenge') bytes += oldBytes(afterGC) - oldBytes(beforeGC)
  }
  expect(garbage).toHaveLength(GARBAGE.length)
  return bytes / messages
}

type Heap = ReturnType<GCProfiler['stop']>['statistics'][number]['afterGC']

function oldBytes({heapSpaceStatistics}: Heap): number {
  return heapSpaceStatistics.find(({spaceName}) => spaceName === 'old_space')?.spaceUsedSize ?? 0
}

test('a publisher that was answered', async () => {
  const publisher = new Publisher(() => undefined, new Counters())
  const payload: Payload = {action: 'hello', shape: 'list', details: Buffer.from('["x"]')}
  const bytes = await promotedBy((ticket) => {
    const waits = held(ticket)
    publisher.publishThen(() => waits[0], {kind: 'user', ids: ['u']}, payload)
    publisher.accepted(ticket, `n-${ticket}`)
    const receipt = {
      type: 'stable', position: undefined, byNode: [], missing: [], isEarlier: false,
    } as const
    return () => publisher.receipt(ticket, receipt)
  })
  expect(publisher.waiting).toBe(UNDER_WAY)
  expect(bytes).toBeLessThan(PROMOTED_MAX)
})

test('a handler that has ended', async () => {
  const clock = new HandlerClock(60_000)
  let inTime = 0
  const bytes = await promotedBy((number) => {
    const waits = held(number)
    const handler = clock.began(() => expect.fail(`expired: ${waits[0]}`))
    return () => {
      if (clock.ended(handler)) inTime += 1
    }
  })
  expect(inTime).toBe(MESSAGES - UNDER_WAY)
  expect(bytes).toBeLessThan(PROMOTED_MAX)
})
