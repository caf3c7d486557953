/** Between the lease won and the term opened: promises, then what the best of them holds. */
import {assert} from '../util/assert.js'
import type {NodeId} from '../util/brand.js'
import type {
  FollowFrame, NodeFrame, PromisedFrame, RefuseFrame, SuffixFrame,
} from '../protocol/node-frame.js'
import {comparePlaces} from '../protocol/position.js'
import {chainLast} from './log.js'
import {expectMember, onFollow} from './mastering.js'
import {isAtLeastHalf} from './quorum.js'
import type {Claimed, Mastering, Peer} from './role.js'
import {
  addressOf, closeLink, count, dial, log, noteTerm, send, type Link, type MeshState,
} from './state.js'
import {appendEntries, startSync} from './sync.js'
import {becomeSeeking} from './transition.js'
import {requestPromise, retryDelay} from './seeking.js'
import {restartSending} from './publishing.js'

/** Called whenever something may have changed. */
export function progressClaimed(state: MeshState, role: Claimed): void {
  const {config, now} = state
  if (now - role.since >= config.leaseMs) {
    becomeSeeking(state, 'no promises within a lease')
    return
  }
  if (role.fetch && now - role.fetch.startedAt >= config.answerMs) {
    loseFetch(state, role)
  }
  redial(state, role)
  if (!role.fetch && hasPromises(state, role)) fetchOrOpen(state, role)
}

/** With its link, so that the rest of this answer is not taken for a part of the next. */
function loseFetch(state: MeshState, role: Claimed): void {
  if (!role.fetch) return
  closeLink(state, role.fetch.link, 'no suffix')
  const peer = role.peers.get(role.fetch.from)
  if (peer) peerLost(peer, false)
  role.fetch = undefined
}

function redial(state: MeshState, role: Claimed): void {
  if (state.now < role.retryAt) return
  role.retryAt = state.now + retryDelay(state)
  for (const peer of role.peers.values()) {
    if (peer.state !== 'lost') continue
    peer.link = dial(state, peer.address, 'ask')
    peer.state = 'dialling'
  }
}

/** A link to a peer failed or closed. What it promised stays promised. */
export function peerLost(peer: Peer, isGone: boolean): void {
  peer.link = undefined
  if (isGone) peer.state = 'gone'
  else if (peer.state !== 'gone') peer.state = 'lost'
}

export function onPeerLink(state: MeshState, role: Claimed, peer: Peer): void {
  requestPromise(state, role.lease, peer)
}

export function onPromised(
  state: MeshState, role: Claimed, peer: Peer, frame: PromisedFrame,
): void {
  if (frame.term !== role.lease.term) return
  peer.state = 'promised'
  peer.chain = frame.chain
  progressClaimed(state, role)
}

/** Somebody promised a higher term: this claim is void. */
export function onPromiseRefused(
  state: MeshState, role: Claimed, frame: RefuseFrame,
): void {
  noteTerm(state, frame.term)
  count(state, 'staleTerms')
  if (frame.term > role.lease.term) becomeSeeking(state, 'a higher term was promised')
}

/** At least half of the view meets every majority; all who still run hold all that is left. */
function hasPromises(state: MeshState, role: Claimed): boolean {
  const {view} = role.lease
  const has = (id: NodeId): boolean =>
    id === state.self.id || role.peers.get(id)?.state === 'promised'
  if (isAtLeastHalf(view, has)) return true
  return view.every((member) => has(member.id) || role.peers.get(member.id)?.state === 'gone')
}

/** The highest last place among the promises holds every commit: fetch it, unless it is our own. */
function fetchOrOpen(state: MeshState, role: Claimed): void {
  let best: Peer | undefined
  let bestLast = state.log.last
  for (const peer of role.peers.values()) {
    if (peer.state !== 'promised' || !peer.chain || peer.chain.epoch !== role.lease.epoch) continue
    const last = chainLast(peer.chain)
    if (comparePlaces(last, bestLast) <= 0) continue
    best = peer
    bestLast = last
  }
  if (!best) {
    openTerm(state, role)
    return
  }
  if (best.link === undefined) {
    // It must promise again before it can be fetched from: its log may have moved.
    best.state = 'lost'
    return
  }
  role.fetch = {from: best.address.id, link: best.link, startedAt: state.now}
  send(state, best.link, {type: 'fetch', term: role.lease.term, chain: state.log.chain()})
}

export function onSuffix(state: MeshState, role: Claimed, link: Link, frame: SuffixFrame): void {
  if (role.fetch?.link !== link.id || frame.term !== role.lease.term) return
  const isFirst = frame.after.seq === frame.keep.seq
  const fits =
    (!isFirst || startSync(state, role.lease.epoch, frame)) &&
    appendEntries(state, frame.after, frame.entries)
  if (!fits) {
    log(state, 'warn', 'suffix does not fit', {from: link.peer})
    loseFetch(state, role)
    return
  }
  if (!frame.done) return
  role.fetch = undefined
  progressClaimed(state, role)
}

/** Nodes that come before the term is open wait for it. */
export function onEarlyFollow(
  state: MeshState, role: Claimed, link: Link, frame: FollowFrame,
): void {
  noteTerm(state, frame.term)
  if (frame.term > role.lease.term) becomeSeeking(state, 'a follower has seen a higher term')
  else role.waiting.set(link.id, frame)
}

/** Everything that may be committed is held: the term begins with an empty entry. */
function openTerm(state: MeshState, claimed: Claimed): void {
  const {lease} = claimed
  assert(state.log.epoch === lease.epoch, 'the log is of the epoch that was claimed')
  const slot = state.log.append(
    {term: lease.term, seq: state.log.last.seq + 1, envelope: undefined}, state.now,
  )
  const role: Mastering = {
    type: 'mastering', term: lease.term, epoch: lease.epoch, openSeq: slot.seq,
    openedAt: state.now, stamp: lease, view: lease.view, pending: undefined, viewFrozenUntil: 0,
    members: new Map(), missing: [], gone: new Set(), majorityAt: state.now,
    frozenUntil: undefined, handedTo: undefined,
  }
  for (const [id, peer] of claimed.peers) if (peer.state === 'gone') role.gone.add(id)
  for (const peer of claimed.peers.values()) finishAsking(state, peer)
  state.role = role
  restartSending(state)
  for (const address of lease.view) {
    if (address.id === state.self.id) continue
    const member = expectMember(state, role, address)
    // The master that hangs has been silent for as long as this node waited to replace it.
    if (address.id === claimed.lost?.node) member.heardAt = claimed.lost.heardAt
  }
  expectPool(state, role)
  log(state, 'info', 'master', {term: lease.term, epoch: lease.epoch, openSeq: slot.seq})
  for (const [id, frame] of claimed.waiting) {
    const link = state.links.get(id)
    if (link && state.role === role) onFollow(state, role, link, frame)
  }
}

/**
 * Who has promised is done; the others are asked still, the old master among them: so they hear of
 * this term at once, and not with their next read of the pool.
 */
function finishAsking(state: MeshState, peer: Peer): void {
  if (peer.state === 'promised') closeLink(state, peer.link, 'answered')
  else if (peer.state === 'lost') dial(state, peer.address, 'ask')
}

/** The term is open, a member of the view was reached: it may have another master in mind. */
export function askLate(state: MeshState, role: Mastering, link: Link): void {
  send(state, link.id, {
    type: 'promise', term: role.term, epoch: role.epoch, url: state.self.url,
  })
}

/** The late answer: of no use but for a higher term. */
export function onLateAnswer(
  state: MeshState, role: Mastering, link: Link, frame: NodeFrame,
): void {
  if (frame.type !== 'promised' && frame.type !== 'refuse') return
  noteTerm(state, frame.term)
  closeLink(state, link.id, 'answered')
  if (frame.term > role.term) becomeSeeking(state, 'a higher term was promised')
}

/** Nodes of the pool that are not copies may have clients too: receipts wait for them as well. */
function expectPool(state: MeshState, role: Mastering): void {
  for (const member of state.pool.snapshot?.members ?? []) {
    const isKnown = member.id === state.self.id || role.members.has(member.id)
    const beat = state.pool.beats.get(member.id)
    const isAlive = beat && state.now - beat.changedAt < state.config.leaseMs
    const address = addressOf(state, member.id)
    if (!isKnown && isAlive && address) expectMember(state, role, address)
  }
}
