import type {ActEvent, ActRequest, ActResult} from '../protocol/act-frame.js'
import type {KickRequest, RefreshRequest} from '../protocol/control-frame.js'
import type {
  NodeStats,
  OperatorEvent,
  PublishRequest,
  PublishResult,
  TailFilter,
} from '../protocol/operator-frame.js'
import type {ExplainRequest, ExplainResult} from '../protocol/explain-frame.js'
import type {SoakRequest, SoakResult} from '../protocol/soak-frame.js'
import type {WhoRequest, WhoResult} from '../protocol/who-frame.js'
import type {NodeId} from '../util/brand.js'

/** What is published and for whom. */
export type Publication = Omit<PublishRequest, 'id' | 'op'>

/**
 * A proved connection of an operator with a node. Requests are sent in the order of the calls and
 * may be answered in any. They reject with REQUEST_INVALID, DETAILS_INVALID, NODE_REFUSED,
 * OUTBOX_FULL or RECEIPT_TIMED_OUT as the node says, TIMED_OUT (a publish: RECEIPT_TIMED_OUT) when
 * no answer came in time, NODE_UNREACHABLE when the connection ended before.
 */
export interface OperatorConnection {
  /** The node that proved itself. */
  readonly node: NodeId
  readonly url: string

  publish(publication: Publication, timeoutMs: number): Promise<PublishResult>
  /** Milliseconds to the node and back. */
  ping(timeoutMs: number): Promise<number>
  stats(timeoutMs: number): Promise<NodeStats>
  /** From now on onEvent hears what passes the filter. */
  tail(filter: TailFilter, timeoutMs: number): Promise<void>
  /** One page of who is connected there. */
  who(query: WhoQuery, timeoutMs: number): Promise<WhoResult>
  /** What became of messages there. */
  explain(query: ExplainQuery, timeoutMs: number): Promise<ExplainResult>
  /** Closes the connections that the target means, on every node; the receipt counts them. */
  kick(kick: Kick, timeoutMs: number): Promise<PublishResult>
  /** Has identities read again, on every node; the receipt counts the connections. */
  refresh(refresh: Refresh, timeoutMs: number): Promise<PublishResult>
  /** A sample of the node's memory: it stands still for a moment, see sampleProcess. */
  soak(query: SoakQuery, timeoutMs: number): Promise<SoakResult>
  /** Asks this node to leave or to step down; onEvent hears how it goes until it is `done`. */
  act(query: ActQuery, timeoutMs: number, onEvent: (event: ActEvent) => void): Promise<ActResult>

  /** Bytes that wait in this process for the node to take them. */
  readonly bufferedBytes: number

  readonly isOver: boolean
  /**
   * A publish was refused (OUTBOX_FULL) on this connection, perhaps in this very turn: what is
   * published here from now on may pass what was refused.
   */
  readonly hasRefused: boolean
  /** Resolves, with why, when the connection is over. */
  readonly closed: Promise<string>

  close(): void
}

export type WhoQuery = Omit<WhoRequest, 'id' | 'op'>

export type ExplainQuery = Omit<ExplainRequest, 'id' | 'op'>

export type Kick = Omit<KickRequest, 'id' | 'op'>

export type Refresh = Omit<RefreshRequest, 'id' | 'op'>

export type SoakQuery = Omit<SoakRequest, 'id' | 'op'>

export type ActQuery = Omit<ActRequest, 'id' | 'op' | 'node'>

export type OnOperatorEvent = (event: OperatorEvent) => void
