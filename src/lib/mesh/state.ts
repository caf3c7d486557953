/**
 * All that a core knows, and the few things that every part of it does with it. The parts
 * (following, mastering, claiming…) are functions on this state, as etcd's raft steps its roles;
 * none calls back into the core.
 */
import {assert} from '../util/assert.js'
import type {NodeId} from '../util/brand.js'
import type {Random} from '../util/random.js'
import type {NodeAddress, NodeFrame} from '../protocol/node-frame.js'
import type {MeshConfig} from './config.js'
import type {MeshEffect, Standing} from './effect.js'
import {Log} from './log.js'
import type {Lease, LeaseStamp, MemberInfo, PoolSnapshot} from './membership.js'
import {Outbox} from './outbox.js'
import type {Role} from './role.js'

/** What a link is for. Accepted links become a follower's when it asks to follow. */
export type LinkUse = 'accepted' | 'follow' | 'ask' | 'probe'

export interface Link {
  readonly id: number
  /** Of a dialled link: whom we hope to reach; the handshake proved it once the link is open. */
  readonly peer: NodeId
  readonly use: LinkUse
  isOpen: boolean
  heardAt: number
}

/** The store request under way: at most one at a time, so that answers cannot cross. */
export interface StoreRequest {
  readonly id: number
  readonly purpose: 'read' | 'claim' | 'renew' | 'view' | 'rewrite' | 'release'
  readonly next: Lease | undefined
}

/** What is known of the store and the lease, by this node's own reads. */
export interface PoolWatch {
  request: StoreRequest | undefined
  snapshot: PoolSnapshot | undefined
  /** When the last read was asked for and answered; -Infinity before the first. */
  askedAt: number
  readAt: number
  isUp: boolean
  /** When the lease was last seen to differ from the read before. */
  leaseChangedAt: number
  /** When it was last seen to change between two reads, so that somebody renews it. */
  renewedAt: number
  /** When its term was first seen. */
  termSeenAt: number
  /** Since when reads find no lease row. */
  missingSince: number | undefined
  /** Beats of the members and when each last changed. */
  beats: Map<NodeId, {beat: number; changedAt: number; probedAt: number}>
}

/** The highest promise given: nothing below this term, only this holder in it. */
export interface Promised {
  readonly term: number
  readonly holder: NodeId | undefined
  /** Terms are counted anew in none, but two epochs may have the same one. */
  readonly epoch: string
}

export interface MeshState {
  readonly self: MemberInfo
  /**
   * Nodes of whose end somebody is certain: their parent process, told by the kernel. A dial that
   * is refused is a weaker proof, since firewalls refuse too.
   */
  readonly knownDead: ReadonlySet<NodeId>
  readonly config: MeshConfig
  readonly random: Random
  now: number
  lastStepAt: number
  effects: MeshEffect[]
  nextLink: number
  nextRequest: number
  readonly links: Map<number, Link>
  readonly pool: PoolWatch
  role: Role
  promised: Promised
  /** When it was given: who just promised gives its new master time to open the term. */
  promisedAt: number
  /** The highest term heard of anywhere. */
  highestTerm: number
  /** Who is master, as far as was heard outside of the store. */
  hint: {readonly master: NodeAddress; readonly term: number} | undefined
  readonly log: Log
  /** All up to here is committed; handed out for delivery; queued to connections and counted. */
  committed: number
  delivered: number
  queued: number
  /** All up to here is delivered by every live member, as the master of this term says. */
  stable: number
  readonly outbox: Outbox
  counter: number
  /** The last counter sent on the link to this master, and when the last resend was. */
  sentCounter: number
  /** Bytes of those that were sent and are not stable. */
  sentBytes: number
  resentAt: number
  /** It will drain: another had better lead. */
  isRetiring: boolean
  isDraining: boolean
  drainSince: number
  /** As master: it hands over, and gives that up then. */
  stepDownUntil: number | undefined
  /** Has been part of the mesh: from then on it takes clients. */
  hasJoined: boolean
  standing: Standing
  readonly counters: Record<CounterName, number>
}

/** What the core counts, from zero at start. docs/OPERATIONS.md says what each means. */
const NO_COUNTS = {
  accepted: 0, refused: 0, ordered: 0, duplicates: 0, repeats: 0, gaps: 0, delivered: 0, resent: 0,
  receiptTimeouts: 0, claims: 0, claimsLost: 0, handovers: 0, stepDowns: 0, stalls: 0,
  storeFailures: 0, staleTerms: 0, membersDropped: 0, evicted: 0, viewChanges: 0, logReplaced: 0,
  linksOpened: 0, linksClosed: 0,
}

export type CounterName = keyof typeof NO_COUNTS

export function initialState(options: {
  self: MemberInfo
  config: MeshConfig
  random: Random
  now: number
  knownDead?: ReadonlySet<NodeId> | undefined
}): MeshState {
  const {self, config, random, now, knownDead = new Set()} = options
  return {
    self, config, random, now, knownDead,
    lastStepAt: now,
    effects: [],
    nextLink: 1,
    nextRequest: 1,
    links: new Map(),
    pool: {
      request: undefined, snapshot: undefined, askedAt: -Infinity, readAt: -Infinity, isUp: false,
      leaseChangedAt: now, renewedAt: -Infinity, termSeenAt: now,
      missingSince: undefined, beats: new Map(),
    },
    role: {
      type: 'seeking', since: now, freshSince: now, lost: undefined, attempt: undefined,
      retryAt: now, round: undefined, roundAt: now, redirects: 0, isInvited: false,
    },
    promised: {term: 0, holder: undefined, epoch: ''},
    promisedAt: -Infinity,
    highestTerm: 0,
    hint: undefined,
    log: new Log(),
    committed: 0, delivered: 0, queued: 0, stable: 0,
    outbox: new Outbox(),
    counter: 0, sentCounter: 0, sentBytes: 0, resentAt: now,
    isRetiring: false, isDraining: false, drainSince: 0, stepDownUntil: undefined,
    hasJoined: false,
    standing: {state: 'joining'},
    counters: {...NO_COUNTS},
  }
}

export function emit(state: MeshState, effect: MeshEffect): void {
  state.effects.push(effect)
}

export function count(state: MeshState, name: CounterName, by = 1): void {
  state.counters[name] += by
}

export function log(
  state: MeshState,
  level: 'info' | 'warn',
  text: string,
  fields: Readonly<Record<string, string | number | boolean | undefined>> = {},
): void {
  emit(state, {type: 'log', level, text, fields})
}

export function send(state: MeshState, link: number, frame: NodeFrame): void {
  assert(state.links.get(link)?.isOpen, 'frames go to open links only')
  emit(state, {type: 'send', link, frame})
}

/** Dials a node and returns the number of the link to be. */
export function dial(state: MeshState, to: NodeAddress, use: LinkUse): number {
  const id = state.nextLink
  state.nextLink += 2
  state.links.set(id, {id, peer: to.id, use, isOpen: false, heardAt: state.now})
  emit(state, {type: 'dial', link: id, to})
  return id
}

/** Closes and forgets a link; unknown numbers are fine, the other end may have been faster. */
export function closeLink(state: MeshState, link: number | undefined, reason: string): void {
  if (link === undefined || !state.links.delete(link)) return
  count(state, 'linksClosed')
  emit(state, {type: 'close-link', link, reason})
}

export function noteTerm(state: MeshState, term: number): void {
  if (term > state.highestTerm) state.highestTerm = term
}

export function selfAddress(state: MeshState): NodeAddress {
  return {id: state.self.id, url: state.self.url}
}

/** The node's address as view or pool know it. */
export function addressOf(state: MeshState, id: NodeId | undefined): NodeAddress | undefined {
  const {snapshot} = state.pool
  const found =
    snapshot?.lease?.view.find((member) => member.id === id) ??
    snapshot?.members.find((member) => member.id === id) ??
    (state.hint?.master.id === id ? state.hint?.master : undefined)
  return found && {id: found.id, url: found.url}
}

export function isStoreFree(state: MeshState): boolean {
  return state.pool.request === undefined
}

export function swapLease(
  state: MeshState,
  purpose: Exclude<StoreRequest['purpose'], 'read'>,
  expected: LeaseStamp | undefined,
  next: Lease,
): void {
  assert(isStoreFree(state), 'one store request at a time')
  const id = state.nextRequest++
  state.pool.request = {id, purpose, next}
  const stamp = expected && {
    epoch: expected.epoch, term: expected.term, version: expected.version,
  }
  emit(state, {type: 'swap-lease', request: id, expected: stamp, next})
}

export function readPool(state: MeshState): void {
  assert(isStoreFree(state), 'one store request at a time')
  const id = state.nextRequest++
  state.pool.request = {id, purpose: 'read', next: undefined}
  state.pool.askedAt = state.now
  emit(state, {type: 'read-pool', request: id})
}
