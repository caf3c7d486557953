/**
 * What carries messages between nodes. A node hands its relay what is published, and is handed
 * what is to be delivered, each message with its place in the order; of a client that comes back
 * it asks what was delivered since. Which relay it is, nothing above this file knows:
 * `create-node.ts` alone makes one. test/contract/relay-contract.ts says what all of them keep.
 */
import type {History} from '../mesh/coming-back.js'
import type {CoreStats} from '../mesh/core-stats.js'
import type {Delivery, Receipt, RefusalReason, Standing} from '../mesh/effect.js'
import type {MeshEvent} from '../mesh/event.js'
import type {InspectQuery, Inspection} from '../mesh/inspect.js'
import type {MemberInfo} from '../mesh/membership.js'
import type {LinkReading} from '../protocol/meter-frame.js'
import type {Place, Position} from '../protocol/position.js'
import type {Identity} from '../protocol/target.js'
import type {Socket, SocketHandler} from '../transport/transport.js'
import type {NodeId} from '../util/brand.js'

/** A local publisher's message; its ticket comes back with each answer. */
export type RelayPublish = Extract<MeshEvent, {readonly type: 'publish'}>

/** Where a relay stands, in numbers. What one does not have is 0 or empty. */
export interface RelayStats extends Omit<CoreStats, 'role' | 'counters'> {
  /** Undefined: a master among the nodes. */
  readonly relay?: 'nats'
  /** All of earlier terms is delivered here; undefined: the term of `position` says so. */
  readonly settledTerm?: number | undefined
  readonly counters: Readonly<Record<string, number>>
}

/** Whose messages a node needs: the ids of who is connected. */
export interface RelayNeeds {
  readonly users: Iterable<string>
  readonly groups: Iterable<string>
  readonly sessions: Iterable<string>
}

/** The node above a relay. Called in order, never inside of a call of the relay's own user. */
export interface RelayUser {
  /**
   * Queue these entries to the connections that they are for, in this order; returns to how many
   * each was queued. Repeats and empty entries are for nobody.
   */
  deliver(epoch: string, entries: readonly Delivery[]): number[]
  /** It is kept until it is delivered, or the node's process ends. Then: a receipt. */
  accepted(ticket: number, id: string): void
  refused(ticket: number, reason: RefusalReason): void
  receipt(ticket: number, receipt: Receipt): void
  /** Clients that were sent more than `after`, or all of them, have lost their place. */
  logReplaced(after: Place, reset: boolean): void
  standing(standing: Standing): void
  needs(): RelayNeeds
  /** Nodes came or went. */
  members(change: 'joined' | 'left', node: NodeId): void
  /** What was delivered in this turn may leave the sockets now. */
  flushed(): void
}

/** Links that other nodes, or this one, opened. */
export interface LinkCounts {
  readonly count: number
  readonly dialling: number
}

export interface Relay extends History {
  readonly standing: Standing
  readonly links: LinkCounts
  /** First of all: rejects with a WsmeshError where the relay cannot be had. */
  open(): Promise<void>
  /** Once, when the addresses of the node are known; what was published before waits for it. */
  start(self: MemberInfo, user: RelayUser): void
  /** Never throws; answered by `accepted` or `refused`, at once or later. */
  publish(message: RelayPublish): void
  /**
   * Before somebody is let in: from then on what is for him comes here, and what he missed since
   * `resume` can be recovered, if it is used in the same turn. Undefined: there is nothing to wait
   * for. Resolves to false when that cannot be had at the moment.
   */
  prepare(identity: Identity, resume: Position | undefined): Promise<boolean> | undefined
  /** Whether messages that nobody here needs are to be delivered too: somebody tails. */
  watch(isWatching: boolean): Promise<void> | undefined
  /** Another node proved itself at the door. */
  linked(peer: NodeId, socket: Socket): SocketHandler
  inspect(query: InspectQuery): Inspection
  stats(): RelayStats
  /** When a message of this node's own was accepted; undefined when that is not known any more. */
  acceptedAt(counter: number): number | undefined
  /** How far the nodes are with which this one shares the log. */
  readLinks(): readonly LinkReading[]
  /** Expected about every second or more often: it may measure now. */
  sample(nowMs: number): void
  /** Of a relay with a master, while this node is it: nodes of which one could take over. */
  readonly followers?: number
  /** And: gives mastership to one of them, to follow it; `standing` tells if it comes to that. */
  stepDown?(): void
  /** And: this node will drain, so another had better lead. */
  retire?(): void
  /** Leaves in order; resolves when all that was accepted is kept by others. */
  drain(): Promise<void>
  /** Nothing is delivered or answered after this. */
  close(): void
}
