import fc from 'fast-check'
import {expect, test} from 'vitest'
import {Callers} from '../../../src/lib/mesh/callers.js'
import {Log} from '../../../src/lib/mesh/log.js'
import {encodeNodeFrame} from '../../../src/lib/protocol/node-codec.js'
import type {Place} from '../../../src/lib/protocol/position.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import type {Envelope} from '../../../src/lib/protocol/envelope.js'
import {nodeId, type NodeId} from '../../../src/lib/util/brand.js'

const BOUNDS = {count: 4, bytes: 1000}

function node(index: number): NodeId {
  return nodeId(`${index}`.padStart(32, 'n'))
}

function named(counter: number, callerId: string | undefined): Envelope {
  return {
    origin: nodeId('o'), counter, callerId, target: {kind: 'everyone'},
    payload: {action: 'a', shape: 'none', details: new Uint8Array(0)},
  }
}

/** Appends a message; answers of which one it is a repeat. */
function append(log: Log, seq: number, id: string | undefined): Place | undefined {
  return log.append({term: 1, seq, envelope: named(seq, id)}, seq).repeatOf
}

/** What the rule says, without any cleverness: the newest that fit the bounds are known. */
function knownAfter(ids: readonly string[], bounds = BOUNDS): Map<string, number> {
  let rows: {id: string; seq: number}[] = []
  for (const [index, id] of ids.entries()) {
    if (rows.some((row) => row.id === id)) continue
    rows = [...rows, {id, seq: index + 1}].slice(-bounds.count)
  }
  return new Map(rows.map(({id, seq}) => [id, seq]))
}

test('the newest ids are known, whatever was taken back, pruned or copied before', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
  const step = fc.oneof(
    {weight: 6, arbitrary: fc.record({type: fc.constant('add' as const), id})},
    fc.record({type: fc.constant('cut' as const), by: fc.integer({min: 1, max: 6})}),
    fc.record({type: fc.constant('prune' as const), by: fc.integer({min: 1, max: 6})}),
    fc.record({type: fc.constant('copy' as const)}),
  )
  fc.assert(fc.property(fc.array(step, {maxLength: 80}), (steps) => {
    let callers = new Callers([], BOUNDS)
    let ids: string[] = []
    let pruned = 0
    for (const next of steps) {
      if (next.type === 'add') {
        const expected = knownAfter(ids).get(next.id)
        ids.push(next.id)
        const place = callers.add(next.id, {term: 1, seq: ids.length})
        expect(place?.seq).toBe(expected)
      } else if (next.type === 'cut') {
        ids = ids.slice(0, Math.max(pruned, ids.length - next.by))
        callers.truncateTo(ids.length)
      } else if (next.type === 'prune') {
        pruned = Math.min(ids.length, pruned + next.by)
        callers.forgetBefore(pruned)
      } else {
        // A snapshot of the window's start, and the entries since: what a node that joins gets.
        callers = new Callers(callers.knownAfter(pruned), BOUNDS)
        for (const [index, later] of ids.entries()) {
          if (index >= pruned) callers.add(later, {term: 1, seq: index + 1})
        }
      }
      const known = callers.knownAfter(ids.length).map((row) => [row.id, row.place.seq])
      expect(known).toEqual([...knownAfter(ids)])
    }
  }), {numRuns: 1000})
})

test('what was forgotten is let go of', () => {
  const callers = new Callers([], {count: 100, bytes: 1e6})
  for (let seq = 1; seq <= 50_000; seq += 1) {
    callers.add(`id-${seq}`, {term: 1, seq})
    callers.forgetBefore(seq)
  }
  expect(callers.size).toBeLessThan(2000)
  expect(callers.add('id-49901', {term: 1, seq: 50_001})).toEqual({term: 1, seq: 49_901})
  expect(callers.add('id-49900', {term: 1, seq: 50_002})).toBeUndefined()
})

test('all that is known fits a node frame, with everything that may stand beside it', () => {
  const callers = new Callers()
  const term = Number.MAX_SAFE_INTEGER
  for (let index = 0; index < LIMITS.callers; index += 1) {
    const id = `${index}`.padStart(LIMITS.callerIdBytes, '-')
    callers.add(id, {term, seq: Number.MAX_SAFE_INTEGER - LIMITS.callers + index})
  }
  const frame = encodeNodeFrame({
    type: 'welcome', term, epoch: 'e', keep: {term, seq: 1}, last: {term, seq: 1},
    snapshot: {
      after: {term, seq: 1},
      ends: Array.from({length: 128}, () => ({term, seq: term})),
      origins: Array.from({length: 10_000}, (_, index) => ({origin: node(index), counter: term})),
      callers: callers.knownAfter(Number.MAX_SAFE_INTEGER),
    },
    view: Array.from({length: LIMITS.viewNodes}, (_, index) => ({
      id: node(index), url: 'u'.repeat(LIMITS.urlBytes),
    })),
  })
  expect(frame.length).toBeLessThan(LIMITS.nodeFrameBytes)
  const short = new Callers()
  for (let index = 0; index < LIMITS.callers; index += 1) {
    short.add(`${index}`.padStart(45, '-'), {term: 1, seq: index + 1})
  }
  expect(short.knownAfter(LIMITS.callers)).toHaveLength(LIMITS.callers)
})

test('a log marks a repeat, and one that was cut and goes on decides the same', () => {
  const log = new Log()
  log.reset('e')
  expect(append(log, 1, 'x')).toBeUndefined()
  expect(append(log, 2, undefined)).toBeUndefined()
  expect(append(log, 3, 'x')).toEqual({term: 1, seq: 1})
  log.truncateTo({term: 1, seq: 2})
  expect(append(log, 3, 'x')).toEqual({term: 1, seq: 1})
  log.prune(2, Infinity, 0)
  expect(append(log, 4, 'x')).toEqual({term: 1, seq: 1})
  const copy = new Log()
  copy.reset('e', log.snapshot())
  for (const slot of log.slice(log.after.seq, log.last.seq)) copy.append(slot, 0)
  expect(append(copy, 5, 'x')).toEqual({term: 1, seq: 1})
  log.truncateTo({term: 1, seq: 2})
  copy.reset('e2')
  expect(append(copy, 1, 'x')).toBeUndefined()
})
