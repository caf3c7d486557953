/** What a node decides about the place of a client: the same for real ones and simulated ones. */
import {describe, expect, test} from 'vitest'
import {
  answeredPosition, hasLostPlace, isBehind, isPositionDue, missedBy, positionMs, takesClients,
  type History,
} from '../../../src/lib/mesh/coming-back.js'
import type {Delivery} from '../../../src/lib/mesh/effect.js'
import type {Recovery} from '../../../src/lib/mesh/recovery.js'
import {KICK} from '../../../src/lib/protocol/control.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import type {Target} from '../../../src/lib/protocol/target.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const ANNA = {user: 'anna', groups: ['staff'], session: 's1', properties: {}}
const RESUME = {epoch: 'e', term: 1, seq: 1}

function entry(seq: number, target?: Target, repeatOf?: number): Delivery {
  const payload = encodePayload('n', [seq])
  const envelope = target && {
    origin: nodeId('o'), counter: seq, callerId: undefined, target, payload,
  }
  return {term: 1, seq, envelope, repeatOf: repeatOf ? {term: 1, seq: repeatOf} : undefined}
}

function history(recovery: Recovery): History {
  return {position: {epoch: 'e', term: 1, seq: 9}, recover: () => recovery}
}

function recovered(...entries: readonly Delivery[]): History {
  return history({type: 'recovered', after: RESUME, entries})
}

describe('missedBy', () => {
  test('has what the identity is meant by, once, in order', () => {
    const missed = missedBy(
      recovered(
        entry(2, {kind: 'user', ids: ['anna']}),
        entry(3, {kind: 'user', ids: ['ben']}),
        entry(4, {kind: 'group', ids: ['staff']}),
        entry(5, {kind: 'user', ids: ['anna']}, 2),
        entry(6, {kind: 'session', ids: ['s1']}),
        entry(7),
        entry(8, {kind: 'user', ids: ['ben']}),
      ),
      ANNA, RESUME,
    )
    expect(missed?.messages.map(({seq}) => seq)).toEqual([2, 4, 6])
    expect(missed?.lastSeq).toBe(6)
  })

  test('leaves the client where it was when nothing was for it', () => {
    const missed = missedBy(recovered(entry(2, {kind: 'user', ids: ['ben']})), ANNA, RESUME)
    expect(missed).toEqual({messages: [], lastSeq: 1})
  })

  test('has nothing of what nodes were told about clients', () => {
    const kick = {action: KICK, shape: 'none', details: new Uint8Array(0)} as const
    const order = entry(2, {kind: 'user', ids: ['anna']})
    const {envelope} = order
    const told: Delivery = {...order, envelope: envelope && {...envelope, payload: kick}}
    const missed = missedBy(recovered(told, entry(3, {kind: 'user', ids: ['anna']})), ANNA, RESUME)
    expect(missed?.messages.map(({seq}) => seq)).toEqual([3])
  })

  test.each(['lost', 'ahead'] as const)('has nothing at all of what is %s', (type) => {
    expect(missedBy(history({type}), ANNA, RESUME)).toBeUndefined()
  })

  test('has nothing before the node is part of a mesh', () => {
    expect(missedBy(undefined, ANNA, RESUME)).toBeUndefined()
  })
})

test('only a node that may still catch up is waited for', () => {
  expect(isBehind(history({type: 'ahead'}), RESUME)).toBe(true)
  expect(isBehind(history({type: 'lost'}), RESUME)).toBe(false)
  expect(isBehind(recovered(), RESUME)).toBe(false)
  expect(isBehind(undefined, RESUME)).toBe(false)
})

test('a truncation costs those their place who were told of more, a reset all', () => {
  const after = {term: 1, seq: 5}
  expect(hasLostPlace(5, after, false)).toBe(false)
  expect(hasLostPlace(6, after, false)).toBe(true)
  expect(hasLostPlace(5, after, true)).toBe(true)
})

test('clients stay between masters, and nowhere else without one', () => {
  const states = ['joining', 'following', 'mastering', 'seeking', 'isolated', 'drained'] as const
  expect(states.filter(takesClients)).toEqual(['following', 'mastering', 'seeking'])
})

test('who is recovered is answered with its own position, others with where the stream begins', () => {
  const here = {epoch: 'e', term: 1, seq: 9}
  expect(answeredPosition(here, RESUME, true)).toEqual(RESUME)
  expect(answeredPosition(here, RESUME, false)).toEqual(here)
  expect(answeredPosition(here, undefined, false)).toEqual(here)
})

test('a position is due when it is news, and nothing was told for long', () => {
  const told = {toldSeq: 7, toldAtMs: 100}
  expect(isPositionDue(told, {epoch: 'e', term: 1, seq: 9}, 1100, 1000)).toBe(true)
  expect(isPositionDue(told, {epoch: 'e', term: 1, seq: 9}, 1099, 1000)).toBe(false)
  expect(isPositionDue(told, {epoch: 'e', term: 1, seq: 7}, 9999, 1000)).toBe(false)
})

test('a quiet client is told its position well within the window', () => {
  expect(positionMs(60_000)).toBe(20_000)
  expect(positionMs(3000)).toBe(1000)
  expect(positionMs(3_600_000)).toBe(20_000)
})
