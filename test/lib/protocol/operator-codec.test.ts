import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {ExplainResult} from '../../../src/lib/protocol/explain-frame.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {
  decodeOperatorReply,
  decodeOperatorRequest,
  encodeOperatorReply,
  encodeOperatorRequest,
  isOperatorAnswer,
} from '../../../src/lib/protocol/operator-codec.js'
import type {
  NodeStats,
  OperatorAnswer,
  OperatorEvent,
  OperatorRequest,
} from '../../../src/lib/protocol/operator-frame.js'
import type {TargetJson} from '../../../src/lib/protocol/target.js'
import {mutated, nodeIds, numbers} from './arbitrary-frames.js'
import {soaked} from './arbitrary-soak.js'

const texts = fc.string({unit: 'binary'})
const ids = fc.string({unit: 'binary', minLength: 1, maxLength: 60})
/** JSON as it comes back: -0 is 0 there. */
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)))

const targets: fc.Arbitrary<TargetJson> = fc.oneof(
  fc.record({user: fc.oneof(ids, fc.integer())}),
  fc.record({group: fc.array(fc.oneof(ids, fc.integer()), {minLength: 1, maxLength: 5})}),
  fc.record({filter: fc.dictionary(ids, fc.oneof(ids, fc.boolean()), {minKeys: 1, maxKeys: 16})}),
  fc.constant({everyone: true as const}),
)

const actions = ids

const requests: fc.Arbitrary<OperatorRequest> = fc.oneof(
  fc.record(
    {id: numbers, op: fc.constant('publish'), action: actions, details: json, target: targets},
    {requiredKeys: ['id', 'op', 'action', 'target']},
  ),
  fc.record(
    {
      id: numbers,
      op: fc.constant('kick'),
      target: targets.filter((target) => !('everyone' in target)),
      reason: fc.constantFrom('logged out', 'ümlaut', 'x'.repeat(100)),
    },
    {requiredKeys: ['id', 'op', 'target']},
  ),
  fc.record({
    id: numbers,
    op: fc.constant('refresh'),
    target: targets.filter((target) => !('everyone' in target)),
  }),
  fc.record({id: numbers, op: fc.constant('ping')}),
  fc.record({id: numbers, op: fc.constant('stats')}),
  fc.record(
    {id: numbers, op: fc.constant('soak'), holdersOf: fc.array(texts, {maxLength: 8})},
    {requiredKeys: ['id', 'op']},
  ),
  fc.record({
    id: numbers,
    op: fc.constant('tail'),
    filter: fc.record({action: texts, user: texts, origin: texts}, {requiredKeys: []}),
  }),
  fc.record(
    {
      id: numbers,
      op: fc.constant('who'),
      filter: fc.record({user: texts, group: texts, session: texts}, {requiredKeys: []}),
      limit: fc.integer({min: 1, max: LIMITS.whoUsers}),
      after: texts,
    },
    {requiredKeys: ['id', 'op', 'filter', 'limit']},
  ),
  ...(['message', 'user'] as const).map((needed) =>
    fc.record(
      {
        id: numbers,
        op: fc.constant('explain' as const),
        message: texts,
        user: texts,
        limit: fc.integer({min: 1, max: LIMITS.explainMessages}),
      },
      {requiredKeys: ['id', 'op', 'limit', needed]},
    ),
  ),
)

const role = fc.constantFrom<NodeStats['role'][]>(
  'joining',
  'follower',
  'master',
  'seeking',
  'isolated',
  'drained',
)
const nullableNode = fc.option(nodeIds)
const floats = fc.double({noNaN: true, noDefaultInfinity: true, min: 0})

const latency = fc.record({
  messages: numbers, p50Ms: floats, p90Ms: floats, p99Ms: floats, maxMs: floats,
})
const meter = fc.record({
  isDraining: fc.boolean(), cpuShare: floats, leaseAgeMs: floats,
  latency: fc.record({relay: latency, delivery: latency, receipt: latency}),
  links: fc.array(fc.record({
    node: nodeIds, rttMs: fc.option(floats), lagMessages: numbers, silentMs: floats,
    queueBytes: numbers,
  })),
  outboxLagMs: floats,
}, {requiredKeys: ['isDraining', 'cpuShare', 'leaseAgeMs', 'latency', 'links']})

const stats: fc.Arbitrary<NodeStats> = fc.record({
  node: nodeIds,
  version: texts,
  pid: numbers, apiUrl: texts,
  role,
  term: numbers,
  epoch: texts,
  master: nullableNode,
  position: texts,
  uptimeS: floats,
  rssBytes: numbers,
  heapBytes: numbers,
  loopDelayMs: floats,
  connections: numbers,
  users: numbers,
  guests: numbers,
  operators: numbers,
  links: numbers,
  timers: numbers,
  queueBytes: numbers,
  outboxMessages: numbers,
  historyMessages: numbers,
  historyBytes: numbers,
  view: fc.array(nodeIds),
  inPerS: floats,
  outPerS: floats,
  counters: fc.dictionary(texts, numbers),
  meter,
})

const guests = {connections: numbers, ageMs: numbers, queueBytes: numbers}
const tabs = fc.record({
  connection: texts,
  session: fc.option(texts),
  ageMs: numbers,
  queueBytes: numbers,
  language: fc.option(texts),
  userAgent: fc.option(texts),
})
const who = fc.record({
  users: fc.array(
    fc.record(
      {
        ...guests,
        user: texts,
        sessions: fc.array(texts),
        groups: fc.array(texts),
        isCut: fc.boolean(),
        tabs: fc.array(tabs),
      },
      {requiredKeys: ['user', 'sessions', 'groups', 'isCut', 'connections', 'ageMs', 'queueBytes']},
    ),
  ),
  next: fc.option(texts),
  matching: numbers,
  guests: fc.option(fc.record(guests)),
  unproved: numbers,
})

const span = fc.integer()
const finding = fc.record({
  connection: texts,
  user: fc.option(texts),
  session: fc.option(texts),
  outcome: fc.constantFrom('queued', 'recovered', 'too-slow', 'earlier', 'later', 'not-meant'),
  why: fc.option(texts),
  sinceMs: span,
  ended: fc.option(fc.record({code: numbers, reason: texts, afterMs: span})),
  queueBytes: numbers,
})
const explained: fc.Arbitrary<ExplainResult> = fc.record({
  messages: fc.array(
    fc.record({
      id: texts,
      origin: nodeIds,
      position: fc.option(texts),
      state: fc.constantFrom('waiting', 'held', 'committed', 'delivered'),
      ageMs: numbers,
      action: texts,
      bytes: numbers,
      target: targets,
      queued: fc.option(numbers),
      reached: numbers,
      connections: fc.array(finding),
      more: numbers,
    }),
  ),
  absent: fc.option(fc.constantFrom('expired', 'unknown')),
  after: texts,
  delivered: texts,
  forgottenMs: fc.option(numbers),
})

const results = fc.oneof(
  who,
  soaked,
  explained,
  fc.constant({pong: true as const}),
  fc.constant({tailing: true as const}),
  stats,
  fc.record({
    id: texts,
    position: fc.option(texts),
    connections: numbers,
    nodes: numbers,
    byNode: fc.array(fc.record({node: nodeIds, connections: numbers})),
    missing: fc.array(nodeIds),
  }),
)

const replies: fc.Arbitrary<OperatorAnswer | OperatorEvent> = fc.oneof(
  fc.record({id: numbers, ok: fc.constant(true as const), result: results}),
  fc.record({
    id: numbers,
    ok: fc.constant(false as const),
    error: fc.record(
      {status: numbers, message: texts, messageId: texts},
      {requiredKeys: ['status', 'message']},
    ),
  }),
  fc.record({
    event: fc.constant('message'),
    at: floats,
    position: texts,
    id: texts,
    origin: nodeIds,
    target: targets,
    action: actions,
    details: json,
  }),
  fc.record({event: fc.constant('master'), master: nullableNode, term: numbers}),
  fc.record({
    event: fc.constant('member'),
    change: fc.constantFrom('joined', 'left'),
    node: nodeIds,
  }),
  fc.record({event: fc.constant('dropped'), messages: numbers}),
)

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function publishOfDepth(depth: number): string {
  const details = `${'['.repeat(depth)}${']'.repeat(depth)}`
  return `{"id":1,"op":"publish","action":"a","target":{"user":1},"details":${details}}`
}

describe('requests of operators', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const text = encodeOperatorRequest(request)
        const value: unknown = JSON.parse(JSON.stringify(request))
        expect(decodeOperatorRequest(text)).toEqual({ok: true, value})
        expect(decodeOperatorRequest(bytesOf(text))).toEqual({ok: true, value})
      }),
    )
  })

  it.each([
    ['an unknown op', {id: 7, op: 'drop'}, 'op "drop": use publish, ping, stats, tail'],
    ['no op', {id: 7}, 'op is missing'],
    ['no action', {id: 7, op: 'publish', target: {user: 1}}, 'action is missing'],
    ['an empty action', {id: 7, op: 'publish', action: '', target: {user: 1}}, 'action is no act'],
    ['no target', {id: 7, op: 'publish', action: 'a'}, 'target is missing'],
    [
      'an unknown target',
      {id: 7, op: 'publish', action: 'a', target: {users: 1}},
      'target is refused: unknown target "users"',
    ],
    ['a slip of the pen', {id: 7, op: 'ping', tiemout: 1}, 'tiemout is unknown'],
    ['a tail without filter', {id: 7, op: 'tail'}, 'filter is missing'],
    ['a filter of a number', {id: 7, op: 'tail', filter: {user: 4}}, 'filter.user is 4, not text'],
    ['an unknown filter', {id: 7, op: 'tail', filter: {grep: 'x'}}, 'filter.grep is unknown'],
    ['no page size', {id: 7, op: 'who', filter: {}}, 'limit is missing'],
    ['a page of none', {id: 7, op: 'who', filter: {}, limit: 0}, 'limit is 0: 1 to 1000'],
    ['a page too big', {id: 7, op: 'who', filter: {}, limit: 1001}, 'limit is 1001: 1 to 1000'],
    ['nothing to explain', {id: 7, op: 'explain', limit: 1}, 'is missing message or user'],
    ['too much to explain', {id: 7, op: 'explain', user: '1', limit: 51}, 'limit is 51: 1 to 50'],
    ['no names', {id: 7, op: 'soak', holdersOf: 'Timeout'}, 'holdersOf is "Timeout", not a list'],
    [
      'too many names',
      {id: 7, op: 'soak', holdersOf: Array.from({length: 9}, String)},
      'holdersOf is 9 names: 8 are allowed',
    ],
    ['an unknown wish', {id: 7, op: 'who', filter: {name: 'x'}, limit: 1}, 'filter.name is unkn'],
  ])('with %s are answered with status 400', (_, request, reason) => {
    const read = decodeOperatorRequest(JSON.stringify(request))
    expect(read).toMatchObject({
      ok: false,
      violation: {close: 'badFrame'},
      answer: {id: 7, ok: false, error: {status: 400}},
    })
    if (!read.ok) expect(read.answer?.error.message).toContain(reason)
  })

  it.each([
    ['no JSON', 'publish', 'not JSON'],
    ['a list', '[1]', 'a request is an object'],
    ['no id', '{"op":"ping"}', 'id is'],
    ['text as id', '{"id":"7","op":"ping"}', 'id is "7", not a whole number'],
    ['an id below zero', '{"id":-1,"op":"ping"}', 'id is -1'],
  ])('with %s cannot be answered', (_, text, reason) => {
    const read = decodeOperatorRequest(text)
    expect(read).toMatchObject({ok: false, violation: {close: 'badFrame'}})
    if (read.ok) return
    expect(read.violation.reason).toContain(reason)
    expect(read.answer).toBeUndefined()
  })

  it('may hold details as deep as published ones may be, and no deeper', () => {
    expect(decodeOperatorRequest(publishOfDepth(LIMITS.jsonDepth)).ok).toBe(true)
    expect(decodeOperatorRequest(publishOfDepth(LIMITS.jsonDepth + 1)).ok).toBe(false)
  })

  it('over the limit are too big', () => {
    const read = decodeOperatorRequest(new Uint8Array(LIMITS.operatorFrameBytes + 1))
    expect(read).toMatchObject({ok: false, violation: {close: 'tooBig'}})
  })

  it('may be any bytes: the answer is a value or a violation', () => {
    const data = fc.oneof(
      fc.uint8Array(),
      fc.json(),
      mutated(requests.map((request) => bytesOf(encodeOperatorRequest(request)))),
    )
    fc.assert(
      fc.property(data, (bytes) => {
        const read = decodeOperatorRequest(bytes)
        if (!read.ok) expect(read.violation.reason).not.toBe('')
      }),
      {numRuns: 2000},
    )
  })
})

const receipt = {id: 'a-1', position: null, connections: 1, nodes: 1, byNode: [], missing: []}
const lying = {...receipt, byNode: [{node: 'a', connections: -1}]}

describe('answers and events', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(replies, (reply) => {
        const value: unknown = JSON.parse(JSON.stringify(reply))
        expect(decodeOperatorReply(encodeOperatorReply(reply))).toEqual({ok: true, value})
        expect(isOperatorAnswer(reply)).toBe('id' in reply && 'ok' in reply)
      }),
    )
  })

  it('may have fields that a later version added', () => {
    const read = decodeOperatorReply('{"id":1,"ok":true,"result":{"pong":true,"later":1}}')
    expect(read.ok).toBe(true)
  })

  it.each([
    ['neither result nor error', '{"id":1,"ok":true}', 'result is missing'],
    ['an unknown event', '{"event":"weather"}', 'the event is unknown'],
    ['a result of nothing known', '{"id":1,"ok":true,"result":{}}', 'result.node is missing'],
    [
      'a wrong count',
      JSON.stringify({id: 1, ok: true, result: lying}),
      'result.byNode[0].connections is -1, not a whole number',
    ],
    ['an error without text', '{"id":1,"ok":false,"error":{"status":400}}', 'message is missing'],
  ])('with %s are refused', (_, text, reason) => {
    const read = decodeOperatorReply(text)
    expect(read).toMatchObject({ok: false, violation: {close: 'badFrame'}})
    if (!read.ok) expect(read.violation.reason).toContain(reason)
  })

  it('may be any bytes: the answer is a value or a violation', () => {
    const data = fc.oneof(
      fc.uint8Array(),
      fc.json(),
      mutated(replies.map((reply) => bytesOf(encodeOperatorReply(reply)))),
    )
    fc.assert(
      fc.property(data, (bytes) => {
        const read = decodeOperatorReply(bytes)
        if (!read.ok) expect(read.violation.reason).not.toBe('')
      }),
      {numRuns: 2000},
    )
  })
})
