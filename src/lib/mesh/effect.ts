import type {LogEntry, NodeAddress, NodeCount, NodeFrame} from '../protocol/node-frame.js'
import type {Place, Position} from '../protocol/position.js'
import type {NodeId} from '../util/brand.js'
import type {Lease, LeaseStamp} from './membership.js'

/** A committed entry to hand out. `repeatOf`: it is a message that stands there already. */
export interface Delivery extends LogEntry {
  readonly repeatOf: Place | undefined
}

/** What a publisher is told. `timeout`: unknown after receiptMs, but still in the outbox. */
export type Receipt =
  | {
      readonly type: 'stable'
      /** Undefined for a message that is older than the history of who answered. */
      readonly position: Position | undefined
      readonly byNode: readonly NodeCount[]
      readonly missing: readonly NodeId[]
      /** Delivered before, longer ago than anybody remembers to whom. */
      readonly isEarlier: boolean
    }
  | {readonly type: 'timeout'}

/**
 * `term-lost`: it was for one term alone; also of one that had been accepted. `too-big`: for the
 * service that relays it.
 */
export type RefusalReason = 'outbox-full' | 'draining' | 'term-lost' | 'too-big'

/** Where a node stands, as /healthz, /stats and the operators' commands show it. */
export type Standing =
  /** Never linked yet: takes no clients. */
  | {readonly state: 'joining'}
  | {readonly state: 'following'; readonly master: NodeId; readonly term: number}
  | {readonly state: 'mastering'; readonly term: number}
  /** Part of a mesh whose relay has no master. `outboxTerm`: this node sends the outbox's rows. */
  | {readonly state: 'linked'; readonly outboxTerm: number | undefined}
  /** Between masters, or without the relay: clients stay, publishes wait in the outbox. */
  | {readonly state: 'seeking'; readonly term: number}
  /** The mesh goes on elsewhere without this node: its clients are sent there. */
  | {readonly state: 'isolated'; readonly term: number}
  | {readonly state: 'drained'}

/** Everything a core can ask for. Performed in the order given. */
export type MeshEffect =
  | {readonly type: 'dial'; readonly link: number; readonly to: NodeAddress}
  | {readonly type: 'send'; readonly link: number; readonly frame: NodeFrame}
  | {readonly type: 'close-link'; readonly link: number; readonly reason: string}
  /**
   * Heartbeat, joining again if the row is gone, then read members and lease. Answered by
   * pool-read or store-failed. At most one store request is under way at a time.
   */
  | {readonly type: 'read-pool'; readonly request: number}
  | {
      readonly type: 'swap-lease'
      readonly request: number
      readonly expected: LeaseStamp | undefined
      readonly next: Lease
    }
  /** Fire and forget: the member is proved gone, or this node leaves. */
  | {readonly type: 'remove-member'; readonly id: NodeId}
  /**
   * Queue these committed entries to the connections that they are for, in this order, and answer
   * with `delivered`. Entries follow on each other without gaps; `after` is the seq before them.
   * Repeats and empty entries are for nobody: they count 0.
   */
  | {
      readonly type: 'deliver'
      readonly epoch: string
      readonly after: number
      readonly entries: readonly Delivery[]
    }
  | {readonly type: 'accepted'; readonly ticket: number; readonly id: string}
  | {
      readonly type: 'refused'
      readonly ticket: number
      readonly reason: RefusalReason
    }
  | {readonly type: 'receipt'; readonly ticket: number; readonly receipt: Receipt}
  /** The node's state changed; also sent once at start. */
  | {readonly type: 'standing'; readonly standing: Standing}
  /**
   * The log was replaced from `after` on: clients that were sent more than that have lost their
   * place. `reset`: by a snapshot, or by another epoch's; what came in between is missing, and all
   * clients have lost their place. Close them with insufficient-state.
   */
  | {
      readonly type: 'log-replaced'
      readonly epoch: string
      readonly after: Place
      readonly reset: boolean
    }
  /** Something an operator should find in the log. */
  | {
      readonly type: 'log'
      readonly level: 'info' | 'warn'
      readonly text: string
      readonly fields: Readonly<Record<string, string | number | boolean | undefined>>
    }
  | {readonly type: 'drained'}
