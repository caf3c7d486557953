/** What became of messages at a node (docs/PROTOCOL.md). */
import {isNodeId, type NodeId} from '../util/brand.js'
import {LIMITS} from './limits.js'
import {
  anything, count, listOf, literal, nullable, object, text, textThat, type Shape,
} from './shape.js'
import type {TargetJson} from './target.js'

export interface ExplainRequest {
  readonly id: number
  readonly op: 'explain'
  /** One message, by its id. Absent: the last ones that were for the user. */
  readonly message?: string
  /** Only this user's connections, those among them that it was not for. */
  readonly user?: string
  /** Messages at most. */
  readonly limit: number
}

export interface ExplainResult {
  /** Newest first. */
  readonly messages: readonly MessageFinding[]
  /** Of the message that was asked for and is not there; see Inspection. */
  readonly absent: 'expired' | 'unknown' | null
  /** The history of this node begins after this position. */
  readonly after: string
  /** Everything up to this position was queued to the connections here. */
  readonly delivered: string
  /** Of connections that ended longer ago than this, some are forgotten. Null: none are. */
  readonly forgottenMs: number | null
}

export interface MessageFinding {
  readonly id: string
  readonly origin: NodeId
  /** Null while it waits for a master. */
  readonly position: string | null
  readonly state: 'waiting' | 'held' | 'committed' | 'delivered'
  /** Since this node took it in. */
  readonly ageMs: number
  readonly action: string
  /** Of the details as JSON. */
  readonly bytes: number
  /** A list of ids is cut to LIMITS.explainIds. */
  readonly target: TargetJson
  /** Connections here that it was queued to, as its receipt counts; null until then. */
  readonly queued: number | null
  /** Those that got it first; at most LIMITS.explainConnections, or explainConnectionsEach. */
  readonly connections: readonly ConnectionFinding[]
  /**
   * Connections that it was handed to, then or when they came back, of those that are remembered
   * and asked about. Less than `queued` when some are forgotten, or are other users'.
   */
  readonly reached: number
  readonly more: number
}

/**
 * queued: handed to the connection's socket. recovered: the same, when it came back and resumed
 * from a position before the message. too-slow: closed instead, as too much waited for it.
 * earlier: it ended before the message came. later: it came after the message. not-meant: it was
 * there, but the target does not mean it.
 */
export type ConnectionOutcome =
  | 'queued'
  | 'recovered'
  | 'too-slow'
  | 'earlier'
  | 'later'
  | 'not-meant'

/** Whether the message was handed to the connection's socket. */
export function isGot({outcome}: {readonly outcome: ConnectionOutcome}): boolean {
  return outcome === 'queued' || outcome === 'recovered'
}

export interface ConnectionFinding {
  readonly connection: string
  readonly user: string | null
  readonly session: string | null
  readonly outcome: ConnectionOutcome
  /** Of not-meant: why, for people. */
  readonly why: string | null
  /** From the message to when the connection proved itself; negative: it was there before. */
  readonly sinceMs: number
  /** Null while it is open. */
  readonly ended: ConnectionEnd | null
  /** Waiting for its socket: now, or when it ended. */
  readonly queueBytes: number
}

export interface ConnectionEnd {
  /** Close code; 0: it authenticated again as somebody else. */
  readonly code: number
  readonly reason: string
  /** From the message to its end; negative: it had ended before. */
  readonly afterMs: number
}

const limit: Shape<number> = (value) => {
  const wrong = count(value)
  if (wrong !== undefined) return wrong
  const isWithin = Number(value) >= 1 && Number(value) <= LIMITS.explainMessages
  return isWithin ? undefined : `is ${String(value)}: 1 to ${LIMITS.explainMessages} are allowed`
}

const fields = object<ExplainRequest>(
  {id: count, op: literal('explain'), message: text, user: text, limit},
  {optional: ['message', 'user'], closed: true},
)

export const explainRequest: Shape<ExplainRequest> = (value) => {
  const wrong = fields(value)
  if (wrong !== undefined) return wrong
  const isAsked = Object.hasOwn(Object(value), 'message') || Object.hasOwn(Object(value), 'user')
  return isAsked ? undefined : 'is missing message or user'
}

/** Whole milliseconds before or after. */
const difference: Shape<number> = (value) =>
  Number.isSafeInteger(value) ? undefined : 'is not a whole number'

const connection = object<ConnectionFinding>({
  connection: text,
  user: nullable(text),
  session: nullable(text),
  outcome: literal('queued', 'recovered', 'too-slow', 'earlier', 'later', 'not-meant'),
  why: nullable(text),
  sinceMs: difference,
  ended: nullable(object<ConnectionEnd>({code: count, reason: text, afterMs: difference})),
  queueBytes: count,
})

/** As a node sends it, it is a target; for people, so it is shown as it comes. */
const shownTarget: Shape<TargetJson> = (value) =>
  typeof value === 'object' && value !== null ? anything(value) : 'is no object'

const message = object<MessageFinding>({
  id: text,
  origin: textThat(isNodeId, 'a node id'),
  position: nullable(text),
  state: literal('waiting', 'held', 'committed', 'delivered'),
  ageMs: count,
  action: text,
  bytes: count,
  target: shownTarget,
  queued: nullable(count),
  reached: count,
  connections: listOf(connection),
  more: count,
})

export const explainResult = object<ExplainResult>({
  messages: listOf(message),
  absent: nullable(literal('expired', 'unknown')),
  after: text,
  delivered: text,
  forgottenMs: nullable(count),
})
