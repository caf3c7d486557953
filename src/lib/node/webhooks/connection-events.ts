/** Who comes and goes at this node, as the handlers of the node's own events hear of it. */
import {AUTHENTICATION, DISCONNECTION} from '../../protocol/client-frame.js'
import type {ActionCall} from '../action-api.js'
import type {RegisteredHandler} from '../action-registry.js'
import type {ConnectionEvent} from './event-sink.js'
import type {EventType} from './webhook-options.js'

export interface ConnectionEventsOptions {
  readonly node: string
  readonly nextId: () => string
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
  readonly emit: (event: ConnectionEvent) => void
}

export function connectionEvents(options: ConnectionEventsOptions): readonly RegisteredHandler[] {
  const {node, nextId, wallClock, emit} = options
  /** The user of each connection; undefined for a guest. */
  const known = new Map<string, string | undefined>()
  const connectionsOf = new Map<string, number>()

  const tell = (type: EventType, call: ActionCall, more: object = {}): void => {
    const {user, groups, session, language, connection} = call
    const about = {
      type, id: nextId(), at: wallClock(), node, user: user ?? null,
    }
    if (type === 'user.first' || type === 'user.last') return emit(about)
    const {id, address: ip, userAgent} = connection
    emit({
      ...about, groups, session: session ?? null, language: language ?? null,
      user_agent: userAgent ?? null, ip, connection: id, ...more,
    })
  }

  const came = (call: ActionCall): void => {
    const {user, connection: {id}} = call
    // Proofs are renewed on live connections; a guest may become a user.
    const isNew = !known.has(id)
    if (!isNew && known.get(id) === user) return
    known.set(id, user)
    if (user !== undefined) {
      const count = (connectionsOf.get(user) ?? 0) + 1
      connectionsOf.set(user, count)
      if (count === 1) tell('user.first', call)
    }
    tell('connected', call)
  }

  const went = (call: ActionCall): void => {
    const {user, connection: {id}, details: [code, reason]} = call
    if (!known.delete(id)) return
    tell('disconnected', call, {code, reason})
    if (user === undefined) return
    const count = (connectionsOf.get(user) ?? 1) - 1
    if (count > 0) {
      connectionsOf.set(user, count)
      return
    }
    connectionsOf.delete(user)
    tell('user.last', call)
  }

  return [
    {action: AUTHENTICATION, handler: came},
    {action: DISCONNECTION, handler: went},
  ]
}
