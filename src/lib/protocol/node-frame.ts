import type {NodeId} from '../util/brand.js'
import type {Envelope} from './envelope.js'
import type {Place} from './position.js'

/**
 * What two nodes say to each other once the handshake proved both (`handshake.ts`). Each frame
 * carries the sender's term; a node refuses terms below the highest that it promised (P7).
 *
 * Following:   follow -> welcome | refuse; then publish, ack, resend, leave up; relay, stable,
 *              leave, handover down.
 * Taking over: ask -> answer; promise -> promised | refuse; fetch -> suffix (one or more).
 *
 * The wire form is in node-codec.ts, with byte examples in docs/PROTOCOL.md.
 */
export type NodeFrame =
  | FollowFrame
  | WelcomeFrame
  | RefuseFrame
  | PublishFrame
  | AckFrame
  | ResendFrame
  | LeaveFrame
  | RelayFrame
  | StableFrame
  | HandoverFrame
  | AskFrame
  | AnswerFrame
  | PromiseFrame
  | PromisedFrame
  | FetchFrame
  | SuffixFrame

/** Where a node can be dialled. */
export interface NodeAddress {
  readonly id: NodeId
  readonly url: string
}

/** The last seq of a term in a node's log. Two logs that share a term agree up to the lower. */
export interface TermEnd extends Place {}

/**
 * What a log holds: `after` is the place just before its first entry, `ends` rise in both numbers.
 * The epoch is empty text where a node has never been part of a mesh.
 */
export interface Chain {
  readonly epoch: string
  readonly after: Place
  readonly ends: readonly TermEnd[]
}

/** One place of the one order. A term opens with an empty entry. */
export interface LogEntry extends Place {
  readonly envelope: Envelope | undefined
}

/** The last counter ordered of an origin. */
export interface OriginCounter {
  readonly origin: NodeId
  readonly counter: number
}

/** A message's own id and where it stands; the latest last. */
export interface Caller {
  readonly id: string
  readonly place: Place
}

/** The state that a log starts from: replaces all that the receiver held. */
export interface Snapshot {
  readonly after: Place
  readonly ends: readonly TermEnd[]
  readonly origins: readonly OriginCounter[]
  readonly callers: readonly Caller[]
}

/** Follower, first: let me follow. `chain` says what it holds. */
export interface FollowFrame {
  readonly type: 'follow'
  readonly term: number
  readonly chain: Chain
}

/**
 * Master: you follow now. Drop what you hold beyond `keep`; with a snapshot drop everything and
 * start from it. Relay frames go on from there. `view`: the members that count as copies.
 */
export interface WelcomeFrame {
  readonly type: 'welcome'
  readonly term: number
  readonly epoch: string
  readonly keep: Place
  readonly snapshot: Snapshot | undefined
  readonly last: Place
  readonly view: readonly NodeAddress[]
}

export type RefuseReason = 'not-master' | 'term-too-low' | 'promised-other' | 'draining' | 'busy'

/** No, and who is master as far as I know. The term is the highest that the sender has seen. */
export interface RefuseFrame {
  readonly type: 'refuse'
  readonly term: number
  readonly reason: RefuseReason
  readonly master: NodeAddress | undefined
}

/** Origin: order these, in this order. Every message below `first` is stable already. */
export interface PublishFrame {
  readonly type: 'publish'
  readonly term: number
  readonly first: number
  readonly envelopes: readonly Envelope[]
}

/**
 * Follower: I hold all up to `held` and delivered up to `delivered`. `connections[i]` is how many
 * of my connections the entry at `countsAfter + 1 + i` was queued to; the list ends at `delivered`.
 * Cumulative, and sent at least every linkBeatMs: it is the follower's heartbeat as well.
 */
export interface AckFrame {
  readonly type: 'ack'
  readonly term: number
  readonly held: number
  readonly delivered: number
  readonly countsAfter: number
  readonly connections: readonly number[]
}

/** Follower: a relay frame did not follow on `after`; send from there again. */
export interface ResendFrame {
  readonly type: 'resend'
  readonly term: number
  readonly after: number
}

/** Follower: I want to leave. Master: you may, the view does without you. */
export interface LeaveFrame {
  readonly type: 'leave'
  readonly term: number
}

/**
 * Master: the next entries, the first of which stands after `after`. Once the receiver holds them,
 * everything up to `commit` is committed and may be delivered; up to `stable` everybody has it.
 * Sent at least every linkBeatMs, empty if need be: it is the master's heartbeat as well.
 */
export interface RelayFrame {
  readonly type: 'relay'
  readonly term: number
  readonly after: Place
  readonly entries: readonly LogEntry[]
  readonly commit: number
  readonly stable: number
}

/** How many connections of a node a message was queued to. */
export interface NodeCount {
  readonly node: NodeId
  readonly connections: number
}

/**
 * Committed and delivered by every live member. `missing` names members that were dropped while the
 * message waited for them. `place` is undefined for a message older than the history.
 */
export interface Stability {
  readonly counter: number
  readonly place: Place | undefined
  readonly byNode: readonly NodeCount[]
  readonly missing: readonly NodeId[]
}

/** Master to origin: these of your messages are stable. */
export interface StableFrame {
  readonly type: 'stable'
  readonly term: number
  readonly messages: readonly Stability[]
}

/** Master to a view follower that holds everything: I stop ordering, claim now. */
export interface HandoverFrame {
  readonly type: 'handover'
  readonly term: number
}

/** Claimant: have you lost the master of `epoch` and `term`, `master`? */
export interface AskFrame {
  readonly type: 'ask'
  readonly term: number
  readonly epoch: string
  readonly master: NodeId
}

/** Yes: my link to that master is closed or has been silent for silenceMs. */
export interface AnswerFrame {
  readonly type: 'answer'
  readonly term: number
  readonly yes: boolean
}

/** Claimant that won the lease for `term`: promise me nothing below it, and only me in it. */
export interface PromiseFrame {
  readonly type: 'promise'
  readonly term: number
  readonly epoch: string
  readonly url: string
}

/** Promised; `chain` says what I hold and `committed` up to where I know it committed. */
export interface PromisedFrame {
  readonly type: 'promised'
  readonly term: number
  readonly chain: Chain
  readonly committed: number
}

/** New master: send what you hold beyond my chain. */
export interface FetchFrame {
  readonly type: 'fetch'
  readonly term: number
  readonly chain: Chain
}

/** A part of what was fetched, as in welcome and relay; `done` ends it. */
export interface SuffixFrame {
  readonly type: 'suffix'
  readonly term: number
  readonly keep: Place
  readonly snapshot: Snapshot | undefined
  readonly after: Place
  readonly entries: readonly LogEntry[]
  readonly done: boolean
}
