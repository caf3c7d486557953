/** A core in numbers. */
import type {Position} from '../protocol/position.js'
import type {NodeId} from '../util/brand.js'
import type {Log} from './log.js'
import type {CounterName, MeshState} from './state.js'

export interface CoreStats {
  readonly role: MeshState['role']['type']
  readonly term: number
  readonly epoch: string
  readonly master: NodeId | undefined
  /** The last position delivered here. */
  readonly position: Position
  readonly view: readonly NodeId[]
  readonly links: number
  readonly outboxMessages: number
  readonly outboxBytes: number
  readonly historyMessages: number
  readonly historyBytes: number
  readonly logSizes: Log['sizes']
  readonly beats: number
  readonly stableSeq: number
  readonly isStoreUp: boolean
  /** Since the lease was last seen to change, by this node's own reads. */
  readonly leaseAgeMs: number
  readonly counters: Readonly<Record<CounterName, number>>
}

export interface LinkLag {
  readonly node: NodeId
  /** Messages it has not delivered; of a master: handed here, and not committed yet. */
  readonly lagMessages: number
  /** Since it was last heard. */
  readonly silentMs: number
}

export function coreStats(state: MeshState): CoreStats {
  const {role, log: entries, outbox, pool} = state
  const place = entries.placeAt(state.queued) ?? entries.after
  return {
    role: role.type,
    term: 'term' in role ? role.term : state.promised.term,
    epoch: entries.epoch,
    master: masterOf(state),
    position: {epoch: entries.epoch, term: place.term, seq: place.seq},
    view: viewOf(state),
    links: state.links.size,
    outboxMessages: outbox.size,
    outboxBytes: outbox.bytes,
    historyMessages: entries.length,
    historyBytes: entries.bytes,
    logSizes: entries.sizes,
    beats: pool.beats.size,
    stableSeq: state.stable,
    isStoreUp: pool.isUp,
    leaseAgeMs: state.now - pool.leaseChangedAt,
    counters: {...state.counters},
  }
}

/** A master's followers, a follower's master; nobody in other roles. */
export function linkLags({role, log, queued, now}: MeshState): readonly LinkLag[] {
  const last = log.last.seq
  if (role.type === 'following') {
    const {master, heardAt} = role
    return [{node: master.id, lagMessages: last - queued, silentMs: now - heardAt}]
  }
  if (role.type !== 'mastering') return []
  return [...role.members.values()]
    .filter(({link}) => link !== undefined)
    .map(({address, delivered, heardAt}) => ({
      node: address.id, lagMessages: Math.max(0, last - delivered), silentMs: now - heardAt,
    }))
}

function masterOf(state: MeshState): NodeId | undefined {
  const {role} = state
  if (role.type === 'mastering') return state.self.id
  return role.type === 'following' ? role.master.id : undefined
}

function viewOf(state: MeshState): NodeId[] {
  const view = state.role.type === 'mastering' ? state.role.view : state.pool.snapshot?.lease?.view
  return (view ?? []).map((member) => member.id)
}
