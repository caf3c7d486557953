/** The shapes of docs/API.md as JSON Schema. Tests hold what the node answers against them. */
import {LIMITS} from '../../protocol/limits.js'

export type Schema = Readonly<Record<string, unknown>>

export function ref(name: string): Schema {
  return {$ref: `#/components/schemas/${name}`}
}

const text = {type: 'string'}
const count = {type: 'integer', minimum: 0}
const id = {type: ['string', 'integer'], description: '42 and "42" are the same'}
const ids = {oneOf: [id, {type: 'array', items: id, minItems: 1, maxItems: LIMITS.targetIds}]}

function orNull(type: string): Schema {
  return {type: [type, 'null']}
}

function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return {type: 'object', properties, required, additionalProperties: false}
}

function only(name: string, schema: Schema): Schema {
  return object({[name]: schema})
}

const failure = object({status: {type: 'integer'}, message: text, messageId: text}, ['messageId'])

const messageId = {
  type: 'string', minLength: 1, maxLength: LIMITS.callerIdBytes,
  description: 'Sent again under the same id, a message is delivered once',
}

const receipt = {
  id: {type: 'string', description: 'The id of the message in the mesh'},
  position: {
    ...orNull('string'), description: 'Its place in the order; null where it is too long ago',
  },
  connections: {...count, description: 'Connections that it was queued to'},
  nodes: count,
  byNode: {type: 'array', items: object({node: text, connections: count})},
  missing: {type: 'array', items: text, description: 'Nodes that did not say, after 2 s'},
  earlier: {const: true, description: 'Delivered before, so long ago that nobody knows to whom'},
}

const guestTotals = {
  connections: count,
  byNode: {type: 'object', additionalProperties: count},
  since: {type: 'number', description: 'Milliseconds since 1970'},
  ageMs: count,
  queueBytes: count,
}

const tab = object({
  connection: text, node: text, session: orNull('string'), since: {type: 'number'}, ageMs: count,
  queueBytes: count, language: orNull('string'), userAgent: orNull('string'),
})

const number = orNull('number')

const node = object({
  id: text,
  order: {...number, description: 'Place in the pool'},
  role: {
    enum: ['joining', 'follower', 'master', 'member', 'seeking', 'isolated', 'drained', 'unknown'],
  },
  state: {enum: ['up', 'draining', 'isolated', 'stale', 'unreachable']},
  nodeUrl: text, clientUrl: orNull('string'), clients: number, users: number, inPerS: number,
  outPerS: number, rttMs: number, uptimeS: number, rssBytes: number, pid: number,
  version: orNull('string'), why: orNull('string'),
})

const warnings = {type: 'array', items: text}

export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Target: {
    description: 'Exactly one of these; a list means "any of them"',
    oneOf: [
      only('user', ids), only('group', ids), only('session', ids),
      only('filter', {
        type: 'object', additionalProperties: {type: ['string', 'integer', 'boolean']},
        minProperties: 1, maxProperties: LIMITS.filterPairs,
      }),
      only('registered', {const: true}), only('everyone', {const: true}),
    ],
  },
  Message: object({
    action: {type: 'string', minLength: 1, maxLength: LIMITS.actionBytes},
    details: {description: 'Any JSON; what is no list is the one detail'},
    target: ref('Target'),
    messageId,
    traceparent: {type: 'string', description: 'The trace it is part of (W3C Trace Context)'},
    tracestate: {type: 'string'},
  }, ['details', 'messageId', 'traceparent', 'tracestate']),
  Batch: object({
    mode: {enum: ['all', 'each'], default: 'all'},
    messages: {
      type: 'array', items: ref('Message'), minItems: 1, maxItems: LIMITS.batchMessages,
    },
  }, ['mode']),
  Kick: object({
    target: ref('Target'),
    reason: {type: 'string', description: 'Comes to the client behind "kicked: "'},
    messageId,
  }, ['reason', 'messageId']),
  Receipt: object(receipt, ['earlier']),
  Accepted: object({id: text}),
  Failure: object({error: failure}),
  BatchResult: object({
    error: failure,
    published: count,
    failed: count,
    results: {type: 'array', description: 'In the order of the messages', items: {oneOf: [
      object({status: {const: 200}, ...receipt}, ['earlier']),
      object({status: {const: 202}, id: text}),
      object({status: {type: 'integer', minimum: 400}, error: failure}),
    ]}},
  }, ['error']),
  Who: object({
    users: {type: 'array', items: object({
      user: {...orNull('string'), description: 'null: all guests together'},
      ...guestTotals,
      sessions: {type: 'array', items: text}, groups: {type: 'array', items: text},
      tabs: {type: 'array', items: tab},
    }, ['tabs'])},
    connections: count,
    unproved: {...count, description: 'Connections that have not said who they are'},
    truncated: {type: 'boolean'},
    complete: {type: 'boolean', description: 'false: a node that may be alive did not answer'},
    nodes: {type: 'array', items: object({
      id: text, state: {enum: ['up', 'stale', 'unreachable']}, connections: number,
      why: orNull('string'),
    })},
    warnings,
  }),
  Nodes: object({
    relay: {enum: ['nats', 'master', null], description: 'What brings messages to all nodes'},
    master: orNull('string'), term: count, nodes: {type: 'array', items: node}, warnings,
  }),
}
