/** Without a master: follow the one that is known, ask the others about it, claim its place. */
import type {NodeId} from '../util/brand.js'
import type {AnswerFrame, NodeAddress, RefuseFrame} from '../protocol/node-frame.js'
import {ORIGIN_PLACE} from '../protocol/position.js'
import type {Lease} from './membership.js'
import {isLeaseExpired, isLeaseMissing} from './pool-watch.js'
import {isInView} from './quorum.js'
import type {AskRound, LostMaster, Peer, Seeking} from './role.js'
import {
  addressOf, closeLink, count, dial, isStoreFree, log, noteTerm, selfAddress, send, swapLease,
  type Link, type MeshState,
} from './state.js'
import {closePeers, endRound} from './transition.js'

/** Refusals that name another master and are followed without a pause. */
const REDIRECTS_MAX = 3

/** Called whenever something may have changed: starts what can be started. */
export function progressSeeking(state: MeshState, role: Seeking): void {
  expireAttempt(state, role)
  // A node that drains does not take over, and who takes over for long does not manage to.
  const isLate = state.now - role.since >= state.config.answerMs
  if (isLate || state.isDraining) role.isInvited = false
  tryFollowing(state, role)
  if (state.isDraining) return
  claimUnheld(state)
  progressRound(state, role)
}

function expireAttempt(state: MeshState, role: Seeking): void {
  const {attempt, round} = role
  if (attempt && state.now - attempt.startedAt >= state.config.answerMs) {
    closeLink(state, attempt.link, 'no answer')
    attemptFailed(state, role)
  }
  if (round && state.now - round.startedAt >= state.config.answerMs) stopAsking(state, role)
}

/** Asks again soon: the others may notice a moment later. Less often once that did not help. */
function stopAsking(state: MeshState, role: Seeking): void {
  endRound(state, role.round)
  role.round = undefined
  const isLasting = state.now - role.since >= state.config.leaseMs
  role.roundAt = state.now + retryDelay(state) * (isLasting ? 5 : 1)
  // When the lease runs out there is more to ask for.
  const expiresAt = state.pool.leaseChangedAt + state.config.leaseMs
  if (expiresAt > state.now) role.roundAt = Math.min(role.roundAt, expiresAt)
}

/** The master by what was heard: a promise or refusal with a higher term beats the store. */
function knownMaster(state: MeshState): NodeAddress | undefined {
  const {hint, self, pool} = state
  const lease = pool.snapshot?.lease
  const holder = addressOf(state, lease?.holder)
  const leaseTerm = lease?.term ?? 0
  // Who holds a term the row knows best.
  const isHeard = hint && (hint.term > leaseTerm || (hint.term === leaseTerm && !holder))
  const master = isHeard ? hint.master : holder
  return master?.id === self.id ? undefined : master
}

function tryFollowing(state: MeshState, role: Seeking): void {
  if (role.attempt || role.isInvited || state.now < role.retryAt) return
  const to = knownMaster(state)
  if (!to || state.knownDead.has(to.id)) return
  role.attempt = {link: dial(state, to, 'follow'), to, startedAt: state.now}
}

/** The dial succeeded: ask to follow. */
export function onFollowLink(state: MeshState, link: Link): void {
  send(state, link.id, {type: 'follow', term: state.promised.term, chain: state.log.chain()})
}

/** `isGone`: who was dialled no longer runs, also if it was promised a moment ago. */
export function attemptFailed(state: MeshState, role: Seeking, isGone = false): void {
  const tried = role.attempt?.to.id
  if (isGone && tried === state.promised.holder) {
    state.promisedAt = -Infinity
    role.roundAt = state.now
  }
  if (isGone && tried === state.hint?.master.id) state.hint = undefined
  role.attempt = undefined
  role.retryAt = state.now + retryDelay(state)
}

/** Not the master, or not one for us: it may know better. */
export function onRefused(state: MeshState, role: Seeking, link: Link, frame: RefuseFrame): void {
  noteTerm(state, frame.term)
  closeLink(state, link.id, 'refused')
  if (state.hint?.master.id === link.peer && frame.reason === 'not-master') state.hint = undefined
  const isNews = frame.term >= (state.hint?.term ?? 0)
  if (frame.master && isNews && ![state.self.id, link.peer].includes(frame.master.id)) {
    state.hint = {master: frame.master, term: frame.term}
  }
  attemptFailed(state, role)
  if (state.hint && state.hint.master.id !== link.peer && role.redirects++ < REDIRECTS_MAX) {
    role.retryAt = state.now
  }
}

/** A lease that nobody holds: a mesh not begun, one that ended in order, or a wiped store. */
function claimUnheld(state: MeshState): void {
  const {pool, self} = state
  if (!isStoreFree(state) || !isReadFresh(state)) return
  const lease = pool.snapshot?.lease
  if (lease && lease.holder === undefined && lease.view.length === 0) {
    const next = {...nextLease(state, lease), view: [selfAddress(state)]}
    claim(state, lease, lease.term === 0 ? next : freshStart(state, next))
  } else if (!lease && isLeaseMissing(state)) {
    log(state, 'warn', 'the lease row is missing for a whole lease: a new epoch begins')
    const epoch = newEpoch(state)
    const term = state.highestTerm + 1
    claim(state, undefined, {
      epoch, term, version: 1, holder: self.id, view: [selfAddress(state)],
    })
  }
}

/** Decisions are made on a read after the master was lost, and after the last claim was. */
function isReadFresh(state: MeshState): boolean {
  const {role, pool} = state
  return role.type === 'seeking' && pool.isUp && pool.readAt > role.freshSince
}

function progressRound(state: MeshState, role: Seeking): void {
  const lease = state.pool.snapshot?.lease
  if (!lease || lease.holder === undefined || !isReadFresh(state)) return
  if (role.round && !isSameTerm(role.round.lease, lease)) {
    endRound(state, role.round)
    role.round = undefined
  }
  if (!role.round && state.now >= role.roundAt && isCandidate(state, role, lease)) {
    role.round = startRound(state, lease)
  }
  const {round} = role
  if (!round || !isStoreFree(state)) return
  if (!role.isInvited && !mayClaim(state, round)) {
    const isWaiting = [...round.peers.values()].some(
      (peer) => peer.state === 'dialling' || peer.state === 'asked',
    )
    if (!isWaiting) stopAsking(state, role)
    return
  }
  const next = nextLease(state, lease)
  const isDead = !role.isInvited && isViewDead(state, round)
  claim(state, lease, isDead ? freshStart(state, next) : next)
}

/** No member of the view lives: nobody knows what was committed. */
function isViewDead(state: MeshState, {lease, peers}: AskRound): boolean {
  return lease.view.every(
    ({id}) => id !== state.self.id && peers.get(id)?.state === 'gone',
  )
}

/** What the nodes of before held last is not known: positions of theirs must not come again. */
function freshStart(state: MeshState, next: Lease): Lease {
  return {...next, epoch: newEpoch(state), view: [selfAddress(state)]}
}

/** Members of the view at once, in pool order, a step apart; others when the lease has run out. */
function isCandidate(state: MeshState, role: Seeking, lease: Lease): boolean {
  if (role.isInvited || isLeaseOver(state, lease)) return true
  if (!isInView(lease.view, state.self.id)) return false
  const ranked = (state.pool.snapshot?.members ?? [])
    .filter((member) => member.id !== lease.holder && isInView(lease.view, member.id))
    .map((member) => member.id)
  const rank = ranked.indexOf(state.self.id)
  const isLast = rank === -1 || state.isRetiring
  const place = isLast ? ranked.length : rank
  return state.now - role.since >= place * state.config.candidateStepMs
}

function startRound(state: MeshState, lease: Lease): AskRound {
  const peers = new Map<NodeId, Peer>()
  for (const address of lease.view) {
    if (address.id === state.self.id) continue
    const isDead = state.knownDead.has(address.id)
    const link = isDead ? undefined : dial(state, address, 'ask')
    peers.set(address.id, {address, link, state: isDead ? 'gone' : 'dialling', chain: undefined})
  }
  return {lease, peers, startedAt: state.now}
}

export function askPeer(state: MeshState, round: AskRound, peer: Peer): void {
  const {lease} = round
  if (peer.link === undefined || lease.holder === undefined) return
  peer.state = 'asked'
  send(state, peer.link, {
    type: 'ask', term: state.highestTerm, epoch: lease.epoch, master: lease.holder,
  })
}

export function onAnswer(state: MeshState, peer: Peer, frame: AnswerFrame): void {
  noteTerm(state, frame.term)
  // It knows of a term that this node has not read of: the lease may have a holder by now.
  const lease = state.pool.snapshot?.lease
  if (!frame.yes && lease && frame.term > lease.term) state.pool.askedAt = -Infinity
  if (peer.state === 'asked') peer.state = frame.yes ? 'yes' : 'no'
}

/**
 * Rule (a), for members of the view: of those that are not proved gone, the holder counted if it
 * is not, more than half lost the master. Exactly half may claim once the lease has run out: until
 * then the master of the other half can drop them, and the first compare-and-set wins. Or at
 * once, when the other half is on this machine and stands still. Rule (b), for everybody: the
 * lease is over, and all who did not say yes no longer run.
 */
function mayClaim(state: MeshState, round: AskRound): boolean {
  const {lease, peers} = round
  const living = lease.view.filter(({id}) => peers.get(id)?.state !== 'gone')
  const saysYes = ({id}: NodeAddress): boolean =>
    id === state.self.id || peers.get(id)?.state === 'yes'
  const others = living.filter((member) => !saysYes(member))
  const yes = living.length - others.length
  if (isInView(lease.view, state.self.id)) {
    const isHalf = yes === others.length
    if (yes > others.length) return true
    if (isHalf && (isLeaseExpired(state) || isStill(state, round, others))) return true
  }
  return isLeaseOver(state, lease) && others.length === 0
}

/** No network lies before a unix socket: who is silent there was not cut off, it does not run. */
function isStill(
  {now, config}: MeshState, {peers, startedAt}: AskRound, members: readonly NodeAddress[],
): boolean {
  if (now - startedAt < config.stillMs) return false
  return members.every(({id, url}) => {
    const asked = peers.get(id)?.state
    return url.startsWith('ws+unix:') && (asked === 'dialling' || asked === 'asked')
  })
}

/**
 * It has run out; or everybody of its view is known to be dead. The time of the lease protects a
 * mesh from a newcomer to whom all dials are refused; against certainty it protects nobody.
 */
function isLeaseOver(state: MeshState, {holder, view}: Lease): boolean {
  const {knownDead} = state
  const isHolderDead = holder !== undefined && knownDead.has(holder)
  return isLeaseExpired(state) || (isHolderDead && view.every(({id}) => knownDead.has(id)))
}

function claim(state: MeshState, expected: Lease | undefined, next: Lease): void {
  count(state, 'claims')
  swapLease(state, 'claim', expected, next)
}

function nextLease(state: MeshState, lease: Lease): Lease {
  const term = Math.max(lease.term, state.highestTerm, state.promised.term) + 1
  return {
    epoch: lease.epoch, term, version: lease.version + 1, holder: state.self.id, view: lease.view,
  }
}

/** The claim's answer: won, and then it must be made good; or somebody else was faster. */
export function onClaimed(state: MeshState, role: Seeking, won: boolean, lease: Lease): void {
  // An answer that comes late: meanwhile this node promised a higher term, which stays promised.
  if (!won || lease.term <= state.promised.term) {
    count(state, 'claimsLost')
    endRound(state, role.round)
    role.round = undefined
    role.roundAt = state.now + retryDelay(state)
    role.isInvited = false
    role.freshSince = state.now
    state.pool.askedAt = -Infinity
    return
  }
  beginTerm(state, role, lease)
}

/** From seeking to claimed: the peers asked are asked for their promise on the same links. */
export function beginTerm(state: MeshState, role: Seeking, lease: Lease): void {
  log(state, 'info', 'won the lease', {term: lease.term, epoch: lease.epoch})
  noteTerm(state, lease.term)
  closeLink(state, role.attempt?.link, 'claimed')
  const lost = lostNow(state, role, lease)
  const asked = role.round?.peers ?? new Map<NodeId, Peer>()
  const peers = new Map<NodeId, Peer>()
  for (const address of lease.view) {
    if (address.id === state.self.id) continue
    const peer = asked.get(address.id)
    asked.delete(address.id)
    peers.set(address.id, peer ?? {address, link: undefined, state: 'lost', chain: undefined})
  }
  closePeers(state, asked)
  if (state.log.epoch !== lease.epoch) giveUpHistory(state, lease.epoch)
  state.promised = {term: lease.term, holder: state.self.id, epoch: lease.epoch}
  state.hint = {master: selfAddress(state), term: lease.term}
  state.role = {
    type: 'claimed', since: state.now, lost, lease, peers, fetch: undefined, waiting: new Map(),
    retryAt: state.now,
  }
  for (const peer of peers.values()) if (isOpen(state, peer)) requestPromise(state, lease, peer)
}

/** One that stands still is no copy: it is not waited for again until it is dropped. */
function lostNow(state: MeshState, {lost, round}: Seeking, {view}: Lease): LostMaster | undefined {
  const address = view.find(({id}) => id === lost?.node)
  if (!lost || !round || !address || !isStill(state, round, [address])) return lost
  return {...lost, heardAt: Math.min(lost.heardAt, state.now - state.config.dropMs)}
}

export function requestPromise(state: MeshState, lease: Lease, peer: Peer): void {
  if (peer.link === undefined) return
  peer.state = 'asked'
  send(state, peer.link, {
    type: 'promise', term: lease.term, epoch: lease.epoch, url: state.self.url,
  })
}

/** A new epoch's order has nothing to do with what was held. */
function giveUpHistory(state: MeshState, epoch: string): void {
  const hadClients = state.log.epoch !== ''
  state.log.reset(epoch)
  state.committed = 0
  state.delivered = 0
  state.queued = 0
  state.stable = 0
  if (!hadClients) return
  count(state, 'logReplaced')
  state.effects.push({type: 'log-replaced', epoch, after: ORIGIN_PLACE, reset: true})
}

function isOpen(state: MeshState, peer: Peer): boolean {
  return peer.link !== undefined && state.links.get(peer.link)?.isOpen === true
}

function isSameTerm(a: Lease, b: Lease): boolean {
  return a.epoch === b.epoch && a.term === b.term
}

/** Apart enough that two nodes do not try in step for ever. */
export function retryDelay(state: MeshState): number {
  return state.config.retryMs * (0.5 + state.random.next() / 2)
}

function newEpoch(state: MeshState): string {
  let epoch = ''
  for (let i = 0; i < 12; i++) epoch += Math.floor(state.random.next() * 36).toString(36)
  return epoch
}
