/**
 * The mesh, without a socket, store, timer or clock: events in, effects out (etcd/raft's shape).
 * A node feeds it whatever happens and performs what it asks for; a simulation does the same with
 * a network and a store that it can break.
 *
 * In short: members find each other through the pool; who holds the lease is master of a term and
 * puts all messages in one order, as a log that others copy. What more than half of the view holds
 * is committed, and only that is delivered. A master is replaced by compare-and-set on the lease,
 * promises of at least half of the view, and the longest log among them. docs/ARCHITECTURE.md has
 * the rules and why they hold.
 */
import {assert, unreachable} from '../util/assert.js'
import type {NodeId} from '../util/brand.js'
import type {Random} from '../util/random.js'
import type {NodeFrame} from '../protocol/node-frame.js'
import type {Position} from '../protocol/position.js'
import {
  askLate, onEarlyFollow, onLateAnswer, onPeerLink, onPromised, onPromiseRefused, onSuffix,
  peerLost, progressClaimed,
} from './claiming.js'
import type {MeshConfig} from './config.js'
import {coreStats, linkLags, type CoreStats, type LinkLag} from './core-stats.js'
import {
  othersOf, progressDraining, startDraining, startSteppingDown,
} from './draining.js'
import type {MeshEffect, Standing} from './effect.js'
import type {MeshEvent} from './event.js'
import {
  finishLeaving, flushFollowing, onMasterFrame, onWelcome, tickFollowing,
} from './following.js'
import {inspect, type InspectQuery, type Inspection} from './inspect.js'
import {checkRow, onSwapped, progressView, renew} from './lease-keeping.js'
import {
  finishFlush, flushMaster, onFollow, onFollowerClosed, onFollowerFrame, onProbe, refuseFollower,
  tickMaster,
} from './mastering.js'
import type {MemberInfo} from './membership.js'
import {restartLeaseClock, storeFailed, takeSnapshot, watchPool} from './pool-watch.js'
import {sweepPool} from './pool-sweep.js'
import {accept, expireReceipts} from './publishing.js'
import {deliveredPosition, recover, type Recovery} from './recovery.js'
import type {Peer} from './role.js'
import {
  askPeer, attemptFailed, onAnswer, onClaimed, onFollowLink, onRefused, progressSeeking,
} from './seeking.js'
import {tellStanding} from './standing.js'
import {
  closeLink, count, initialState, log, type Link, type MeshState,
} from './state.js'
import {deliverCommitted, takeDelivered} from './sync.js'
import {becomeSeeking} from './transition.js'
import {onAsk, onFetch, onPromise} from './voting.js'

/** An accepted link that says nothing for so long, and follows nobody here, is closed. */
const IDLE_LINK_MS = 5000

export interface MeshCoreOptions {
  readonly self: MemberInfo
  readonly config: MeshConfig
  readonly random: Random
  /** Milliseconds of the clock that step's `now` comes from. */
  readonly now: number
  /** See MeshState. */
  readonly knownDead?: ReadonlySet<NodeId> | undefined
}

export class MeshCore {
  readonly #state: MeshState

  constructor(options: MeshCoreOptions) {
    this.#state = initialState(options)
  }

  get standing(): Standing {
    return this.#state.standing
  }

  /**
   * Same state, event and time give the same effects. `now` must not fall. The effects are the
   * caller's; they are to be performed in order, and `deliver` answered before the next flush.
   */
  step(event: MeshEvent, now: number): MeshEffect[] {
    const state = this.#state
    assert(now >= state.now, 'time does not fall')
    state.now = now
    noticeStall(state)
    const {role} = state
    handle(state, event)
    if (!isBulk(event) || state.role !== role) progress(state)
    tellStanding(state)
    const {effects} = state
    state.effects = []
    return effects
  }

  /** What this node knows of messages. A pure read, as long as the history is. */
  inspect(query: InspectQuery): Inspection {
    return inspect(this.#state, query)
  }

  /** The last position handed out for delivery; undefined before this node was part of a mesh. */
  get position(): Position | undefined {
    return deliveredPosition(this.#state)
  }

  /** What was delivered after a position, once all effects of the last step are performed. */
  recover(position: Position): Recovery {
    return recover(this.#state, position)
  }

  /** When a message of this node's own was accepted; undefined once it is stable. */
  acceptedAt(counter: number): number | undefined {
    return this.#state.outbox.get(counter)?.acceptedAt
  }

  linkLags(): readonly LinkLag[] {
    return linkLags(this.#state)
  }

  /** As master: nodes that are linked and stay, to one of which it could hand over. */
  get followers(): number {
    const {role} = this.#state
    return role.type === 'mastering' ? othersOf(role).length : 0
  }

  stats(): CoreStats {
    return coreStats(this.#state)
  }
}

/** Events of the messages' own path, which are many: the flush after them looks for progress. */
function isBulk(event: MeshEvent): boolean {
  if (event.type === 'publish' || event.type === 'delivered') return true
  if (event.type !== 'frame') return false
  const {type} = event.frame
  return type === 'relay' || type === 'publish' || type === 'ack' || type === 'stable'
}

function handle(state: MeshState, event: MeshEvent): void {
  switch (event.type) {
    case 'tick':
      tick(state)
      return
    case 'flush':
      flush(state)
      return
    case 'link-accepted':
      state.links.set(event.link, {
        id: event.link, peer: event.peer, use: 'accepted', isOpen: true, heardAt: state.now,
      })
      count(state, 'linksOpened')
      return
    case 'link-opened':
      onOpened(state, event.link)
      return
    case 'link-failed':
      onLost(state, event.link, event.gone)
      return
    case 'link-closed':
      onLost(state, event.link, false)
      return
    case 'frame':
      onFrame(state, event.link, event.frame)
      return
    case 'pool-read':
      if (!endRequest(state, event.request)) return
      takeSnapshot(state, event.pool)
      if (state.role.type !== 'mastering') return
      checkRow(state, state.role, event.pool.lease)
      if (state.role.type === 'mastering') renew(state, state.role)
      return
    case 'lease-swapped':
      onLeaseSwapped(state, event.request, event.won)
      return
    case 'store-failed':
      onStoreFailed(state, event.request)
      return
    case 'publish':
      accept(state, event)
      return
    case 'delivered':
      takeDelivered(state, event.after, event.connections)
      if (state.role.type === 'following') state.role.isAckDue = true
      return
    case 'drain':
      startDraining(state)
      return
    case 'step-down':
      startSteppingDown(state)
      return
    case 'retire':
      state.isRetiring = true
      return
    default:
      unreachable(event)
  }
}

/** Level-triggered: whatever the event was, starts what can be started now. */
function progress(state: MeshState): void {
  if (state.role.type === 'drained') return
  if (state.role.type === 'seeking') progressSeeking(state, state.role)
  if (state.role.type === 'claimed') progressClaimed(state, state.role)
  if (state.role.type === 'mastering') progressView(state, state.role)
  progressDraining(state)
  // Last: a store that is slow answers one request at a time, and claims come before reads.
  watchPool(state)
}

function tick(state: MeshState): void {
  expireReceipts(state)
  if (state.role.type === 'following') tickFollowing(state, state.role)
  if (state.role.type === 'mastering') {
    tickMaster(state, state.role)
    sweepPool(state, state.role)
  }
  for (const link of state.links.values()) {
    // Of what this node dialled, only late questions have nobody else who gives them up.
    const isLoose =
      link.use === 'accepted' || (link.use === 'ask' && state.role.type === 'mastering')
    const isIdle = isLoose && state.now - link.heardAt >= IDLE_LINK_MS
    if (isIdle) onIdle(state, link)
  }
}

function onIdle(state: MeshState, link: Link): void {
  closeLink(state, link.id, 'idle')
  if (state.role.type === 'mastering') onFollowerClosed(state, state.role, link)
}

function flush(state: MeshState): void {
  if (state.role.type === 'mastering') flushMaster(state, state.role)
  deliverCommitted(state)
  if (state.role.type === 'mastering') finishFlush(state, state.role)
  if (state.role.type === 'following') flushFollowing(state, state.role)
}

/**
 * A process that was stopped, or a loop that stood still, heard nothing because it did not listen:
 * every clock of silence starts again.
 */
function noticeStall(state: MeshState): void {
  const {now, role, config} = state
  const stallMs = now - state.lastStepAt
  state.lastStepAt = now
  if (stallMs < config.stallMs) return
  count(state, 'stalls')
  log(state, 'warn', 'this process stood still', {stallMs: Math.round(stallMs)})
  restartLeaseClock(state)
  if (role.type === 'following') role.heardAt = now
  if (role.type === 'mastering') for (const member of role.members.values()) member.heardAt = now
  for (const link of state.links.values()) link.heardAt = now
}

function onOpened(state: MeshState, id: number): void {
  const link = state.links.get(id)
  if (!link) return
  link.isOpen = true
  link.heardAt = state.now
  count(state, 'linksOpened')
  const {role} = state
  if (role.type === 'mastering') {
    if (link.use === 'probe') onProbe(state, role, link, 'alive')
    else if (link.use === 'ask') askLate(state, role, link)
  } else if (role.type === 'seeking' && link.use === 'follow') onFollowLink(state, link)
  else if (link.use === 'ask') {
    const peer = findPeer(state, link)
    if (!peer) return
    if (role.type === 'claimed') onPeerLink(state, role, peer)
    else if (role.type === 'seeking' && role.round) askPeer(state, role.round, peer)
  }
}

/** A link or a dial is over, by the other end or by the network. */
function onLost(state: MeshState, id: number, isGone: boolean): void {
  const link = state.links.get(id)
  if (!link) return
  state.links.delete(id)
  count(state, 'linksClosed')
  const {role} = state
  switch (role.type) {
    case 'seeking':
      if (role.attempt?.link === id) attemptFailed(state, role, isGone)
      break
    case 'claimed':
      role.waiting.delete(id)
      if (role.fetch?.link === id) role.fetch = undefined
      break
    case 'following':
      if (role.link === id) becomeSeeking(state, 'the link to the master closed')
      break
    case 'mastering':
      if (isGone) role.gone.add(link.peer)
      if (link.use === 'probe') onProbe(state, role, link, isGone ? 'gone' : 'silent')
      else if (link.use === 'accepted') onFollowerClosed(state, role, link)
      break
    case 'drained':
      break
    default:
      unreachable(role)
  }
  const peer = link.use === 'ask' ? findPeer(state, link) : undefined
  if (peer) peerLost(peer, isGone)
}

function onFrame(state: MeshState, id: number, frame: NodeFrame): void {
  const link = state.links.get(id)
  if (!link?.isOpen || state.role.type === 'drained') return
  link.heardAt = state.now
  const {role} = state
  // Questions are answered in every role, on the link that they came on.
  if (frame.type === 'ask') onAsk(state, link, frame)
  else if (frame.type === 'promise') onPromise(state, link, frame)
  else if (frame.type === 'fetch') onFetch(state, link, frame)
  else if (role.type === 'following' && role.link === id) onMasterFrame(state, role, frame)
  else if (link.use === 'ask') {
    if (role.type === 'mastering') onLateAnswer(state, role, link, frame)
    else onPeerFrame(state, link, frame)
  }
  else if (role.type === 'seeking' && link.use === 'follow') {
    if (frame.type === 'welcome') onWelcome(state, link, frame)
    else if (frame.type === 'refuse') onRefused(state, role, link, frame)
  } else if (frame.type === 'follow') {
    if (role.type === 'mastering') onFollow(state, role, link, frame)
    else if (role.type === 'claimed') onEarlyFollow(state, role, link, frame)
    else refuseFollower(state, link, frame.term)
  } else if (role.type === 'mastering') onFollowerFrame(state, role, link, frame)
}

function onPeerFrame(state: MeshState, link: Link, frame: NodeFrame): void {
  const {role} = state
  const peer = findPeer(state, link)
  if (!peer) return
  if (role.type === 'seeking' && frame.type === 'answer') onAnswer(state, peer, frame)
  if (role.type !== 'claimed') return
  if (frame.type === 'promised') onPromised(state, role, peer, frame)
  else if (frame.type === 'refuse') onPromiseRefused(state, role, frame)
  else if (frame.type === 'suffix') onSuffix(state, role, link, frame)
}

function findPeer(state: MeshState, link: Link): Peer | undefined {
  const {role} = state
  const peers =
    role.type === 'claimed' ? role.peers : role.type === 'seeking' ? role.round?.peers : undefined
  const peer = peers?.get(link.peer)
  return peer?.link === link.id ? peer : undefined
}

/** False for an answer to a request that is not under way. */
function endRequest(state: MeshState, id: number): boolean {
  if (state.pool.request?.id !== id) return false
  state.pool.request = undefined
  return true
}

function onLeaseSwapped(state: MeshState, id: number, won: boolean): void {
  const {request} = state.pool
  if (!request?.next || !endRequest(state, id)) return
  const {role} = state
  if (request.purpose === 'claim') {
    if (role.type === 'seeking') onClaimed(state, role, won, request.next)
    return
  }
  if (role.type !== 'mastering' || role.term !== request.next.term) return
  if (request.purpose === 'release' && won) finishLeaving(state)
  else onSwapped(state, role, won, request.next)
}

/** Whether a write happened is unknown: the next read tells. */
function onStoreFailed(state: MeshState, id: number): void {
  if (!endRequest(state, id)) return
  count(state, 'storeFailures')
  storeFailed(state)
}
