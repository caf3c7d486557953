/** What the core asks for, done: one closed switch, so that no effect can be forgotten. */
import type {MeshEffect} from '../mesh/effect.js'
import type {MeshEvent} from '../mesh/event.js'
import {unreachable} from '../util/assert.js'
import type {Links} from './links.js'
import type {Log} from './log.js'
import type {RelayUser} from './relay.js'
import type {StoreLoop} from './store-loop.js'

export interface PerformerParts {
  readonly links: Links
  readonly store: StoreLoop
  readonly user: RelayUser
  readonly log: Log
  readonly push: (event: MeshEvent) => void
  readonly onDrained: () => void
}

export function perform(effect: MeshEffect, parts: PerformerParts): void {
  const {links, store, user} = parts
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
      parts.push({
        type: 'delivered',
        after: effect.after,
        connections: user.deliver(effect.epoch, effect.entries),
      })
      return
    case 'accepted':
      user.accepted(effect.ticket, effect.id)
      return
    case 'refused':
      user.refused(effect.ticket, effect.reason)
      return
    case 'receipt':
      user.receipt(effect.ticket, effect.receipt)
      return
    case 'standing':
      user.standing(effect.standing)
      return
    case 'log-replaced':
      user.logReplaced(effect.after, effect.reset)
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
