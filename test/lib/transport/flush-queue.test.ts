import {describe, expect, test} from 'vitest'
import {FlushQueue} from '../../../src/lib/transport/flush-queue.js'
import {eventually} from '../../helpers/eventually.js'

/** A clock that each write moves on. */
function setUp(msAWrite: number) {
  let nowMs = 0
  const written: string[] = []
  const queue = new FlushQueue(() => nowMs)
  const connection = (name: string) => ({
    flush: () => {
      nowMs += msAWrite
      written.push(name)
    },
  })
  const crowd = (count: number, name = 'bulk') =>
    Array.from({length: count}, (_, at) => connection(`${name}${at}`))
  return {queue, written, connection, crowd}
}

describe('who is written to next', () => {
  test('a few are all written to at once, and again in the next turn', async () => {
    const {queue, written, crowd} = setUp(0.001)
    for (const one of crowd(100)) queue.add(one, true)
    queue.flush()
    expect(written).toHaveLength(100)
    queue.add(crowd(1)[0] ?? expect.unreachable(), true)
    await eventually(() => written.length === 101)
  })

  test('a crowd is written to in slices, in its order, until all are', async () => {
    const {queue, written, crowd} = setUp(0.1)
    const all = crowd(20_000)
    for (const one of all) queue.add(one, true)
    const done: number[] = []
    queue.flush(() => done.push(written.length))
    expect(written).toHaveLength(8)
    queue.add(crowd(1, 'later')[0] ?? expect.unreachable(), true)
    queue.flush(() => done.push(written.length))
    // The turns that follow do the rest: not whoever asks again.
    expect(written).toHaveLength(8)
    await eventually(() => done.length === 2)
    expect(written).toEqual([...all.map((_, at) => `bulk${at}`), 'later0'])
    // It is told at the end of a slice, not in the middle of one.
    expect(done[0]).toBeGreaterThanOrEqual(20_000)
    expect(done[1]).toBe(20_001)
    queue.flush(() => done.push(-1))
    expect(done[2]).toBe(-1)
  })

  test('who is not of the crowd can be written to alone', () => {
    const {queue, written, crowd, connection} = setUp(0.001)
    for (const one of crowd(3)) queue.add(one, true)
    queue.add(connection('alone'), false)
    queue.flushPrompt()
    expect(written).toEqual(['alone'])
    queue.flush()
    expect(written).toEqual(['alone', 'bulk0', 'bulk1', 'bulk2'])
  })

  test('who is not of the crowd goes ahead of it', () => {
    const {queue, written, crowd, connection} = setUp(1)
    for (const one of crowd(100)) queue.add(one, true)
    queue.flush()
    const before = written.length
    queue.add(connection('alone'), false)
    queue.flush()
    expect(before).toBeLessThan(100)
    expect(written.slice(before)).toEqual(['alone'])
  })

  test('what comes while a crowd is served is served as well', async () => {
    const {queue, written, crowd} = setUp(0.2)
    for (let round = 0; round < 5; round += 1) {
      for (const one of crowd(3000, `${round}-`)) queue.add(one, true)
      queue.flush()
    }
    await eventually(() => written.length >= 15_000)
    expect(new Set(written).size).toBe(15_000)
    expect(written).toHaveLength(15_000)
  })
})
