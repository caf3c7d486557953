/** What the core asks for, done: one closed switch, so that no effect can be forgotten. */
import {isMessage} from '../mesh/coming-back.js'
import type {MeshEffect, Standing} from '../mesh/effect.js'
import type {MeshEvent} from '../mesh/event.js'
import {unreachable} from '../util/assert.js'
import type {Clients} from './clients.js'
import type {Links} from './links.js'
import type {Log} from './log.js'
import type {Operators} from './operators.js'
import type {OutboxDrain} from './outbox/outbox-drain.js'
import type {Publisher} from './publisher.js'
import type {Resuming} from './resuming.js'
import type {StoreLoop} from './store-loop.js'

export interface PerformerParts {
  readonly links: Links
  readonly store: StoreLoop
  readonly clients: Clients
  readonly operators: Operators
  readonly resuming: Resuming
  readonly outbox: OutboxDrain | undefined
  readonly publisher: Publisher
  readonly log: Log
  readonly push: (event: MeshEvent) => void
  readonly onStanding: (standing: Standing) => void
  readonly onDrained: () => void
}

type Deliver = Extract<MeshEffect, {readonly type: 'deliver'}>

export function perform(effect: MeshEffect, parts: PerformerParts): void {
  const {links, store, publisher} = parts
  switch (effect.type) {
    case 'dial':
      links.dial(effect.link, effect.to)
      return
    case 'send':
      links.send(effect.link, effect.frame)
      return
    case 'close-link':
      links.close(effect.link, effect.reason)
      return
    case 'read-pool':
      store.readPool(effect.request)
      return
    case 'swap-lease':
      store.swapLease(effect.request, effect.expected, effect.next)
      return
    case 'remove-member':
      store.removeMember(effect.id)
      return
    case 'deliver':
      deliver(effect, parts)
      return
    case 'accepted':
      publisher.accepted(effect.ticket, effect.id)
      return
    case 'refused':
      publisher.refused(effect.ticket, effect.reason)
      return
    case 'receipt':
      publisher.receipt(effect.ticket, effect.receipt)
      return
    case 'standing':
      parts.onStanding(effect.standing)
      return
    case 'log-replaced':
      parts.clients.logReplaced(effect.after, effect.reset)
      return
    case 'log':
      parts.log[effect.level](effect.text, effect.fields)
      return
    case 'drained':
      parts.onDrained()
      return
    default:
      unreachable(effect)
  }
}

function deliver({epoch, after, entries}: Deliver, parts: PerformerParts): void {
  const connections = entries.map((entry) => {
    if (!isMessage(entry)) return 0
    const {envelope, term, seq} = entry
    const position = {epoch, term, seq}
    parts.operators.delivered(envelope, position)
    parts.outbox?.delivered(envelope, position)
    return parts.clients.deliver(envelope, position)
  })
  parts.resuming.delivered()
  parts.push({type: 'delivered', after, connections})
}
