/** Answers to those who want to lead: is the master lost, promises, and what this node holds. */
import type {
  AskFrame, FetchFrame, LogEntry, PromiseFrame, RefuseFrame,
} from '../protocol/node-frame.js'
import type {Place} from '../protocol/position.js'
import {count, noteTerm, send, type Link, type MeshState} from './state.js'
import {planSync} from './sync.js'
import {becomeSeeking} from './transition.js'

/** Yes: this node has no master that it hears, has not just promised one, and is none. */
export function onAsk(state: MeshState, link: Link, frame: AskFrame): void {
  noteTerm(state, frame.term)
  const {role} = state
  const isHeard =
    role.type === 'following' && state.now - role.heardAt < state.config.silenceMs
  const isLeading = role.type === 'mastering' || role.type === 'claimed'
  const hasPromised = state.now - state.promisedAt < state.config.silenceMs
  const yes = !isHeard && !isLeading && !hasPromised && role.type !== 'drained'
  send(state, link.id, {type: 'answer', term: state.highestTerm, yes})
}

/**
 * Nothing below this term any more, and only this holder in it. The old master's link is closed
 * with the promise, so that nothing of the old term arrives after it (fencing, P7).
 */
export function onPromise(state: MeshState, link: Link, frame: PromiseFrame): void {
  const {promised, role} = state
  noteTerm(state, frame.term)
  const isRepeat = promised.term === frame.term && promised.holder === link.peer
  if (!isRepeat && frame.term <= promised.term) {
    count(state, 'staleTerms')
    const reason = frame.term < promised.term ? 'term-too-low' : 'promised-other'
    refuse(state, link, reason)
    return
  }
  state.promised = {term: frame.term, holder: link.peer, epoch: frame.epoch}
  if (!isRepeat) state.promisedAt = state.now
  const master = {id: link.peer, url: frame.url}
  const isFollowingIt = role.type === 'following' && role.term === frame.term
  if (!isRepeat || !isFollowingIt) {
    const isTryingIt = role.type === 'seeking' && role.attempt?.to.id === link.peer
    const hint = {master, term: frame.term}
    if (isTryingIt) state.hint = hint
    else if (role.type !== 'drained') {
      const seeking = becomeSeeking(state, 'promised a new master', {hint, keepLink: link.id})
      seeking.roundAt = state.now + state.config.silenceMs
    }
  }
  send(state, link.id, {
    type: 'promised', term: frame.term, chain: state.log.chain(), committed: state.committed,
  })
}

/** Names the master only of the highest term: what comes with a term is taken for its master. */
function refuse(state: MeshState, link: Link, reason: RefuseFrame['reason']): void {
  const {highestTerm: term, hint} = state
  const master = hint?.term === term ? hint.master : undefined
  send(state, link.id, {type: 'refuse', term, reason, master})
}

/** Sends what this node holds beyond the new master's log, in parts. */
export function onFetch(state: MeshState, link: Link, frame: FetchFrame): void {
  const {promised} = state
  if (promised.term !== frame.term || promised.holder !== link.peer) {
    count(state, 'staleTerms')
    refuse(state, link, 'promised-other')
    return
  }
  const {keep, snapshot} = planSync(state, frame.chain)
  let after = keep
  if (snapshot) {
    // By itself: with entries beside it, it might not fit a frame.
    const first = {keep, snapshot, after, entries: [], done: false}
    send(state, link.id, {type: 'suffix', term: frame.term, ...first})
  }
  for (const entries of batches(state, keep)) {
    const last = entries.at(-1) ?? after
    send(state, link.id, {
      type: 'suffix', term: frame.term, keep, snapshot: undefined, after, entries,
      done: last.seq === state.log.last.seq,
    })
    after = {term: last.term, seq: last.seq}
  }
}

/** The entries after a place in frames of about frameBytes; at least one, which may be empty. */
export function* batches(state: MeshState, after: Place): Generator<readonly LogEntry[]> {
  let from = after.seq
  do {
    const entries = takeBatch(state, from)
    yield entries
    from += entries.length
  } while (from < state.log.last.seq)
}

/** The entries after a seq that fit in one frame; at least one if there is any. */
export function takeBatch(state: MeshState, after: number): readonly LogEntry[] {
  let through = after
  let bytes = 0
  for (;;) {
    const slot = state.log.at(through + 1)
    if (!slot || (through > after && bytes + slot.bytes > state.config.frameBytes)) break
    bytes += slot.bytes
    through++
  }
  return state.log.slice(after, through)
}
