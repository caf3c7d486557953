/** Leading a term: ordering, relaying, committing, and whom it waits for. */
import {unreachable} from '../util/assert.js'
import type {NodeId} from '../util/brand.js'
import type {Envelope} from '../protocol/envelope.js'
import type {
  AckFrame, FollowFrame, NodeAddress, NodeFrame, PublishFrame,
} from '../protocol/node-frame.js'
import {ORIGIN_PLACE} from '../protocol/position.js'
import {heldByMajority, isMajority} from './quorum.js'
import type {Mastering, MasterMember} from './role.js'
import {
  addressOf, closeLink, count, dial, noteTerm, send, type Link, type MeshState,
} from './state.js'
import {advanceStable, giveUpMember, repeatStable, takeCounts} from './stability.js'
import {planSync} from './sync.js'
import {becomeSeeking} from './transition.js'
import {takeBatch} from './voting.js'

/** Bytes on their way to one follower, unacknowledged; more waits until it acknowledges. */
const IN_FLIGHT_BYTES = 8 * 1024 * 1024

/** Somebody of whom stability waits, linked or still expected. */
export function expectMember(
  state: MeshState, role: Mastering, address: NodeAddress,
): MasterMember {
  const member: MasterMember = {
    address, link: undefined, held: 0, delivered: 0, counted: 0, sent: ORIGIN_PLACE,
    beatAt: -Infinity,
    heardAt: state.now, ackedAt: -Infinity, probeAt: state.now + state.config.retryMs,
    probe: undefined, isWaitedFor: true, isLeaving: false, hasDeclined: false,
    hasFollowed: false, toldCommit: -1,
  }
  role.members.set(address.id, member)
  return member
}

/** A node asks to follow: tells it where its log and this one part, and relays from there. */
export function onFollow(
  state: MeshState, role: Mastering, link: Link, frame: FollowFrame,
): void {
  noteTerm(state, frame.term)
  if (frame.term > role.term) {
    becomeSeeking(state, 'a follower has seen a higher term')
    return
  }
  const address = addressOf(state, link.peer) ?? {id: link.peer, url: ''}
  // Not seen in the pool yet: only a member whose address is known can be in the view.
  if (!address.url) state.pool.askedAt = -Infinity
  const known = role.members.get(link.peer)
  if (known?.link !== link.id) closeLink(state, known?.link, 'replaced by a newer link')
  closeLink(state, known?.probe, 'answered')
  const member = expectMember(state, role, address)
  member.link = link.id
  member.hasFollowed = true
  role.gone.delete(link.peer)
  role.missing = role.missing.filter((missing) => missing.node !== link.peer)
  const start = planSync(state, frame.chain)
  member.sent = start.keep
  send(state, link.id, {
    type: 'welcome', term: role.term, epoch: role.epoch, keep: start.keep, snapshot: start.snapshot,
    last: state.log.last, view: role.view,
  })
}

/** This node leads nobody: says who does, as far as it knows. */
export function refuseFollower(state: MeshState, link: Link, term: number): void {
  noteTerm(state, term)
  const {role, hint, self} = state
  const known = role.type === 'following' ? role : hint
  const isOther = known !== undefined && known.master.id !== self.id
  // A master is named with its own term: under a higher one it would be looked for for ever.
  send(state, link.id, {
    type: 'refuse', term: isOther ? known.term : state.highestTerm,
    reason: 'not-master',
    master: isOther ? known.master : undefined,
  })
}

/** What a follower says on its link. */
export function onFollowerFrame(
  state: MeshState, role: Mastering, link: Link, frame: NodeFrame,
): void {
  const member = role.members.get(link.peer)
  if (member?.link !== link.id) return
  if (frame.term !== role.term) {
    count(state, 'staleTerms')
    noteTerm(state, frame.term)
    if (frame.term > role.term) becomeSeeking(state, 'a follower has seen a higher term')
    return
  }
  switch (frame.type) {
    case 'publish':
      onPublish(state, role, link.peer, frame)
      return
    case 'ack':
      onAck(state, member, frame)
      return
    case 'resend': {
      const place = state.log.placeAt(frame.after)
      if (place) member.sent = {term: place.term, seq: place.seq}
      else closeLink(state, link.id, 'asked for more than the history')
      return
    }
    case 'leave':
      member.isLeaving = true
      return
    case 'refuse':
      // It will not take over: another may at once.
      member.hasDeclined = true
      if (role.handedTo === link.peer) role.handedTo = undefined
      return
    case 'follow':
    case 'welcome':
    case 'relay':
    case 'stable':
    case 'handover':
    case 'ask':
    case 'answer':
    case 'promise':
    case 'promised':
    case 'fetch':
    case 'suffix':
      return
    default:
      unreachable(frame)
  }
}

function onPublish(
  state: MeshState, role: Mastering, origin: NodeId, frame: PublishFrame,
): void {
  if (role.frozenUntil !== undefined) return
  const repeated = new Set<number>()
  for (const envelope of frame.envelopes) {
    if (envelope.origin !== origin) continue
    if (!order(state, role, envelope, frame.first)) repeated.add(envelope.counter)
  }
  if (repeated.size > 0) repeatStable(state, role, origin, repeated)
}

/**
 * Gives a message its place. Each origin's counter goes up by one: a lower one was ordered before
 * (dedupe), a higher one comes after a gap, whose messages the origin sends again. Returns false
 * for a repeated one.
 */
export function order(
  state: MeshState, role: Mastering, envelope: Envelope, first: number,
): boolean {
  const last = Math.max(state.log.lastCounter(envelope.origin) ?? 0, first - 1)
  if (envelope.counter <= last) {
    count(state, 'duplicates')
    return false
  }
  if (envelope.counter > last + 1) {
    count(state, 'gaps')
    return true
  }
  state.log.append({term: role.term, seq: state.log.last.seq + 1, envelope}, state.now)
  count(state, 'ordered')
  return true
}

function onAck(state: MeshState, member: MasterMember, frame: AckFrame): void {
  member.heardAt = state.now
  member.ackedAt = state.now
  // Acknowledging what was never sent: a follower that lies must not commit anything.
  const held = Math.min(frame.held, member.sent.seq)
  if (held > member.held) member.held = held
  takeCounts(state, member, frame.countsAfter, frame.connections)
  const delivered = Math.min(frame.delivered, held)
  if (delivered > member.delivered) member.delivered = delivered
}

/** Orders this node's own outbox. */
function orderOwn(state: MeshState, role: Mastering): void {
  const {outbox} = state
  const {first} = outbox
  if (first === undefined || role.frozenUntil !== undefined) return
  const repeated = new Set<number>()
  for (const {envelope} of outbox.above(Math.max(state.sentCounter, first - 1))) {
    if (!order(state, role, envelope, first)) repeated.add(envelope.counter)
    state.sentCounter = envelope.counter
  }
  if (repeated.size > 0) repeatStable(state, role, state.self.id, repeated)
}

/**
 * What is committed if `assumed` holds everything it is being sent: more than half of the view
 * holds it, and of the view to be as well. So a frame tells its receiver what is committed once it
 * has it: in views of up to three a follower delivers at once.
 */
function committedIf(
  state: MeshState, role: Mastering, assumed?: {readonly id: NodeId; readonly seq: number},
): number {
  const last = state.log.last.seq
  if (state.committed >= last) return state.committed
  const heldBy = (id: NodeId): number => {
    if (id === state.self.id) return last
    if (id === assumed?.id) return assumed.seq
    return role.members.get(id)?.held ?? 0
  }
  let seq = heldByMajority(role.view, heldBy)
  if (role.pending) seq = Math.min(seq, heldByMajority(role.pending.view, heldBy))
  return seq >= role.openSeq ? Math.max(seq, state.committed) : state.committed
}

/** Orders, relays, commits; at the end of a turn. */
export function flushMaster(state: MeshState, role: Mastering): void {
  orderOwn(state, role)
  for (const member of role.members.values()) relayTo(state, role, member)
  state.committed = committedIf(state, role)
}

/** Stability and pruning come after this node's own delivery. */
export function finishFlush(state: MeshState, role: Mastering): void {
  const {config} = state
  advanceStable(state, role)
  state.log.prune(state.stable, state.now - config.historyMs, config.historyBytes)
}

function relayTo(state: MeshState, role: Mastering, member: MasterMember): void {
  const {link} = member
  if (link === undefined || !state.links.has(link)) return
  const last = state.log.last.seq
  const isBeatDue = state.now - member.beatAt >= state.config.linkBeatMs
  // Most turns, for most members.
  if (member.sent.seq >= last && member.toldCommit >= last && !isBeatDue) return
  do {
    const heldSeq = Math.max(member.held, state.log.after.seq)
    const inFlight = state.log.bytesBetween(heldSeq, member.sent.seq)
    const entries = inFlight < IN_FLIGHT_BYTES ? takeBatch(state, member.sent.seq) : []
    const through = member.sent.seq + entries.length
    const commit = committedIf(state, role, {id: member.address.id, seq: through})
    const isNews =
      entries.length > 0 ||
      Math.min(commit, through) > member.toldCommit ||
      state.now - member.beatAt >= state.config.linkBeatMs
    if (!isNews) return
    const {stable} = state
    send(state, link, {
      type: 'relay', term: role.term, after: member.sent, entries, commit, stable,
    })
    member.beatAt = state.now
    member.toldCommit = Math.min(commit, through)
    const end = entries.at(-1)
    if (!end) return
    member.sent = {term: end.term, seq: end.seq}
  } while (member.sent.seq < last)
}

/** Silence, deaths, and whether a majority still answers. */
export function tickMaster(state: MeshState, role: Mastering): void {
  const {config, now} = state
  for (const member of role.members.values()) {
    const {id} = member.address
    const isGone = member.link === undefined && role.gone.has(id)
    if (isGone || now - member.heardAt >= config.dropMs) {
      closeLink(state, member.link, 'silent')
      member.link = undefined
      giveUpMember(state, role, member, isGone)
    }
    if (isGone || member.link !== undefined) continue
    if (member.probe === undefined && now >= member.probeAt) probe(state, member)
  }
  if (isAnswered(state, role)) role.majorityAt = now
}

/** More than half of the view, and of the one to be, acknowledged within silenceMs. */
export function isAnswered(state: MeshState, role: Mastering): boolean {
  const isHeard = (id: NodeId): boolean => {
    if (id === state.self.id) return true
    const member = role.members.get(id)
    return member?.link !== undefined && state.now - member.ackedAt < state.config.silenceMs
  }
  return isMajority(role.view, isHeard) && (!role.pending || isMajority(role.pending.view, isHeard))
}

/** The link to a follower closed: it may come back at once, or be dead; a dial tells. */
export function onFollowerClosed(state: MeshState, role: Mastering, link: Link): void {
  const member = role.members.get(link.peer)
  if (member?.link !== link.id) return
  member.link = undefined
  member.probeAt = state.now
}

function probe(state: MeshState, member: MasterMember): void {
  const address = member.address.url ? member.address : addressOf(state, member.address.id)
  member.probeAt = state.now + state.config.retryMs
  if (address) member.probe = dial(state, address, 'probe')
}

/** A probe's answer: alive, and then it will come by itself; or gone, for ever. */
export function onProbe(
  state: MeshState, role: Mastering, link: Link, answer: 'alive' | 'gone' | 'silent',
): void {
  const member = [...role.members.values()].find((candidate) => candidate.probe === link.id)
  if (member) member.probe = undefined
  if (answer === 'alive') closeLink(state, link.id, 'probed')
  if (answer === 'gone') role.gone.add(link.peer)
}
