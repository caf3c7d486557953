/** What a node is, for those above: derived from the role, told when it changes. */
import {unreachable} from '../util/assert.js'
import type {Standing} from './effect.js'
import {emit, type MeshState} from './state.js'

/** Tells the standing if it changed. */
export function tellStanding(state: MeshState): void {
  const next = standingOf(state)
  if (isSame(next, state.standing)) return
  if (next.state === 'following' || next.state === 'mastering') state.hasJoined = true
  state.standing = next
  emit(state, {type: 'standing', standing: next})
}

function standingOf(state: MeshState): Standing {
  const {role, config, now} = state
  switch (role.type) {
    case 'mastering':
      // Without a majority it can commit nothing: whoever asks must not be sent here.
      return now - role.majorityAt < config.dropMs
        ? {state: 'mastering', term: role.term}
        : withoutMaster(state)
    case 'following':
      return state.hasJoined || state.log.last.seq >= role.syncedAt
        ? {state: 'following', master: role.master.id, term: role.term}
        : {state: 'joining'}
    case 'seeking':
    case 'claimed':
      return withoutMaster(state)
    case 'drained':
      return {state: 'drained'}
    default:
      return unreachable(role)
  }
}

/** Isolated: a master renews its lease, and this node has known of it, unreached, for a lease. */
function withoutMaster(state: MeshState): Standing {
  const {role, pool, config, now, self} = state
  if (!state.hasJoined) return {state: 'joining'}
  const {term} = state.promised
  const lease = pool.snapshot?.lease
  const since = role.type === 'seeking' ? Math.max(role.since, pool.termSeenAt) : now
  const isLeftBehind =
    now - since >= config.leaseMs && pool.isUp && lease?.holder !== undefined &&
    lease.holder !== self.id && pool.renewedAt > since && now - pool.renewedAt < config.leaseMs
  return {state: isLeftBehind ? 'isolated' : 'seeking', term}
}

function isSame(a: Standing, b: Standing): boolean {
  if (a.state !== b.state) return false
  return termOf(a) === termOf(b) && masterOf(a) === masterOf(b)
}

function termOf(standing: Standing): number {
  return 'term' in standing ? standing.term : 0
}

function masterOf(standing: Standing): string {
  return 'master' in standing ? standing.master : ''
}
