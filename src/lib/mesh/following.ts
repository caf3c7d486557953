/** Following a master: from its welcome to the end of the link. */
import {unreachable} from '../util/assert.js'
import type {NodeAddress, NodeFrame, RelayFrame, WelcomeFrame} from '../protocol/node-frame.js'
import type {Following} from './role.js'
import {becomeDrained, becomeSeeking} from './transition.js'
import {closeLink, count, emit, log, noteTerm, send, type Link, type MeshState} from './state.js'
import {appendEntries, startSync} from './sync.js'
import {restartSending, settle, takeUnsent} from './publishing.js'

/** Connection counts in one acknowledgement; more follow in the next. */
const COUNTS_MAX = 16_384

/** The master takes this node in, on the link of the attempt. */
export function onWelcome(state: MeshState, link: Link, frame: WelcomeFrame): void {
  const {role, promised} = state
  if (role.type !== 'seeking' || role.attempt?.link !== link.id) return
  noteTerm(state, frame.term)
  // A promise of another epoch binds no more: its log is given up with it.
  const isOthers = promised.holder !== undefined && promised.holder !== link.peer
    && promised.epoch === frame.epoch
  const isPromisedAway =
    frame.term < promised.term || (frame.term === promised.term && isOthers)
  if (isPromisedAway) {
    count(state, 'staleTerms')
    becomeSeeking(state, 'welcome of an older term')
    return
  }
  if (!startSync(state, frame.epoch, frame)) {
    becomeSeeking(state, 'welcome does not fit the log')
    return
  }
  const master: NodeAddress = role.attempt.to
  state.promised = {term: frame.term, holder: link.peer, epoch: frame.epoch}
  state.hint = {master, term: frame.term}
  const {attempt, round} = role
  for (const peer of round?.peers.values() ?? []) closeLink(state, peer.link, 'answered')
  restartSending(state)
  state.role = {
    type: 'following', master, term: frame.term, link: attempt.link, heardAt: state.now,
    syncedAt: frame.last.seq, ackAt: -Infinity, isAckDue: true, hasRelay: false,
    resendAskedAt: -Infinity, isLeaving: false, hasDeclined: false,
  }
  log(state, 'info', 'following', {master: master.id, term: frame.term})
}

/** Everything that comes on the link to the master. */
export function onMasterFrame(state: MeshState, role: Following, frame: NodeFrame): void {
  if (frame.term < role.term) {
    count(state, 'staleTerms')
    return
  }
  noteTerm(state, frame.term)
  role.heardAt = state.now
  switch (frame.type) {
    case 'relay':
      onRelay(state, role, frame)
      return
    case 'stable':
      settle(state, state.log.epoch, frame.messages)
      return
    case 'leave':
      if (role.isLeaving) finishLeaving(state)
      return
    case 'handover':
      onHandover(state, role)
      return
    case 'refuse':
      becomeSeeking(state, `the master refuses: ${frame.reason}`, frame.master
        ? {hint: {master: frame.master, term: frame.term}}
        : {})
      return
    case 'welcome':
    case 'follow':
    case 'publish':
    case 'ack':
    case 'resend':
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

/** One that retires would hand over again soon. Asked a second time it is the only one. */
function onHandover(state: MeshState, role: Following): void {
  if (!role.hasDeclined && (state.isRetiring || state.isDraining)) {
    role.hasDeclined = true
    const reason = 'draining'
    send(state, role.link, {type: 'refuse', term: role.term, reason, master: undefined})
    return
  }
  if (state.isDraining) return
  becomeSeeking(state, 'the master hands over', {isInvited: true})
}

function onRelay(state: MeshState, role: Following, frame: RelayFrame): void {
  if (!appendEntries(state, frame.after, frame.entries)) {
    if (state.now - role.resendAskedAt < state.config.retryMs) return
    role.resendAskedAt = state.now
    count(state, 'gaps')
    send(state, role.link, {type: 'resend', term: role.term, after: state.log.last.seq})
    return
  }
  if (frame.entries.length > 0) role.isAckDue = true
  // A commit beyond what is held belongs to entries that are still to come.
  const committed = Math.min(frame.commit, frame.after.seq + frame.entries.length)
  if (committed > state.committed) {
    state.committed = committed
    role.isAckDue = true
  }
  state.stable = Math.min(frame.stable, state.queued)
  role.hasRelay = true
}

/** Time passes: silence, heartbeats, resends. */
export function tickFollowing(state: MeshState, role: Following): void {
  const {config, now} = state
  if (now - role.heardAt >= config.silenceMs) {
    becomeSeeking(state, 'the master is silent')
    return
  }
  if (now - role.ackAt >= config.linkBeatMs) role.isAckDue = true
}

/** One frame of each kind at the end of a turn, however much happened in it. */
export function flushFollowing(state: MeshState, role: Following): void {
  const {log: entries, config} = state
  for (;;) {
    const publish = takeUnsent(state, role.term)
    if (!publish) break
    send(state, role.link, publish)
  }
  // Which counts this master still wants is known from its first relay on.
  if (!role.isAckDue || !role.hasRelay) return
  // What was just handed out is counted in a moment: one acknowledgement for both.
  if (state.queued < state.delivered) return
  const countsAfter = Math.max(state.stable, entries.after.seq)
  const through = Math.min(state.queued, countsAfter + COUNTS_MAX)
  const connections = entries.slice(countsAfter, through).map((slot) => slot.connections ?? 0)
  send(state, role.link, {
    type: 'ack', term: role.term, held: entries.last.seq, delivered: Math.max(through, countsAfter),
    countsAfter, connections,
  })
  role.isAckDue = false
  role.ackAt = state.now
  entries.prune(state.stable, state.now - config.historyMs, config.historyBytes)
}

/**
 * Draining: the outbox is empty, say good-bye. What this node holds may be needed until the view
 * does without it: it goes on until the master says that it may go, this one or the next.
 */
export function leaveMaster(state: MeshState, role: Following): void {
  if (role.isLeaving) return
  role.isLeaving = true
  send(state, role.link, {type: 'leave', term: role.term})
}

export function finishLeaving(state: MeshState): void {
  emit(state, {type: 'remove-member', id: state.self.id})
  becomeDrained(state)
  emit(state, {type: 'drained'})
}
