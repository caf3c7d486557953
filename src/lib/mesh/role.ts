import type {NodeId} from '../util/brand.js'
import type {Chain, FollowFrame, NodeAddress} from '../protocol/node-frame.js'
import type {Place} from '../protocol/position.js'
import type {Lease, LeaseStamp} from './membership.js'
import type {View} from './quorum.js'

/** What a node is doing, as one value. */
export type Role = Seeking | Claimed | Following | Mastering | Drained

/** The master that was lost, and when it was heard last. */
export interface LostMaster {
  readonly node: NodeId
  readonly heardAt: number
}

/** No master at the moment: tries to follow the one it knows of, or asks others to replace it. */
export interface Seeking {
  readonly type: 'seeking'
  since: number
  /** Only a read of the pool after this is good for a claim. */
  freshSince: number
  readonly lost: LostMaster | undefined
  /** A dial or a follow frame under way to this node. */
  attempt: FollowAttempt | undefined
  retryAt: number
  /** Asking the view whether it lost its master too. */
  round: AskRound | undefined
  roundAt: number
  /** How often a refusal named another master: followed at once a few times, then in peace. */
  redirects: number
  /** The master handed over to this node: no need to ask. */
  isInvited: boolean
}

export interface FollowAttempt {
  readonly link: number
  readonly to: NodeAddress
  readonly startedAt: number
}

/** What one view member said, or why it cannot. */
export type PeerState = 'dialling' | 'asked' | 'yes' | 'no' | 'gone' | 'lost' | 'promised'

export interface Peer {
  readonly address: NodeAddress
  link: number | undefined
  state: PeerState
  chain: Chain | undefined
}

export interface AskRound {
  readonly lease: Lease
  readonly peers: Map<NodeId, Peer>
  readonly startedAt: number
}

/** Won the lease: gathers promises, then what the best of them holds, then opens its term. */
export interface Claimed {
  readonly type: 'claimed'
  readonly since: number
  readonly lost: LostMaster | undefined
  readonly lease: Lease
  readonly peers: Map<NodeId, Peer>
  /** From whom the suffix is being fetched. */
  fetch: {readonly from: NodeId; readonly link: number; readonly startedAt: number} | undefined
  /** Nodes that asked to follow before the term was open. */
  readonly waiting: Map<number, FollowFrame>
  retryAt: number
}

export interface Following {
  readonly type: 'following'
  readonly master: NodeAddress
  readonly term: number
  readonly link: number
  heardAt: number
  /** Once it holds this, it is as good as the others. */
  readonly syncedAt: number
  ackAt: number
  isAckDue: boolean
  /** This master said where stable stands. */
  hasRelay: boolean
  resendAskedAt: number
  /** Said that it leaves; waits for the master to let it go. */
  isLeaving: boolean
  /** Said that another had better take over; a master that asks again finds none. */
  hasDeclined: boolean
}

export interface Mastering {
  readonly type: 'mastering'
  readonly term: number
  readonly epoch: string
  /** The term's first entry: commits count from here on only (Raft, 5.4.2). */
  readonly openSeq: number
  readonly openedAt: number
  /** The row as last written or read; its view is the one that counts. */
  stamp: LeaseStamp
  view: View
  pending: PendingView | undefined
  viewFrozenUntil: number
  /** Whom stability waits for: linked followers, and members that may still come. */
  readonly members: Map<NodeId, MasterMember>
  /** Nodes that were given up while messages waited for them. */
  missing: {readonly node: NodeId; readonly after: number; readonly through: number}[]
  /** Proofs of death: nodes of the view that no longer run. */
  readonly gone: Set<NodeId>
  majorityAt: number
  /** Handing over: nothing new is ordered until then. */
  frozenUntil: number | undefined
  handedTo: NodeId | undefined
}

/** A change of view under way: until it is confirmed, commits need both majorities. */
export interface PendingView {
  readonly view: View
  /** More than half of the new view must hold this before the row is written. */
  readonly mark: number
  /** The row's version that the write was to replace; while it is set, it may still happen. */
  writtenOver: number | undefined
}

export interface MasterMember {
  readonly address: NodeAddress
  link: number | undefined
  /** It was linked in this term. */
  hasFollowed: boolean
  /** Cumulative, as acknowledged on this link. */
  held: number
  delivered: number
  /** Connection counts taken up to here. */
  counted: number
  /** Entries handed to the link up to here, and the beat that went with them. */
  sent: Place
  beatAt: number
  /** When it last acknowledged; for a member without link: since when it is waited for. */
  heardAt: number
  /** When it really did; a stall does not set this clock anew. */
  ackedAt: number
  probeAt: number
  probe: number | undefined
  /** Stability waits for it; a view member that was given up stays known until the view changes. */
  isWaitedFor: boolean
  isLeaving: boolean
  /** Asked to take over it said no, since it retires: the last choice. */
  hasDeclined: boolean
  /** Commit as last told. */
  toldCommit: number
}

export interface Drained {
  readonly type: 'drained'
}
