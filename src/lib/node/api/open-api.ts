/** The API as OpenAPI 3.1. Tests compare it with the routes and with what they answer. */
import {LIMITS} from '../../protocol/limits.js'
import {ref, SCHEMAS, type Schema} from './open-api-schemas.js'

/** What each refusal means, wherever it comes from. */
const REFUSALS = {
  400: 'The request is wrong, and says how',
  401: 'No API key, or one that does not hold',
  403: 'The key is not allowed this, or a browser asks',
  404: 'No node has this name',
  405: 'Another method',
  413: `The body has more than ${LIMITS.operatorFrameBytes} bytes`,
  415: 'The body is not JSON in UTF-8 as it is',
  429: 'More a second than the key is allowed',
  501: 'The node was started without a view of the others',
  503: 'The node cannot take it at the moment; none of it was sent',
  504: 'No receipt within 10 s: the message is on its way, and sent again under its id is no other',
} as const

type Refusal = keyof typeof REFUSALS

/** What comes with them. */
const HEADERS: Readonly<Record<number, string>> = {
  401: 'WWW-Authenticate', 405: 'Allow', 429: 'Retry-After', 503: 'Retry-After',
}

const OF_ALL: readonly Refusal[] = [400, 401, 403, 405, 429]
const OF_BODIES: readonly Refusal[] = [413, 415, 503]

const wait = {
  name: 'wait', in: 'query',
  description: '"accepted": do not wait until all nodes have it',
  schema: {enum: ['receipt', 'accepted'], default: 'receipt'},
}

const idempotencyKey = {
  name: 'Idempotency-Key', in: 'header',
  description: "The messageId of the message; of a batch, of those that have none, with '.0' …",
  schema: {type: 'string', minLength: 1, maxLength: LIMITS.callerIdBytes},
}

const trace = ['traceparent', 'tracestate'].map((name) => ({
  name, in: 'header',
  description: 'Of messages that have none of their own; W3C Trace Context',
  schema: {type: 'string'},
}))

const publish = {
  operationId: 'publish',
  summary: 'Publish a message',
  parameters: [wait, idempotencyKey, ...trace],
  requestBody: body('Message'),
  responses: {
    200: answer('Queued to its connections on all nodes', 'Receipt'),
    202: answer('In the outbox of this node, which goes on sending it', 'Accepted'),
    ...refusals([...OF_ALL, ...OF_BODIES, 504]),
  },
}

const publishBatch = {
  operationId: 'publishBatch',
  summary: `Publish up to ${LIMITS.batchMessages} messages, in their order`,
  parameters: [wait, idempotencyKey, ...trace],
  requestBody: body('Batch'),
  responses: {
    200: answer('All were', 'BatchResult'),
    202: answer('All are in the outbox of this node', 'BatchResult'),
    207: answer('Each has a status of its own', 'BatchResult'),
    ...refusals([...OF_ALL, ...OF_BODIES, 504]),
    ...Object.fromEntries([400, 403, 503, 504].map((status) => [status, either(status)])),
  },
}

const kick = {
  operationId: 'kick',
  summary: 'Close connections, on all nodes',
  requestBody: body('Kick'),
  responses: {
    200: answer('Closed; the counts are of them', 'Receipt'),
    ...refusals([...OF_ALL, ...OF_BODIES, 504]),
  },
}

const who = {
  operationId: 'who',
  summary: 'Who is connected, asked of all nodes',
  parameters: [
    ...['user', 'group', 'session'].map((name) => ({
      name, in: 'query', schema: {type: 'string', minLength: 1, maxLength: LIMITS.idBytes},
    })),
    {
      name: 'limit', in: 'query', description: 'Users at most',
      schema: {type: 'integer', minimum: 1, maximum: LIMITS.whoUsers, default: 100},
    },
    {name: 'node', in: 'query', description: 'Ask this one alone', schema: {type: 'string'}},
  ],
  responses: {200: answer('Those who are', 'Who'), ...refusals([...OF_ALL, 404, 501, 503])},
}

const nodes = {
  operationId: 'nodes',
  summary: 'The nodes of the mesh, and how each is',
  responses: {200: answer('All that the pool names', 'Nodes'), ...refusals([...OF_ALL, 501, 503])},
}

const metrics = {
  operationId: 'metrics',
  summary: "This node's metrics, as Prometheus reads them",
  responses: {
    200: {
      description: 'All that docs/METRICS.md lists',
      content: {'text/plain; version=0.0.4; charset=utf-8': {schema: {type: 'string'}}},
    },
    ...refusals([...OF_ALL, 503]),
  },
}

const document = {
  operationId: 'openApi',
  summary: 'This document',
  security: [],
  responses: {
    200: {description: 'OpenAPI 3.1', content: {'application/json': {schema: {type: 'object'}}}},
    ...refusals([400, 403, 405]),
  },
}

export function openApi(version: string): Schema {
  return {
    openapi: '3.1.0',
    info: {
      title: 'wsmesh', version,
      description: 'Real-time messages to the connected users of an application.',
    },
    security: [{key: []}],
    paths: {
      '/publish': {post: publish},
      '/publish/batch': {post: publishBatch},
      '/kick': {post: kick},
      '/who': {get: who},
      '/nodes': {get: nodes},
      '/metrics': {get: metrics},
      '/openapi.json': {get: document},
    },
    components: {
      securitySchemes: {
        key: {type: 'http', scheme: 'bearer', description: 'wsmesh api key, or wsmesh token'},
      },
      schemas: SCHEMAS,
    },
  }
}

function body(schema: string): Schema {
  return {required: true, content: {'application/json': {schema: ref(schema)}}}
}

function answer(description: string, schema: string): Schema {
  return {description, content: {'application/json': {schema: ref(schema)}}}
}

/** A batch that failed as a whole, or in every message. */
function either(status: number): Schema {
  const schema = {oneOf: [ref('Failure'), ref('BatchResult')]}
  const description = isRefusal(status) ? REFUSALS[status] : ''
  return {description, ...headersOf(status), content: {'application/json': {schema}}}
}

function refusals(statuses: readonly Refusal[]): Readonly<Record<string, Schema>> {
  return Object.fromEntries(statuses.map((status) => [
    status, {...answer(REFUSALS[status], 'Failure'), ...headersOf(status)},
  ]))
}

function headersOf(status: number): Schema {
  const name = HEADERS[status]
  if (name === undefined) return {}
  return {headers: {[name]: {required: true, schema: {type: 'string'}}}}
}

function isRefusal(status: number): status is Refusal {
  return Object.hasOwn(REFUSALS, status)
}
