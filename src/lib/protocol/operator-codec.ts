import {isNodeId, type NodeId} from '../util/brand.js'
import {actEvent, actRequest, actResult} from './act-frame.js'
import {whatIsWrongWithCallerId} from './caller-id.js'
import {kickRequest, refreshRequest} from './control-frame.js'
import {badFrame, decoded, tooBig, type Decoded} from './decoded.js'
import {explainRequest, explainResult} from './explain-frame.js'
import {isRecord, parseJson} from './json-text.js'
import {LIMITS} from './limits.js'
import {meterReading} from './meter-frame.js'
import type {
  MessageEvent,
  NodeStats,
  OperatorAnswer,
  OperatorError,
  OperatorPush,
  OperatorRequest,
  PublishRequest,
  PublishResult,
  TailFilter,
} from './operator-frame.js'
import {whatIsWrongWithAction} from './payload.js'
import {
  anything,
  conforms,
  count,
  listOf,
  literal,
  nullable,
  number,
  object,
  recordOf,
  text,
  textThat,
  type Shape,
} from './shape.js'
import {soakRequest, soakResult} from './soak-frame.js'
import {targetFromJson, type TargetJson} from './target.js'
import {whoRequest, whoResult} from './who-frame.js'

export type OperatorRequestRead =
  | {readonly ok: true; readonly value: OperatorRequest}
  | {
      readonly ok: false
      readonly violation: {readonly close: 'badFrame' | 'tooBig'; readonly reason: string}
      /** Set when the request's id could be read: send this and keep the connection. */
      readonly answer?: OperatorAnswer & {readonly ok: false}
    }

/** Details may be as deep as published ones, and stand in an object. */
const DEPTH_MAX = LIMITS.jsonDepth + 1

const nodeIdShape: Shape<NodeId> = textThat(isNodeId, 'a node id')

const action: Shape<string> = (value) =>
  whatIsWrongWithAction(value) === undefined
    ? undefined
    : `is no action: text of 1 to ${LIMITS.actionBytes} bytes`

const target: Shape<TargetJson> = (value) => {
  const read = targetFromJson(value)
  return read.ok ? undefined : `is refused: ${read.reason}`
}

const callerId: Shape<string> = (value) => {
  const wrong = whatIsWrongWithCallerId(value)
  return wrong === undefined ? undefined : `is refused: ${wrong}`
}

const tailFilter = object<TailFilter>(
  {action: text, user: text, origin: text},
  {optional: ['action', 'user', 'origin'], closed: true},
)

export const publishRequest = object<PublishRequest>(
  {
    id: count, op: literal('publish'), action, details: anything, target, messageId: callerId,
    traceparent: text, tracestate: text,
  },
  {optional: ['details', 'messageId', 'traceparent', 'tracestate'], closed: true},
)

const REQUESTS = {
  publish: publishRequest,
  ping: object<RequestOf<'ping'>>({id: count, op: literal('ping')}, {closed: true}),
  stats: object<RequestOf<'stats'>>({id: count, op: literal('stats')}, {closed: true}),
  tail: object<RequestOf<'tail'>>(
    {id: count, op: literal('tail'), filter: tailFilter},
    {closed: true},
  ),
  who: whoRequest,
  explain: explainRequest,
  soak: soakRequest,
  kick: kickRequest,
  refresh: refreshRequest,
  act: actRequest,
} satisfies {[Op in OperatorRequest['op']]: Shape<RequestOf<Op>>}

type RequestOf<Op extends OperatorRequest['op']> = Extract<OperatorRequest, {readonly op: Op}>

export function encodeOperatorRequest(request: OperatorRequest): string {
  return JSON.stringify(request)
}

/**
 * An operator's frame to a request. What has a readable id but is wrong otherwise comes with the
 * answer to send, status 400; what has none is a violation that ends the connection.
 */
export function decodeOperatorRequest(data: Uint8Array | string): OperatorRequestRead {
  if (data.length > LIMITS.operatorFrameBytes) return tooBigFrame(data.length)
  const json = parseJson(data, DEPTH_MAX)
  if (!json.ok) return bad(json.reason)
  const value = json.value
  if (!isRecord(value)) return bad('a request is an object')
  const {id, op} = value
  if (count(id) !== undefined) return bad(`id ${count(id)}`)
  const wrong = shapeOfRequest(op)
  if (typeof wrong === 'string') return bad(wrong, Number(id))
  if (conforms(wrong, value)) return {ok: true, value}
  return bad(`${String(op)}: ${wrong(value)}`, Number(id))
}

function shapeOfRequest(op: unknown): Shape<OperatorRequest> | string {
  switch (op) {
    case 'publish':
    case 'ping':
    case 'stats':
    case 'tail':
    case 'who':
    case 'explain':
    case 'soak':
    case 'kick':
    case 'refresh':
    case 'act':
      return REQUESTS[op]
    default:
      return `op ${JSON.stringify(op) ?? 'is missing'}: use ${Object.keys(REQUESTS).join(', ')}`
  }
}

function bad(reason: string, id?: number): OperatorRequestRead {
  const violation = {close: 'badFrame', reason} as const
  if (id === undefined) return {ok: false, violation}
  return {ok: false, violation, answer: {id, ok: false, error: {status: 400, message: reason}}}
}

function tooBigFrame(length: number): OperatorRequestRead {
  const reason = `a request of ${length} bytes, ${LIMITS.operatorFrameBytes} are allowed`
  return {ok: false, violation: {close: 'tooBig', reason}}
}

const nodeCounts = listOf(object<{readonly node: NodeId; readonly connections: number}>(
  {node: nodeIdShape, connections: count},
))

const publishResult = object<PublishResult>({
  id: text,
  position: nullable(text),
  connections: count,
  nodes: count,
  byNode: nodeCounts,
  missing: listOf(nodeIdShape),
  earlier: literal(true),
}, {optional: ['earlier']})

const nodeStats = object<NodeStats>({
  node: nodeIdShape,
  version: text,
  pid: count,
  apiUrl: text,
  role: literal('joining', 'follower', 'master', 'member', 'seeking', 'isolated', 'drained'),
  relay: literal('nats'),
  term: count,
  epoch: text,
  master: nullable(nodeIdShape),
  position: text,
  uptimeS: number,
  rssBytes: count,
  heapBytes: count,
  loopDelayMs: number,
  connections: count,
  users: count,
  guests: count,
  operators: count,
  links: count,
  timers: count,
  queueBytes: count,
  outboxMessages: count,
  historyMessages: count,
  historyBytes: count,
  view: listOf(nodeIdShape),
  inPerS: number,
  outPerS: number,
  outboxRowsPerS: number,
  counters: recordOf(number),
  meter: meterReading,
}, {optional: ['apiUrl', 'relay', 'loopDelayMs', 'outboxRowsPerS', 'meter']})

const pong = object<{readonly pong: true}>({pong: literal(true)})
const tailing = object<{readonly tailing: true}>({tailing: literal(true)})

const result: Shape<OperatorResultOf> = (value) => {
  if (!isRecord(value)) return 'is not an object'
  if ('pong' in value) return pong(value)
  if ('tailing' in value) return tailing(value)
  if ('matching' in value) return whoResult(value)
  if ('forgottenMs' in value) return explainResult(value)
  if ('sample' in value) return soakResult(value)
  if ('withinMs' in value) return actResult(value)
  return 'byNode' in value ? publishResult(value) : nodeStats(value)
}

type Answered = Extract<OperatorAnswer, {readonly ok: true}>
type Failed = Extract<OperatorAnswer, {readonly ok: false}>
type OperatorResultOf = Answered['result']

const answered = object<Answered>({id: count, ok: literal(true), result})

const failed = object<Failed>({
  id: count,
  ok: literal(false),
  error: object<OperatorError>(
    {status: count, message: text, messageId: text},
    {optional: ['messageId']},
  ),
})

const answer: Shape<OperatorAnswer> = (value) =>
  isRecord(value) && value['ok'] === true ? answered(value) : failed(value)

type EventOf<Name extends OperatorPush['event']> = Extract<OperatorPush, {readonly event: Name}>

const EVENTS = {
  message: object<MessageEvent>({
    event: literal('message'),
    at: number,
    position: text,
    id: text,
    origin: nodeIdShape,
    target,
    action,
    details: anything,
    traceparent: text,
    tracestate: text,
  }, {optional: ['traceparent', 'tracestate']}),
  master: object<EventOf<'master'>>({
    event: literal('master'),
    master: nullable(nodeIdShape),
    term: count,
  }),
  member: object<EventOf<'member'>>({
    event: literal('member'),
    change: literal('joined', 'left'),
    node: nodeIdShape,
  }),
  dropped: object<EventOf<'dropped'>>({event: literal('dropped'), messages: count}),
  act: actEvent,
} satisfies {[Name in OperatorPush['event']]: Shape<EventOf<Name>>}

export function encodeOperatorReply(reply: OperatorAnswer | OperatorPush): string {
  return JSON.stringify(reply)
}

/** A node's frame to an operator: the answer to a request, or an event of a tail. */
export function decodeOperatorReply(
  data: Uint8Array | string,
): Decoded<OperatorAnswer | OperatorPush> {
  if (data.length > LIMITS.operatorFrameBytes) {
    return tooBig(`an answer of ${data.length} bytes, ${LIMITS.operatorFrameBytes} are allowed`)
  }
  const json = parseJson(data, DEPTH_MAX)
  if (!json.ok) return badFrame(json.reason)
  const value = json.value
  if (!isRecord(value)) return badFrame('an answer is an object')
  const shape: Shape<OperatorAnswer | OperatorPush> | undefined =
    'event' in value ? shapeOfEvent(value['event']) : answer
  if (shape === undefined) return badFrame('the event is unknown')
  return conforms(shape, value) ? decoded(value) : badFrame(shape(value) ?? 'not an answer')
}

function shapeOfEvent(event: unknown): Shape<OperatorPush> | undefined {
  switch (event) {
    case 'message':
    case 'master':
    case 'member':
    case 'dropped':
    case 'act':
      return EVENTS[event]
    default:
      return undefined
  }
}

/** Whether a frame to an operator is an answer, not an event. */
export function isOperatorAnswer(reply: OperatorAnswer | OperatorPush): reply is OperatorAnswer {
  return 'ok' in reply
}
