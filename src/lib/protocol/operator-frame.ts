import type {NodeId} from '../util/brand.js'
import type {NodeCount} from './node-frame.js'
import type {ActEvent, ActRequest, ActResult} from './act-frame.js'
import type {ControlRequest} from './control-frame.js'
import type {ExplainRequest, ExplainResult} from './explain-frame.js'
import type {MeterReading} from './meter-frame.js'
import type {SoakRequest, SoakResult} from './soak-frame.js'
import type {TargetJson} from './target.js'
import type {WhoRequest, WhoResult} from './who-frame.js'

export type {TargetJson}

/**
 * What an operator (a command, a backend) and a node say to each other after the handshake:
 * JSON text frames. A request carries an `id` of the operator's choice and has exactly one answer
 * with the same id, in any order. `tail` also starts a stream of events on the connection.
 */
export type OperatorRequest =
  | PublishRequest
  | {readonly id: number; readonly op: 'ping'}
  | {readonly id: number; readonly op: 'stats'}
  | {readonly id: number; readonly op: 'tail'; readonly filter: TailFilter}
  | WhoRequest
  | ExplainRequest
  | SoakRequest
  | ControlRequest
  | ActRequest

export interface PublishRequest {
  readonly id: number
  readonly op: 'publish'
  readonly action: string
  /** Any JSON value; undefined is none. */
  readonly details?: unknown
  readonly target: TargetJson
  /** The caller's own, see caller-id.ts: the same one again is delivered to nobody. */
  readonly messageId?: string
  /** See trace-context.ts; what is wrong with them does not matter to the message. */
  readonly traceparent?: string
  readonly tracestate?: string
}

/** What a tail wants to see; absent means all. */
export interface TailFilter {
  /** A glob: `*` any run of characters but `/`, `**` any run, `?` one. */
  readonly action?: string
  /** Messages that name this user in their target. */
  readonly user?: string
  /** Messages published at this node. */
  readonly origin?: string
}

export type OperatorAnswer =
  | {readonly id: number; readonly ok: true; readonly result: OperatorResult}
  | {readonly id: number; readonly ok: false; readonly error: OperatorError}

export type OperatorResult =
  | PublishResult
  | NodeStats
  | {readonly pong: true}
  | {readonly tailing: true}
  | WhoResult
  | ExplainResult
  | SoakResult
  | ActResult

/**
 * As in HTTP: 400 bad request, too big among them, 409 an act that is not for this node, not in its
 * state, or not without `sure`, 429 too many samples at once, 501 the process cannot be sampled,
 * 503 outbox full or draining, 504 no receipt.
 */
export interface OperatorError {
  readonly status: number
  readonly message: string
  /** Of a publish: the message has this id and may still be delivered (504). */
  readonly messageId?: string
}

export interface PublishResult {
  readonly id: string
  /** Null for a message that is older than the history of the node that answered. */
  readonly position: string | null
  readonly connections: number
  readonly nodes: number
  readonly byNode: readonly NodeCount[]
  readonly missing: readonly NodeId[]
  /**
   * It was delivered before, longer ago than the history: nobody knows any more to how many. Only
   * when it is so; the counts are 0 then.
   */
  readonly earlier?: true
}

/** What a node sends that is no answer: events of a tail, or of an act, asked for here. */
export type OperatorPush = OperatorEvent | ActEvent

/** Pushed while tailing. */
export type OperatorEvent =
  | MessageEvent
  /** The master that this node follows (or is) changed; null: none at the moment. */
  | {readonly event: 'master'; readonly master: NodeId | null; readonly term: number}
  | {readonly event: 'member'; readonly change: 'joined' | 'left'; readonly node: NodeId}
  /** The tail was too slow: so many messages were not sent to it. */
  | {readonly event: 'dropped'; readonly messages: number}

export interface MessageEvent {
  readonly event: 'message'
  /** Milliseconds since 1970 by the tailed node's clock: for people, nothing is decided by it. */
  readonly at: number
  readonly position: string
  readonly id: string
  readonly origin: NodeId
  readonly target: TargetJson
  readonly action: string
  readonly details: unknown
  readonly traceparent?: string
  readonly tracestate?: string
}

/** What /stats answers, and `pool list` shows. Numbers, unless a name says otherwise. */
export interface NodeStats {
  readonly node: NodeId
  readonly version: string
  readonly pid: number
  /** Of its HTTP API; `unix:/path` where that is a socket. Absent: an earlier node. */
  readonly apiUrl?: string
  /** `member`: of a mesh whose relay has no master. */
  readonly role: 'joining' | 'follower' | 'master' | 'member' | 'seeking' | 'isolated' | 'drained'
  /** Absent: a master among the nodes. */
  readonly relay?: 'nats'
  readonly term: number
  readonly epoch: string
  readonly master: NodeId | null
  readonly position: string
  readonly uptimeS: number
  readonly rssBytes: number
  readonly heapBytes: number
  /** The longest of the last second or two; absent: an earlier node. */
  readonly loopDelayMs?: number
  /** Clients connected, proved or not. */
  readonly connections: number
  /** Different users connected. */
  readonly users: number
  readonly guests: number
  readonly operators: number
  readonly links: number
  readonly timers: number
  /** Bytes waiting in this process for clients' sockets to take them. */
  readonly queueBytes: number
  readonly outboxMessages: number
  readonly historyMessages: number
  readonly historyBytes: number
  readonly view: readonly NodeId[]
  /** Messages published here, and frames queued to clients here, in the last whole second. */
  readonly inPerS: number
  readonly outPerS: number
  /** Rows of `--outbox` sent in the last whole second; absent: this node does not send them. */
  readonly outboxRowsPerS?: number
  /** Since start; names are stable, see docs/OPERATIONS.md. */
  readonly counters: Readonly<Record<string, number>>
  /** What is measured, not counted; absent: an earlier node. */
  readonly meter?: MeterReading
}
