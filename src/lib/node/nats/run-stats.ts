/** Where a node with a NATS relay stands, in numbers. */
import type {NodeId} from '../../util/brand.js'
import type {RelayStats} from '../relay.js'
import type {Inflow} from './inflow.js'
import type {Intake} from './intake.js'
import type {Members} from './members.js'
import type {Memory} from './memory.js'
import type {Needs} from './needs.js'
import type {Neighbours} from './neighbours.js'
import type {OutgoingMessages} from './outgoing.js'
import {placeAfter} from './places.js'

export interface CountedParts {
  readonly inflow: Pick<Inflow, 'epoch' | 'delivered' | 'catchUps' | 'lateMessages'>
  readonly members: Pick<Members, 'outboxTerm' | 'size' | 'isUp' | 'leaseAgeMs'>
  readonly neighbours: Pick<Neighbours, 'size' | 'ids'>
  readonly outgoing: Pick<OutgoingMessages, 'size' | 'bytes' | 'counter' | 'refusals' | 'resent'>
  readonly memory: Pick<Memory, 'size' | 'bytes'>
  readonly needs: Pick<Needs, 'size'>
  readonly intake: Pick<Intake, 'known'>
}

export function statsOfRun(
  self: NodeId,
  {inflow, members, neighbours, outgoing, memory, needs, intake}: CountedParts,
  relayReconnects: number,
): RelayStats {
  const {epoch = '', delivered, catchUps, lateMessages} = inflow
  const place = placeAfter(delivered)
  return {
    relay: 'nats',
    term: 0,
    epoch,
    master: undefined,
    settledTerm: members.outboxTerm,
    position: {epoch, ...place},
    view: [self, ...neighbours.ids()],
    links: 0,
    outboxMessages: outgoing.size,
    outboxBytes: outgoing.bytes,
    historyMessages: memory.size,
    historyBytes: memory.bytes,
    logSizes: {slots: memory.size, termEnds: 0, origins: neighbours.size, callers: intake.known},
    beats: members.size,
    stableSeq: place.seq,
    isStoreUp: members.isUp,
    leaseAgeMs: members.leaseAgeMs,
    counters: {
      accepted: outgoing.counter,
      refused: outgoing.refusals,
      resent: outgoing.resent,
      relayCatchUps: catchUps,
      relayLateMessages: lateMessages,
      relayReconnects,
      relaySubjects: needs.size,
      relayNeighbours: neighbours.size,
    },
  }
}
