import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {Log, commonPlace} from '../../../src/lib/mesh/log.js'
import type {Envelope} from '../../../src/lib/protocol/envelope.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const DETAILS = new TextEncoder().encode('["x"]')

function envelope(origin: string, counter: number): Envelope {
  return {
    origin: nodeId(origin),
    counter,
    callerId: undefined,
    target: {kind: 'everyone'},
    payload: {action: 'a', shape: 'list', details: DETAILS},
  }
}

/** A log with one entry for each term given, in order. */
function logOf(terms: readonly number[], epoch = 'e'): Log {
  const log = new Log()
  log.reset(epoch)
  for (const [index, term] of terms.entries()) {
    log.append({term, seq: index + 1, envelope: envelope('o', index + 1)}, index)
  }
  return log
}

describe('Log', () => {
  test('keeps entries without gaps and finds them by seq', () => {
    const log = logOf([1, 1, 2])
    expect(log.last).toMatchObject({term: 2, seq: 3})
    expect(log.slice(1, 3).map((slot) => slot.seq)).toEqual([2, 3])
    expect(log.at(4)).toBeUndefined()
    expect(log.placeAt(0)).toEqual({term: 0, seq: 0})
  })

  test('refuses a gap and a falling term', () => {
    const log = logOf([2])
    expect(() => log.append({term: 2, seq: 3, envelope: undefined}, 0)).toThrow('no gaps')
    expect(() => log.append({term: 1, seq: 2, envelope: undefined}, 0)).toThrow('terms rise')
  })

  test('truncation puts the last counter of each origin back', () => {
    const log = new Log()
    log.reset('e')
    const entries = [envelope('a', 1), envelope('b', 7), envelope('a', 2), envelope('c', 1)]
    for (const [index, message] of entries.entries()) {
      log.append({term: 1, seq: index + 1, envelope: message}, 0)
    }
    log.truncateTo({term: 1, seq: 2})
    expect(log.lastCounter(nodeId('a'))).toBe(1)
    expect(log.lastCounter(nodeId('b'))).toBe(7)
    expect(log.lastCounter(nodeId('c'))).toBeUndefined()
  })

  test('pruning keeps what is newer than the window or not stable', () => {
    const log = logOf([1, 1, 1, 1])
    log.prune(3, 1000, Infinity)
    expect(log.after).toEqual({term: 1, seq: 3})
    expect(log.length).toBe(1)
    log.prune(4, 0, Infinity)
    expect(log.length).toBe(1)
    log.prune(4, 0, 0)
    expect(log.length).toBe(0)
    expect(log.bytes).toBe(0)
    expect(log.last).toEqual({term: 1, seq: 4})
    log.append({term: 2, seq: 5, envelope: undefined}, 0)
    expect(log.chain().ends).toEqual([{term: 1, seq: 4}, {term: 2, seq: 5}])
  })

  test('where terms ended is known from the beginning of the window on', () => {
    const log = logOf([1, 1, 2, 3, 3, 4])
    log.prune(4, 1000, Infinity)
    expect(log.chain()).toEqual({
      epoch: 'e', after: {term: 3, seq: 4}, ends: [{term: 3, seq: 5}, {term: 4, seq: 6}],
    })
    log.prune(6, 1000, Infinity)
    expect(log.chain().ends).toEqual([{term: 4, seq: 6}])
  })

  test('a log that starts from the snapshot of another goes on as that one did', () => {
    const source = logOf([1, 1, 2, 2, 3])
    source.prune(3, 1000, Infinity)
    const copy = new Log()
    copy.reset('e', source.snapshot())
    for (const slot of source.slice(3, 5)) copy.append(slot, 0)
    expect(copy.chain()).toEqual(source.chain())
    expect(copy.lastCounter(nodeId('o'))).toBe(5)
  })

  test('bytes is the sum of what is held, whatever was pruned and truncated', () => {
    const step = fc.oneof(
      fc.constant('append' as const), fc.constant('prune' as const), fc.constant('cut' as const),
    )
    fc.assert(fc.property(fc.array(step, {maxLength: 60}), (steps) => {
      const log = logOf([1])
      for (const kind of steps) {
        const {seq} = log.last
        if (kind === 'append') log.append({term: 1, seq: seq + 1, envelope: envelope('o', seq)}, 0)
        else if (kind === 'prune') log.prune(log.after.seq + 1, Infinity, 0)
        else if (log.length > 0) {
          const place = log.placeAt(seq - 1)
          if (place) log.truncateTo(place)
        }
      }
      const slots = log.slice(log.after.seq, log.last.seq)
      expect(log.bytes).toBe(slots.reduce((sum, slot) => sum + slot.bytes, 0))
      expect(slots.length).toBe(log.length)
    }))
  })
})

describe('commonPlace', () => {
  test.each([
    ['equal logs share their last place', [1, 1, 2], [1, 1, 2], {term: 2, seq: 3}],
    ['the shorter of two in one term', [1, 1, 1], [1, 1], {term: 1, seq: 2}],
    ['parted in the middle of a term', [1, 1, 1, 1], [1, 1, 2], {term: 1, seq: 2}],
    ['parted twice', [1, 1, 3], [1, 1, 2, 4], {term: 1, seq: 2}],
    ['an empty log shares the beginning', [1], [], {term: 0, seq: 0}],
  ])('%s', (_, mine, theirs, expected) => {
    expect(commonPlace(logOf(mine).chain(), logOf(theirs).chain())).toEqual(expected)
  })

  test('logs of two epochs share nothing', () => {
    expect(commonPlace(logOf([1], 'a').chain(), logOf([1], 'b').chain())).toBeUndefined()
  })

  test('a common place that one of them pruned is none', () => {
    const pruned = logOf([1, 1, 1])
    pruned.prune(2, 1000, Infinity)
    expect(commonPlace(pruned.chain(), logOf([1]).chain())).toBeUndefined()
    expect(commonPlace(pruned.chain(), logOf([1, 1]).chain())).toEqual({term: 1, seq: 2})
  })

  test('is the longest common prefix of any two logs that masters could have written', () => {
    // Each term has one master, who starts from a prefix of some earlier log.
    const history = fc.array(
      fc.record({from: fc.nat(20), keep: fc.nat(20), write: fc.integer({min: 1, max: 5})}),
      {minLength: 1, maxLength: 8},
    )
    fc.assert(fc.property(history, fc.nat(20), fc.nat(20), (terms, pickA, pickB) => {
      const logs: number[][] = [[]]
      for (const [index, {from, keep, write}] of terms.entries()) {
        const base = logs[from % logs.length] ?? []
        const prefix = base.slice(0, keep % (base.length + 1))
        logs.push([...prefix, ...Array.from({length: write}, () => index + 1)])
      }
      const a = logs[pickA % logs.length] ?? []
      const b = logs[pickB % logs.length] ?? []
      let shared = 0
      while (shared < a.length && shared < b.length && a[shared] === b[shared]) shared++
      const expected = shared === 0 ? {term: 0, seq: 0} : {term: a[shared - 1], seq: shared}
      expect(commonPlace(logOf(a).chain(), logOf(b).chain())).toEqual(expected)
    }))
  })
})
