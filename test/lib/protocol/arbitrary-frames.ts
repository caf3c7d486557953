import * as fc from 'fast-check'
import type {DetailsShape, Envelope, Payload} from '../../../src/lib/protocol/envelope.js'
import type {
  Chain,
  LogEntry,
  NodeAddress,
  NodeFrame,
  Snapshot,
} from '../../../src/lib/protocol/node-frame.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import type {Place} from '../../../src/lib/protocol/position.js'
import type {Target} from '../../../src/lib/protocol/target.js'
import type {TraceContext} from '../../../src/lib/protocol/trace-context.js'
import {nodeId, type NodeId} from '../../../src/lib/util/brand.js'

/** Arbitrary values of everything that node-codec.ts writes, limits and their edges included. */

export const numbers = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 32, 2 ** 49, Number.MAX_SAFE_INTEGER),
)

/** Text of at most 255 bytes: 63 characters of at most 4. */
export const shortTexts = fc.oneof(
  fc.string({unit: 'binary', maxLength: 63}),
  fc.string({unit: 'grapheme-ascii', maxLength: 255}),
  fc.constantFrom('', '\uFEFFbom', '\u0000', 'é'.repeat(127), '😀'.repeat(63)),
)

/** Text of 1 to 64 bytes. */
export const callerIds = fc.oneof(
  fc.string({unit: 'binary', minLength: 1, maxLength: 16}),
  fc.constantFrom('x'.repeat(64), '😀'.repeat(16)),
)

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'.split('')

export const nodeIds: fc.Arbitrary<NodeId> = fc
  .tuple(
    fc.constantFrom(...ALPHABET),
    fc.string({unit: fc.constantFrom(...ALPHABET, '-'), maxLength: 31}),
  )
  .map(([first, rest]) => nodeId(first + rest))

export const epochs = fc.string({unit: fc.constantFrom(...ALPHABET), minLength: 1, maxLength: 16})

export const places: fc.Arbitrary<Place> = fc.record({term: numbers, seq: numbers})

const addresses: fc.Arbitrary<NodeAddress> = fc.record({id: nodeIds, url: shortTexts})

const ids = fc.array(shortTexts, {maxLength: 5})

export const targets: fc.Arbitrary<Target> = fc.oneof(
  fc.record({kind: fc.constantFrom('user', 'group', 'session'), ids}),
  fc.record({
    kind: fc.constant('filter' as const),
    pairs: fc.array(fc.tuple(shortTexts, shortTexts), {maxLength: 16}),
  }),
  fc.constant({kind: 'registered' as const}),
  fc.constant({kind: 'everyone' as const}),
)

const actions = shortTexts.filter((text) => text !== '')

const traces: fc.Arbitrary<TraceContext> = fc.oneof(
  fc.record({
    traceparent: fc.stringMatching(/^00-[0-9a-f]{31}1-[0-9a-f]{15}1-[0-9a-f]{2}$/),
    tracestate: fc.constantFrom('a=1', 'rojo=00f067aa0ba902b7,t@s=x y', `k=${'v'.repeat(256)}`),
  }),
  fc.constant({traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'}),
)

const untracedPayloads = fc.oneof(
  fc.tuple(actions, fc.jsonValue({maxDepth: 4})).map(([a, details]) => encodePayload(a, details)),
  fc.record({
    action: actions,
    shape: fc.constantFrom<DetailsShape>('list', 'single'),
    details: fc.uint8Array({minLength: 1, maxLength: 300}),
  }),
)

export const payloads: fc.Arbitrary<Payload> = fc.oneof(
  untracedPayloads,
  fc.tuple(untracedPayloads, traces).map(([payload, trace]) => ({...payload, trace})),
)

export const envelopes: fc.Arbitrary<Envelope> = fc.record({
  origin: nodeIds,
  counter: numbers,
  callerId: fc.option(callerIds, {nil: undefined}),
  target: targets,
  payload: payloads,
})

const ends = fc.array(places, {maxLength: 5})

const chains: fc.Arbitrary<Chain> = fc.record({
  epoch: fc.oneof(epochs, fc.constant('')),
  after: places,
  ends,
})

const snapshots: fc.Arbitrary<Snapshot | undefined> = fc.option(
  fc.record({
    after: places,
    ends,
    origins: fc.array(fc.record({origin: nodeIds, counter: numbers}), {maxLength: 5}),
    callers: fc.array(fc.record({id: callerIds, place: places}), {maxLength: 5}),
  }),
  {nil: undefined},
)

/** A place and entries that follow on it. */
const runs: fc.Arbitrary<{after: Place; entries: LogEntry[]}> = fc
  .tuple(
    fc.record({term: fc.maxSafeNat(), seq: fc.nat(2 ** 40)}),
    fc.array(fc.tuple(fc.nat(3), fc.option(envelopes, {nil: undefined})), {maxLength: 5}),
  )
  .map(([start, steps]) => {
    const after = {term: Math.floor(start.term / 2), seq: start.seq}
    let {term, seq} = after
    const entries = steps.map(([rise, envelope]): LogEntry => {
      term += rise
      seq += 1
      return {term, seq, envelope}
    })
    return {after, entries}
  })

const stabilities = fc.record({
  counter: numbers,
  place: fc.option(places, {nil: undefined}),
  byNode: fc.array(fc.record({node: nodeIds, connections: numbers}), {maxLength: 4}),
  missing: fc.array(nodeIds, {maxLength: 3}),
})

const term = numbers

/** One arbitrary for each type: a type that is missing here does not compile. */
export const framesOf: {
  readonly [Type in NodeFrame['type']]: fc.Arbitrary<Extract<NodeFrame, {type: Type}>>
} = {
  follow: fc.record({type: fc.constant('follow'), term, chain: chains}),
  welcome: fc.record({
    type: fc.constant('welcome'),
    term,
    epoch: epochs,
    keep: places,
    snapshot: snapshots,
    last: places,
    view: fc.array(addresses, {maxLength: 5}),
  }),
  refuse: fc.record({
    type: fc.constant('refuse'),
    term,
    reason: fc.constantFrom('not-master', 'term-too-low', 'promised-other', 'draining', 'busy'),
    master: fc.option(addresses, {nil: undefined}),
  }),
  publish: fc.record({
    type: fc.constant('publish'),
    term,
    first: numbers,
    envelopes: fc.array(envelopes, {maxLength: 5}),
  }),
  ack: fc.record({
    type: fc.constant('ack'),
    term,
    held: numbers,
    delivered: numbers,
    countsAfter: numbers,
    connections: fc.array(numbers, {maxLength: 10}),
  }),
  resend: fc.record({type: fc.constant('resend'), term, after: numbers}),
  leave: fc.record({type: fc.constant('leave'), term}),
  relay: fc
    .record({
      type: fc.constant('relay' as const),
      term,
      run: runs,
      commit: numbers,
      stable: numbers,
    })
    .map(({run, ...frame}) => ({...frame, ...run})),
  stable: fc.record({
    type: fc.constant('stable'),
    term,
    messages: fc.array(stabilities, {maxLength: 5}),
  }),
  handover: fc.record({type: fc.constant('handover'), term}),
  ask: fc.record({type: fc.constant('ask'), term, epoch: epochs, master: nodeIds}),
  answer: fc.record({type: fc.constant('answer'), term, yes: fc.boolean()}),
  promise: fc.record({type: fc.constant('promise'), term, epoch: epochs, url: shortTexts}),
  promised: fc.record({type: fc.constant('promised'), term, chain: chains, committed: numbers}),
  fetch: fc.record({type: fc.constant('fetch'), term, chain: chains}),
  suffix: fc
    .record({
      type: fc.constant('suffix' as const),
      term,
      keep: places,
      snapshot: snapshots,
      run: runs,
      done: fc.boolean(),
    })
    .map(({run, ...frame}) => ({...frame, ...run})),
}

export const nodeFrames: fc.Arbitrary<NodeFrame> = fc.oneof(...Object.values(framesOf))

/** Bytes that were valid, then cut, lengthened or changed in a few places. */
export function mutated(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(
    fc.record({
      at: fc.nat(),
      to: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)),
      how: fc.constantFrom('set', 'insert', 'remove', 'cut'),
    }),
    {minLength: 1, maxLength: 4},
  )
  return fc.tuple(valid, changes).map(([bytes, list]) => {
    const changed = [...bytes]
    for (const {at, to, how} of list) {
      const index = at % (changed.length + 1)
      if (how === 'set') changed[Math.min(index, changed.length)] = to
      else if (how === 'insert') changed.splice(index, 0, to)
      else if (how === 'remove') changed.splice(index, 1)
      else changed.length = index
    }
    return Uint8Array.from(changed)
  })
}
