import {describe, expect, test} from 'vitest'
import {Memory, type Kept} from '../../../../src/lib/node/nats/memory.js'
import {Neighbours} from '../../../../src/lib/node/nats/neighbours.js'
import {OutgoingMessages, type OutgoingParcel} from '../../../../src/lib/node/nats/outgoing.js'
import {epochOf, placeOf} from '../../../../src/lib/node/nats/places.js'
import {keyOfMessage, keyOfText, keyText, slotKey} from '../../../../src/lib/node/nats/subjects.js'
import {encodeControl} from '../../../../src/lib/protocol/control.js'
import {encodePayload} from '../../../../src/lib/protocol/payload.js'
import {isEpoch} from '../../../../src/lib/protocol/position.js'
import {
  decodeNews, decodeParcel, encodeNews, encodeParcel, sinceOfParcel, type News,
} from '../../../../src/lib/protocol/relay-codec.js'
import type {Target} from '../../../../src/lib/protocol/target.js'
import {parseRelay} from '../../../../src/lib/nats/relay-url.js'
import {nodeId} from '../../../../src/lib/util/brand.js'

const N1 = nodeId('n1')
const N2 = nodeId('n2')
const PAYLOAD = encodePayload('hello', ['x'])

function envelope(target: Target, payload = PAYLOAD) {
  return {origin: N1, counter: 1, callerId: undefined, target, payload}
}

describe('subjects', () => {
  test('what is for one slot goes there, what is for several to everyone', () => {
    const one = keyOfMessage(envelope({kind: 'user', ids: ['42']}), 1000)
    expect(one).toBe(slotKey('u', '42', 1000))
    expect(keyOfMessage(envelope({kind: 'filter', pairs: [['user', '42']]}), 1000)).toBe(one)
    expect(keyOfMessage(envelope({kind: 'user', ids: ['42', '43']}), 1000)).toBe(0)
    expect(keyOfMessage(envelope({kind: 'user', ids: ['42', '43']}), 1)).toBe(slotKey('u', '42', 1))
    const kick = encodeControl({op: 'kick'})
    expect(keyOfMessage(envelope({kind: 'user', ids: ['42']}, kick), 1000)).toBe(0)
  })

  test('keys have texts of their own', () => {
    for (const key of [0, 1, 2, 3, 4, 3 * 65_536]) expect(keyOfText(keyText(key))).toBe(key)
    for (const text of ['', 'b.n1', 'u.', 'u.x', 'x.1', 'u.1.5']) {
      expect(keyOfText(text), text).toBeUndefined()
    }
  })
})

describe('what nodes say to each other', () => {
  const all: readonly News[] = [
    {type: 'beat', from: N1, version: 7},
    {type: 'needs', from: N1, version: 8, isWhole: true, added: [1, 70_000], removed: [2]},
    {type: 'ask', from: N1},
    {type: 'bye', from: N1},
    {type: 'report', from: N1, reports: [
      {seq: 5, at: 3, connections: [1, 0]}, {seq: 6, at: 6, connections: []},
    ]},
    {type: 'recount', from: N1, seq: 9},
  ]

  test.each(all)('$type comes back, and no part of it is taken for it', (news) => {
    const bytes = encodeNews(news)
    expect(decodeNews(bytes)).toEqual({ok: true, value: news})
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeNews(bytes.subarray(0, length)).ok).toBe(false)
    }
  })

  test('a parcel comes back, and no part of it is taken for it', () => {
    const bytes = encodeParcel({since: 7, envelopes: [envelope({kind: 'everyone'})]})
    expect(decodeParcel(bytes)).toMatchObject({
      ok: true, value: {since: 7, envelopes: [{origin: N1, counter: 1}]},
    })
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeParcel(bytes.subarray(0, length)).ok).toBe(false)
    }
  })
})

test('an incarnation of a stream is an epoch of its own', () => {
  const first = epochOf('2026-11-23T14:38:43.214101595Z')
  expect(isEpoch(first)).toBe(true)
  expect(epochOf('2026-11-23T14:38:43.214101596Z')).not.toBe(first)
  expect(isEpoch(epochOf('2026-11-23T14:38:43Z'))).toBe(true)
  expect(isEpoch(epochOf('nonsense'))).toBe(true)
})

function kept(key: number, seq: number, atMs = 0): Kept {
  const message = envelope({kind: 'everyone'})
  const delivery = {...placeOf(seq, 0), envelope: message, repeatOf: undefined}
  return {key, seq, deliveries: [delivery], connections: [1], bytes: 100, atMs}
}

describe('what a node remembers', () => {
  test('all of some subjects after a place, in order, and from where it is whole', () => {
    const memory = new Memory({ms: 1000, bytes: 10_000})
    memory.begin(1, 10)
    memory.begin(2, 12)
    for (const [key, seq] of [[1, 11], [2, 13], [1, 14], [3, 15]] as const) memory.add(kept(key, seq))
    const seqs = memory.after([1, 2], placeOf(11, 0)).map(({seq}) => seq)
    expect(seqs).toEqual([placeOf(13, 0).seq, placeOf(14, 0).seq])
    expect(memory.covers(1, placeOf(11, 0))).toBe(true)
    expect(memory.covers(2, placeOf(11, 0))).toBe(false)
    memory.extend(2, 10, [kept(2, 12), kept(2, 13)])
    expect(memory.covers(2, placeOf(11, 0))).toBe(true)
    expect(memory.after([2], placeOf(10, 0))).toHaveLength(2)
  })

  test('what is too old or too much goes, and is not said to be there', () => {
    const memory = new Memory({ms: 1000, bytes: 250})
    memory.begin(1, 0)
    for (let seq = 1; seq <= 4; seq += 1) memory.add(kept(1, seq, seq * 100))
    memory.trim(500)
    expect(memory.size).toBe(2)
    expect(memory.covers(1, placeOf(2, 0))).toBe(false)
    expect(memory.covers(1, placeOf(3, 0))).toBe(true)
    memory.trim(5000)
    expect(memory).toMatchObject({size: 0, bytes: 0})
  })
})

test('a neighbour whose needs are not known is asked, and one that is silent is gone', () => {
  const clock = {nowMs: 0}
  const asked: string[] = []
  const gone: string[] = []
  const neighbours = new Neighbours({
    ask: (node) => asked.push(node), onGone: (node) => gone.push(node), now: () => clock.nowMs,
  })
  neighbours.beat(N2, 3)
  expect(asked).toEqual([N2])
  const needs = {type: 'needs', from: N2, removed: []} as const
  neighbours.needs({...needs, version: 3, isWhole: true, added: [5]})
  neighbours.needs({...needs, version: 4, isWhole: false, added: [6]})
  expect([...neighbours.needing(6)]).toEqual([N2])
  neighbours.needs({...needs, version: 6, isWhole: false, added: [7]})
  expect(asked).toEqual([N2, N2])
  neighbours.needs({...needs, version: 6, isWhole: true, added: [5, 7]})
  expect(neighbours.areKnown).toBe(true)
  neighbours.startAfresh()
  expect(neighbours.areKnown).toBe(false)
  expect([...neighbours.needing(7)]).toEqual([N2])
  clock.nowMs = 2999
  neighbours.sweep()
  expect(gone).toEqual([])
  clock.nowMs = 3001
  neighbours.sweep()
  expect(gone).toEqual([N2])
  expect([...neighbours.needing(5)]).toEqual([])
})

function bench() {
  const sent: OutgoingParcel[] = []
  const sinces: (number | undefined)[] = []
  const clock: {nowMs: number; place: number; troubledAfter?: number} = {nowMs: 0, place: 7}
  const refused: string[] = []
  const outgoing = new OutgoingMessages({
    self: N1, slots: 1000, now: () => clock.nowMs, term: () => undefined,
    config: {outboxMessages: 5, outboxBytes: 1_000_000, receiptMs: 10_000},
    canSend: () => true, payloadBytesMax: () => 100_000,
    place: () => clock.place, troubledAfter: () => clock.troubledAfter,
    send: (parcel, bytes) => {
      sent.push({...parcel, messages: [...parcel.messages]})
      sinces.push(sinceOfParcel(bytes))
    },
    accepted: () => {}, late: () => {}, refused: (_ticket, reason) => void refused.push(reason),
  })
  let ticket = 0
  const publish = (user: string, callerId?: string): void => {
    ticket += 1
    const target: Target = {kind: 'user', ids: [user]}
    outgoing.accept({type: 'publish', ticket, callerId, target, payload: PAYLOAD})
  }
  const counters = () => sent.splice(0).map(({messages}) =>
    messages.map(({envelope: {counter}}) => counter))
  return {outgoing, publish, sent, sinces, counters, clock, refused}
}

describe('what a node sends', () => {
  test('of each subject one parcel a round; what follows another subject waits', () => {
    const {outgoing, publish, sent, counters} = bench()
    for (const user of ['1', '1', '2', '1']) publish(user)
    outgoing.flush()
    const [first, second] = sent
    expect(counters()).toEqual([[1, 2], [3]])
    outgoing.stored(first?.number ?? 0)
    expect(counters()).toEqual([])
    outgoing.stored(second?.number ?? 0)
    expect(counters()).toEqual([[4]])
  })

  test('a message of its own id stands alone', () => {
    const {outgoing, publish, counters} = bench()
    publish('1')
    publish('1', 'mine')
    outgoing.flush()
    expect(counters()).toEqual([[1]])
  })

  test('after a refusal the first goes alone, and then the others', () => {
    const {outgoing, publish, sent, counters, clock} = bench()
    for (const user of ['1', '2', '3']) publish(user)
    outgoing.flush()
    const numbers = sent.map(({number}) => number)
    counters()
    for (const number of numbers) outgoing.failed(number)
    clock.nowMs = 250
    outgoing.flush()
    expect(counters()).toEqual([[1]])
    outgoing.stored(numbers[0] ?? 0)
    expect(counters()).toEqual([[2], [3]])
  })

  test('what is sent again says where it may stand already', () => {
    const {outgoing, publish, sinces, clock} = bench()
    publish('1')
    outgoing.flush()
    clock.place = 9
    clock.nowMs = 1100
    outgoing.flush()
    expect(sinces).toEqual([undefined, 7])
    outgoing.begin(20_000)
    clock.nowMs = 5000
    outgoing.flush()
    expect(sinces.at(-1)).toBe(10_000)
  })

  test('one of its own id may have been sent by another node, when there was trouble', () => {
    const {outgoing, publish, sinces, clock} = bench()
    clock.troubledAfter = 4
    publish('1', 'mine')
    publish('2')
    outgoing.flush()
    expect(sinces).toEqual([4, undefined])
  })

  test('more than the outbox may hold is refused', () => {
    const {publish, refused} = bench()
    for (let n = 0; n < 7; n += 1) publish('1')
    expect(refused).toEqual(['outbox-full', 'outbox-full'])
  })
})

test.each([
  ['nats://a', {servers: ['a:4222'], isTls: false}],
  ['tls://a:1,b:2/', {servers: ['a:1', 'b:2'], isTls: true}],
  ['nats://u:p%40:@[::1]:4222', {servers: ['[::1]:4222'], user: 'u', password: 'p@:'}],
  ['nats://tok@a', {token: 'tok'}],
  ['nats://a,nats://b', {servers: ['a:4222', 'b:4222']}],
])('--relay %s', (text, place) => {
  expect(parseRelay(text)).toMatchObject(place)
})

test.each(['', 'redis://a', 'nats://', 'nats://a:0', 'nats://a:99999', 'nats://a b', 'nats://u:se@cret@'])(
  '--relay %j is refused, and its password is not repeated', (text) => {
    expect(() => parseRelay(text)).toThrow(/--relay/)
    expect(() => parseRelay(text)).not.toThrow(/cret/)
  },
)
