/** The master keeps the pool's rows true: those of nodes that no longer run are removed. */
import type {Mastering} from './role.js'
import {isInView} from './quorum.js'
import {addressOf, count, dial, emit, log, type MeshState} from './state.js'

/** A row of a node that nobody reaches and that beats no more goes after this, proof or not. */
const STALE_ROW_MS = 60_000

/** Removes rows proved dead or stale for long, and looks after those that fell silent. */
export function sweepPool(state: MeshState, role: Mastering): void {
  const {pool, now, config, self} = state
  if (!pool.isUp) return
  for (const {id} of pool.snapshot?.members ?? []) {
    const beat = pool.beats.get(id)
    if (id === self.id || !beat) continue
    const member = role.members.get(id)
    if (member?.link !== undefined) continue
    const silentMs = now - beat.changedAt
    const isGone = role.gone.has(id) && !isInView(role.view, id)
    if (isGone || silentMs >= STALE_ROW_MS) {
      removeRow(state, role, id, isGone ? 'gone' : 'silent')
    } else if (!member && silentMs >= config.leaseMs && now - beat.probedAt >= config.answerMs) {
      beat.probedAt = now
      const address = addressOf(state, id)
      if (address) dial(state, address, 'probe')
    }
  }
}

function removeRow(
  state: MeshState, role: Mastering, id: Parameters<typeof role.gone.has>[0], reason: string,
): void {
  const {pool} = state
  count(state, 'evicted')
  log(state, 'info', 'member removed from the pool', {node: id, reason})
  emit(state, {type: 'remove-member', id})
  role.gone.delete(id)
  pool.beats.delete(id)
}
