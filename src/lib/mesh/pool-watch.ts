/** Reading the pool, and what its reads say of the lease. */
import type {Lease, PoolSnapshot} from './membership.js'
import {isStoreFree, noteTerm, readPool, type MeshState} from './state.js'

/** Asks for a read when one is due. A store that fails is asked as often, not more. */
export function watchPool(state: MeshState): void {
  const {pool, config, now} = state
  if (isStoreFree(state) && now - pool.askedAt >= config.heartbeatMs) readPool(state)
}

/** Takes in a read. Lease times start anew when the row changed. */
export function takeSnapshot(state: MeshState, snapshot: PoolSnapshot): void {
  const {pool, now} = state
  const before = pool.snapshot?.lease
  const {lease} = snapshot
  const isChanged = !lease || !before || !isSameRow(lease, before)
  // It changed somewhere between two reads: in the middle is the best guess.
  if (!pool.isUp) pool.leaseChangedAt = now
  else if (isChanged) pool.leaseChangedAt = (pool.readAt + now) / 2
  if (pool.isUp && isChanged) pool.renewedAt = now
  if (lease?.term !== before?.term || lease?.epoch !== before?.epoch) pool.termSeenAt = now
  pool.missingSince = lease ? undefined : (pool.missingSince ?? now)
  pool.snapshot = snapshot
  pool.readAt = now
  pool.isUp = true
  if (lease) noteTerm(state, lease.term)
  const beats: typeof pool.beats = new Map()
  for (const {id, beat} of snapshot.members) {
    const known = pool.beats.get(id)
    const isKnown = known !== undefined && known.beat === beat
    beats.set(id, isKnown ? known : {beat, changedAt: now, probedAt: -Infinity})
  }
  pool.beats = beats
}

/** The store did not answer: silence counts only while reads succeed, so all clocks start again. */
export function storeFailed(state: MeshState): void {
  state.pool.isUp = false
  state.pool.missingSince = undefined
}

/** The lease has not changed for leaseMs of successful reads. */
export function isLeaseExpired(state: MeshState): boolean {
  const {pool, config, now} = state
  return pool.isUp && now - pool.leaseChangedAt >= config.leaseMs
}

/** The lease row is missing since a whole lease: a wiped store whose holder is gone. */
export function isLeaseMissing(state: MeshState): boolean {
  const {pool, config, now} = state
  return pool.isUp && pool.missingSince !== undefined && now - pool.missingSince >= config.leaseMs
}

/** A process that was stopped has seen nothing: whatever was silent meanwhile may not have been. */
export function restartLeaseClock(state: MeshState): void {
  state.pool.leaseChangedAt = state.now
  if (state.pool.missingSince !== undefined) state.pool.missingSince = state.now
  for (const beat of state.pool.beats.values()) beat.changedAt = state.now
}

function isSameRow(a: Lease, b: Lease): boolean {
  return a.epoch === b.epoch && a.term === b.term && a.version === b.version
}
