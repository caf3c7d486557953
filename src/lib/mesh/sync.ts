/** Bringing one log in line with another: what to keep, what to send, and taking it in. */
import {assert} from '../util/assert.js'
import {packEnvelope} from '../protocol/envelope-codec.js'
import type {Chain, LogEntry, Snapshot} from '../protocol/node-frame.js'
import type {Place} from '../protocol/position.js'
import {commonPlace, type Slot} from './log.js'
import {count, emit, log, type MeshState} from './state.js'

export interface SyncStart {
  /** The receiver keeps its log up to here and goes on from here. */
  readonly keep: Place
  /** Or starts from this, which stands at `keep`. */
  readonly snapshot: Snapshot | undefined
}

/** How somebody who holds `theirs` gets to what this log holds. */
export function planSync(state: MeshState, theirs: Chain): SyncStart {
  const keep = commonPlace(state.log.chain(), theirs)
  if (keep) return {keep, snapshot: undefined}
  const snapshot = state.log.snapshot()
  return {keep: snapshot.after, snapshot}
}

/**
 * Drops what the sender does not hold. Clients that were sent some of that, or that now miss
 * something, are told by log-replaced. False: the sender named a place that is not in this log.
 */
export function startSync(state: MeshState, epoch: string, start: SyncStart): boolean {
  const {keep, snapshot} = start
  if (snapshot || epoch !== state.log.epoch) {
    if (!snapshot && keep.seq !== 0) return false
    const wasEmpty = state.log.epoch === ''
    state.log.reset(epoch, snapshot)
    if (!wasEmpty) replaced(state, keep, true)
    // What follows is history to the clients of others: this node takes some when it has it all.
    state.hasJoined = false
    state.committed = keep.seq
    state.delivered = keep.seq
    state.queued = keep.seq
    state.stable = keep.seq
    return true
  }
  const held = state.log.placeAt(keep.seq)
  if (held?.term !== keep.term) return false
  const isTakenBack = keep.seq < state.delivered
  state.log.truncateTo(keep)
  if (isTakenBack) replaced(state, keep, false)
  state.committed = Math.min(state.committed, keep.seq)
  state.delivered = Math.min(state.delivered, keep.seq)
  state.queued = Math.min(state.queued, keep.seq)
  state.stable = Math.min(state.stable, keep.seq)
  return true
}

/**
 * Appends entries that stand after `after`. Those held already are passed over; false: there is a
 * gap before them, or they contradict what is held.
 */
export function appendEntries(
  state: MeshState, after: Place, entries: readonly LogEntry[],
): boolean {
  const lastSeq = state.log.last.seq
  const held = state.log.placeAt(after.seq)
  // Older than the window: it was compared when it was taken in. Beyond the log: a gap.
  if (held ? held.term !== after.term : after.seq > state.log.after.seq) return false
  let seq = after.seq
  for (const entry of entries) {
    seq++
    if (entry.seq !== seq) return false
    const mine = state.log.placeAt(seq)
    if (seq <= lastSeq) {
      if (mine && mine.term !== entry.term) return false
      continue
    }
    if (entry.term < state.log.last.term) return false
    state.log.append(entry, state.now)
  }
  return true
}

function replaced(state: MeshState, after: Place, reset: boolean): void {
  count(state, 'logReplaced')
  log(state, 'warn', 'log replaced', {epoch: state.log.epoch, term: after.term, seq: after.seq})
  emit(state, {type: 'log-replaced', epoch: state.log.epoch, after, reset})
}

/** Hands newly committed entries to the connections. */
export function deliverCommitted(state: MeshState): void {
  const {committed, delivered} = state
  assert(committed <= state.log.last.seq, 'only what is held can be committed')
  if (committed <= delivered) return
  const entries = state.log.slice(delivered, committed)
  assert(entries.length === committed - delivered, 'what is not delivered is still held')
  state.delivered = committed
  count(state, 'delivered', entries.length)
  for (const slot of entries) if (slot.repeatOf) noteRepeat(state, slot, slot.repeatOf)
  emit(state, {type: 'deliver', epoch: state.log.epoch, after: delivered, entries})
}

function noteRepeat(state: MeshState, {envelope}: Slot, {seq}: Place): void {
  count(state, 'repeats')
  if (envelope?.origin !== state.self.id || state.log.at(seq)) return
  const own = state.outbox.get(envelope.counter)
  if (own) own.isEarlier = true
}

/** The performer queued entries: their counts go into the acknowledgements. */
export function takeDelivered(
  state: MeshState, after: number, connections: readonly number[],
): void {
  // The log was replaced in between: those deliveries count for nobody.
  if (after !== state.queued || after + connections.length > state.delivered) return
  for (let index = 0; index < connections.length; index += 1) {
    const number = connections[index]
    const slot = state.log.at(after + 1 + index)
    if (!slot) continue
    // A repeat went to nobody, and says whom its message reached: its receipt is that one's, also
    // when the master that counted it first is dead.
    const {repeatOf} = slot
    if (slot.envelope) slot.envelope = packEnvelope(slot.envelope)
    slot.connections = repeatOf ? (state.log.at(repeatOf.seq)?.connections ?? 0) : number
  }
  state.queued += connections.length
}
