/** What a node knows of messages, for operators: reads, and changes nothing. */
import type {Envelope} from '../protocol/envelope.js'
import {messageId} from '../protocol/envelope.js'
import type {Place} from '../protocol/position.js'
import {isNodeId} from '../util/brand.js'
import type {Slot} from './log.js'
import type {MeshState} from './state.js'

export type InspectQuery =
  | {readonly type: 'id'; readonly id: string}
  /** The last messages that are wanted, newest first. */
  | {
      readonly type: 'last'
      readonly isWanted: (envelope: Envelope) => boolean
      readonly limit: number
    }

/**
 * waiting: in this node's outbox, not ordered yet. held: ordered, but it is not known that a
 * majority has it. committed: about to be delivered. delivered: queued to who was connected here.
 */
export type InspectedState = 'waiting' | 'held' | 'committed' | 'delivered'

export interface Inspected {
  readonly envelope: Envelope
  readonly state: InspectedState
  /** Undefined while it waits. */
  readonly place: Place | undefined
  /** When this node took it in, by the clock of its events. */
  readonly at: number
  /** Connections that it was queued to here; undefined until then. */
  readonly connections: number | undefined
}

export interface Inspection {
  readonly epoch: string
  /** The history begins after this place. */
  readonly after: Place
  /** All up to this place was queued to connections here. */
  readonly delivered: Place
  readonly found: readonly Inspected[]
  /**
   * Of an id that was not found. expired: it was ordered, before this history begins. unknown: no
   * message of this id came here.
   */
  readonly absent: 'expired' | 'unknown' | undefined
}

/** Walks the whole history: not for the paths of messages. */
export function inspect(state: MeshState, query: InspectQuery): Inspection {
  const {log} = state
  const found = query.type === 'id' ? findId(state, query.id) : findLast(state, query)
  return {
    epoch: log.epoch,
    after: log.after,
    delivered: log.placeAt(state.queued) ?? log.after,
    found,
    absent: query.type === 'id' && found.length === 0 ? absence(state, query.id) : undefined,
  }
}

function findId(state: MeshState, id: string): Inspected[] {
  const isIt = (envelope: Envelope): boolean => messageId(envelope) === id
  return findLast(state, {isWanted: isIt, limit: 1})
}

interface Wanted {
  readonly isWanted: (envelope: Envelope) => boolean
  readonly limit: number
}

function findLast(state: MeshState, {isWanted, limit}: Wanted): Inspected[] {
  const {log, outbox, self} = state
  const ordered = log.lastCounter(self.id) ?? 0
  const waiting = [...outbox.above(ordered)]
    .toReversed()
    .filter(({envelope}) => isWanted(envelope))
    .slice(0, limit)
  const found = waiting.map(({envelope, acceptedAt}): Inspected => ({
    envelope, state: 'waiting', place: undefined, at: acceptedAt, connections: undefined,
  }))
  for (let {seq} = log.last; seq > log.after.seq && found.length < limit; seq -= 1) {
    const slot = log.at(seq)
    // A repeat went to nobody: what became of its message is what there is to say.
    if (!slot?.envelope || slot.repeatOf || !isWanted(slot.envelope)) continue
    found.push(inspected(state, slot, slot.envelope))
  }
  return found
}

function inspected(state: MeshState, slot: Slot, envelope: Envelope): Inspected {
  const {term, seq, at, connections} = slot
  const stage =
    seq <= state.queued ? 'delivered' : seq <= state.committed ? 'committed' : 'held'
  return {envelope, state: stage, place: {term, seq}, at, connections}
}

function absence(state: MeshState, id: string): 'expired' | 'unknown' {
  const [, origin = '', counter = ''] = /^(.+)-([1-9]\d{0,14})$/.exec(id) ?? []
  const last = isNodeId(origin) ? state.log.lastCounter(origin) : undefined
  return last !== undefined && Number(counter) <= last ? 'expired' : 'unknown'
}
