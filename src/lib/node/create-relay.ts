import type * as wsTransport from '../transport/ws-transport.js'
import {isNodeId} from '../util/brand.js'
import type {Counters} from './counters.js'
import {createNodeDialer} from './dial-node.js'
import {MasterRelay} from './master-relay.js'
import {NatsRelay} from './nats/nats-relay.js'
import type {NodeConfig, NodeServices} from './node-config.js'
import type {Relay} from './relay.js'

/** The relay that the configuration asks for. */
export function createRelay(
  {id: self, mesh, relay, kept}: NodeConfig,
  {secret, store, outbox, log, random, now, tls: identity}: NodeServices,
  dial: typeof wsTransport.dial,
  counters: Counters,
): Relay {
  if (relay !== undefined) {
    const hasOutbox = outbox !== undefined
    return new NatsRelay({self, relay, config: mesh, store, hasOutbox, counters, log, now})
  }
  const tls = () => identity?.material
  const dialNode = createNodeDialer({self, secret, timeoutMs: mesh.answerMs, tls, dial})
  const knownDead = new Set(kept?.ended.filter(isNodeId))
  return new MasterRelay({config: mesh, knownDead, store, dialNode, counters, log, random, now})
}
