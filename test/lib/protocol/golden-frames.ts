import type {Envelope} from '../../../src/lib/protocol/envelope.js'
import type {NodeFrame} from '../../../src/lib/protocol/node-frame.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import {nodeId} from '../../../src/lib/util/brand.js'

/**
 * One frame of each type, as small as shows every field: the examples of docs/PROTOCOL.md and what
 * the test of the protocol's version hashes.
 */

const A = nodeId('a')
const B = nodeId('b')
const addressOfB = {id: B, url: 'ws://b/mesh'}
const place = (term: number, seq: number) => ({term, seq})

/** Message a-7, by its caller's id x1: hello ["Hi"] for user 42. */
const hello: Envelope = {
  origin: A,
  counter: 7,
  callerId: 'x1',
  target: {kind: 'user', ids: ['42']},
  payload: encodePayload('hello', ['Hi']),
}

/** Message a-300: hi, without details, for those whose language is en. */
const filtered: Envelope = {
  origin: A,
  counter: 300,
  callerId: undefined,
  target: {kind: 'filter', pairs: [['language', 'en']]},
  payload: encodePayload('hi', undefined),
}

const chain = {epoch: 'e1', after: place(3, 4), ends: [place(3, 5), place(4, 300)]}
const snapshot = {
  after: place(4, 9),
  ends: [place(4, 9)],
  origins: [{origin: A, counter: 6}],
  callers: [{id: 'x0', place: place(3, 5)}],
}

export const GOLDEN_FRAMES: {
  readonly [Type in NodeFrame['type']]: Extract<NodeFrame, {type: Type}>
} = {
  follow: {type: 'follow', term: 5, chain},
  welcome: {
    type: 'welcome',
    term: 5,
    epoch: 'e1',
    keep: place(4, 9),
    snapshot,
    last: place(5, 12),
    view: [addressOfB],
  },
  refuse: {type: 'refuse', term: 5, reason: 'not-master', master: addressOfB},
  publish: {type: 'publish', term: 5, first: 7, envelopes: [hello]},
  ack: {type: 'ack', term: 5, held: 12, delivered: 11, countsAfter: 9, connections: [2, 0]},
  resend: {type: 'resend', term: 5, after: 9},
  leave: {type: 'leave', term: 5},
  relay: {
    type: 'relay',
    term: 5,
    after: place(4, 9),
    entries: [
      {term: 5, seq: 10, envelope: undefined},
      {term: 5, seq: 11, envelope: filtered},
    ],
    commit: 9,
    stable: 8,
  },
  stable: {
    type: 'stable',
    term: 5,
    messages: [
      {counter: 7, place: place(5, 11), byNode: [{node: B, connections: 2}], missing: [A]},
      {counter: 6, place: undefined, byNode: [], missing: []},
    ],
  },
  handover: {type: 'handover', term: 5},
  ask: {type: 'ask', term: 5, epoch: 'e1', master: B},
  answer: {type: 'answer', term: 5, yes: true},
  promise: {type: 'promise', term: 6, epoch: 'e1', url: 'ws://a/mesh'},
  promised: {type: 'promised', term: 6, chain, committed: 12},
  fetch: {type: 'fetch', term: 6, chain: {epoch: '', after: place(0, 0), ends: []}},
  suffix: {
    type: 'suffix',
    term: 6,
    keep: place(4, 9),
    snapshot: undefined,
    after: place(4, 9),
    entries: [{term: 4, seq: 10, envelope: hello}],
    done: true,
  },
}
