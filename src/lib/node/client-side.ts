/** The half of a node that faces clients, put together. */
import type {Authenticator} from '../auth/authenticator.js'
import {tokenAuthenticator} from '../auth/token-authenticator.js'
import {positionMs} from '../mesh/coming-back.js'
import type {Position} from '../protocol/position.js'
import {ActionDispatcher} from './action-dispatcher.js'
import type {ActionRegistry} from './action-registry.js'
import {Arrivals} from './arrivals.js'
import {Authentication} from './authenticate.js'
import {ClientDoor} from './client-door.js'
import type {ClientRegistry} from './client-registry.js'
import {ClientSessions} from './client-sessions.js'
import {Clients} from './clients.js'
import type {Counters} from './counters.js'
import {LiveIdentity} from './live-identity.js'
import type {NodeConfig, NodeServices} from './node-config.js'
import {Pace} from './pace.js'
import type {Publisher} from './publisher.js'
import type {Relay} from './relay.js'
import {Resuming} from './resuming.js'
import {createSend} from './send-message.js'

export interface ClientSideOptions {
  readonly config: NodeConfig
  readonly services: NodeServices
  readonly registry: ClientRegistry
  readonly actionRegistry: ActionRegistry
  readonly publisher: Publisher
  readonly counters: Counters
  /** Whether it takes no clients at the moment. */
  readonly isClosed: () => boolean
  /** Undefined before the node has started. */
  readonly relay: () => Pick<Relay, 'position' | 'recover' | 'prepare'> | undefined
}

export interface ClientSide {
  readonly clients: Clients
  readonly clientDoor: ClientDoor
  readonly resuming: Resuming
  readonly pace: Pace
  readonly arrivals: Arrivals
  /** To be closed with the node. */
  readonly authenticators: readonly Authenticator[]
}

/** Throws CONFIG_INVALID for settings of the door that do not go together. */
export function createClientSide(options: ClientSideOptions): ClientSide {
  const {config, services, registry, actionRegistry, publisher, counters, isClosed, relay} = options
  const {log, now, wallClock, secret} = services
  const {guests, recheckMs} = config
  const {authenticators = [tokenAuthenticator(secret)]} = services
  const authentication = new Authentication({authenticators, guests, wallClock, log})
  const live = new LiveIdentity({
    authentication, registry, counters, recheckMs, now,
    prepare: (identity) => relay()?.prepare(identity, undefined),
  })
  const send = createSend(publisher)
  const dispatcher = new ActionDispatcher({
    registry: actionRegistry, send, counters, log, limits: config,
  })
  const waitingBytes = (): number => clients.replayBytes()
  const resuming = new Resuming({relay, waitingBytes, counters})
  const pace = new Pace(config, counters)
  const position = (): Position | undefined => relay()?.position
  const shared = {node: config.id, registry, live, dispatcher, counters, position, now}
  const {isTraced} = config
  const sessions = new ClientSessions({...shared, resuming, limits: config, pace, log, isTraced})
  const clients = new Clients({
    ...shared, sessions, limits: config, positionMs: positionMs(config.mesh.historyMs),
  })
  const arrivals = new Arrivals(config.connectsPerSecond, counters, now, isClosed)
  const clientDoor = new ClientDoor(config.door)
  return {clients, clientDoor, resuming, pace, arrivals, authenticators}
}
