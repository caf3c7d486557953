import {describe, expect, test} from 'vitest'
import {defaultMeshConfig} from '../../../src/lib/mesh/config.js'
import {inspect} from '../../../src/lib/mesh/inspect.js'
import {initialState, type MeshState} from '../../../src/lib/mesh/state.js'
import type {Envelope} from '../../../src/lib/protocol/envelope.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import {nodeId} from '../../../src/lib/util/brand.js'

function envelope(origin: string, counter: number): Envelope {
  const payload = encodePayload('hello', [counter])
  const target = {kind: 'everyone'} as const
  return {origin: nodeId(origin), counter, callerId: undefined, target, payload}
}

/** A node `a` whose log holds a-1 b-1 a-2 b-2 a-3, of which the first is pruned, and a-4 waits. */
function state(): MeshState {
  const self = {id: nodeId('a'), url: '', clientUrl: '', version: '', pid: 1}
  const made = initialState({self, config: defaultMeshConfig, random: {next: () => 0}, now: 0})
  made.log.reset('e')
  const entries = [['a', 1], ['b', 1], ['a', 2], ['b', 2], ['a', 3]] as const
  for (const [index, [origin, counter]] of entries.entries()) {
    made.log.append({term: 1, seq: index + 1, envelope: envelope(origin, counter)}, 100 * index)
  }
  made.log.append({term: 2, seq: 6, envelope: undefined}, 500)
  made.log.prune(1, Infinity, Infinity)
  made.queued = 3
  made.committed = 4
  for (const counter of [3, 4]) {
    const waiting = envelope('a', counter)
    made.outbox.add({envelope: waiting, bytes: 9, acceptedAt: 777, ticket: undefined, isEarlier: false})
  }
  const slot = made.log.at(3)
  if (slot) slot.connections = 12
  return made
}

function lastOfA(limit: number): number[] {
  const {found} = inspect(state(), {type: 'last', isWanted: ({origin}) => origin === 'a', limit})
  return found.map(({envelope: {counter}}) => counter)
}

describe('inspect', () => {
  test.each([
    ['b-1', {state: 'delivered', place: {term: 1, seq: 2}, at: 100}],
    ['a-2', {state: 'delivered', place: {term: 1, seq: 3}, at: 200, connections: 12}],
    ['b-2', {state: 'committed', place: {term: 1, seq: 4}, at: 300, connections: undefined}],
    ['a-3', {state: 'held', place: {term: 1, seq: 5}, at: 400}],
    ['a-4', {state: 'waiting', place: undefined, at: 777, connections: undefined}],
  ])('finds %s and how far it is', (id, expected) => {
    const {found, absent} = inspect(state(), {type: 'id', id})
    expect(found).toMatchObject([expected])
    expect(absent).toBeUndefined()
  })

  test.each([
    ['a-1', 'expired'],
    ['a-5', 'unknown'],
    ['b-3', 'unknown'],
    ['c-1', 'unknown'],
    ['a-0', 'unknown'],
    ['a', 'unknown'],
    ['', 'unknown'],
    ['a-99999999999999999999', 'unknown'],
  ])('says of %j that it is %s', (id, absent) => {
    expect(inspect(state(), {type: 'id', id})).toMatchObject({found: [], absent})
  })

  test('says of an origin that has been quiet for long that its last is expired', () => {
    const made = state()
    made.log.prune(4, Infinity, Infinity)
    expect(inspect(made, {type: 'id', id: 'b-2'})).toMatchObject({found: [], absent: 'expired'})
    expect(inspect(made, {type: 'id', id: 'b-3'})).toMatchObject({found: [], absent: 'unknown'})
  })

  test('finds the last that are wanted, newest first', () => {
    expect(lastOfA(10)).toEqual([4, 3, 2])
    expect(lastOfA(2)).toEqual([4, 3])
  })

  test('says what the history holds, and changes nothing', () => {
    const made = state()
    const before = JSON.stringify([...made.outbox.values()])
    expect(inspect(made, {type: 'last', isWanted: () => true, limit: 99})).toMatchObject({
      epoch: 'e', after: {term: 1, seq: 1}, delivered: {term: 1, seq: 3},
    })
    expect(JSON.stringify([...made.outbox.values()])).toBe(before)
    expect([made.log.length, made.queued, made.effects]).toEqual([5, 3, []])
  })
})
