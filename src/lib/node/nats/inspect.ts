/** What a node with a NATS relay knows of messages, for operators: what it waits with and keeps. */
import type {Inspected, InspectQuery, Inspection} from '../../mesh/inspect.js'
import {messageId, type Envelope} from '../../protocol/envelope.js'
import type {Inflow} from './inflow.js'
import type {Memory} from './memory.js'
import type {OutgoingMessages} from './outgoing.js'
import {placeAfter} from './places.js'
import {EVERYONE} from './subjects.js'

export interface InspectedParts {
  readonly outgoing: OutgoingMessages
  readonly memory: Memory
  readonly inflow: Pick<Inflow, 'epoch' | 'delivered'>
}

/** Walks all that is kept: not for the paths of messages. */
export function inspectRun(
  query: InspectQuery, {outgoing, memory, inflow}: InspectedParts,
): Inspection {
  const isWanted = (envelope: Envelope): boolean =>
    query.type === 'id' ? messageId(envelope) === query.id : query.isWanted(envelope)
  const limit = query.type === 'id' ? 1 : query.limit
  const waiting = [...outgoing.values()]
    .toReversed()
    .filter(({envelope}) => isWanted(envelope))
    .slice(0, limit)
  const found = waiting.map(({envelope, acceptedMs}): Inspected => ({
    envelope, state: 'waiting', place: undefined, at: acceptedMs, connections: undefined,
  }))
  for (const {deliveries, connections, atMs: at} of memory.newest()) {
    if (found.length >= limit) break
    for (const [index, {envelope, repeatOf, term, seq}] of deliveries.entries()) {
      if (envelope === undefined || repeatOf !== undefined || !isWanted(envelope)) continue
      const place = {term, seq}
      found.push({envelope, state: 'delivered', place, at, connections: connections[index]})
    }
  }
  return {
    epoch: inflow.epoch ?? '',
    after: placeAfter(memory.from(EVERYONE) ?? 0),
    delivered: placeAfter(inflow.delivered),
    found: found.slice(0, limit),
    absent: query.type === 'id' && found.length === 0 ? 'unknown' : undefined,
  }
}
