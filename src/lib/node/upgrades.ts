/** Who may open which WebSocket: by path, subprotocol and what the node can take at the moment. */
import {LIMITS} from '../protocol/limits.js'
import {SUBPROTOCOL} from '../protocol/version.js'
import type {
  SettledUpgrade, SocketKind, UpgradeDecision, UpgradeRequest,
} from '../transport/transport.js'
import {unreachable} from '../util/assert.js'
import {nodeId} from '../util/brand.js'
import type {Arrivals} from './arrivals.js'
import type {CalmWarning} from './calm-warning.js'
import type {ClientDoor, ClientOrigin} from './client-door.js'
import type {ClientRegistry} from './client-registry.js'
import type {Clients} from './clients.js'
import type {Counters} from './counters.js'
import type {MeshDoor} from './mesh-door.js'
import {MESH_PATH} from './node-addresses.js'
import type {NodeConfig} from './node-config.js'
import type {NodeStatus} from './node-status.js'
import {OPERATORS_MAX} from './operators.js'
import type {Operators} from './operators.js'
import type {Relay} from './relay.js'

/** Several handshake frames: whoever sends more before a proof has none. */
const PROOF_BYTES_MAX = 4 * LIMITS.handshakeFrameBytes

/** Characters of a header in a line of the log. */
const LOGGED_MAX = 200

/** Pieces that one message of a client may come in: each costs memory beside its bytes. */
const CLIENT_FRAGMENTS_MAX = 256
const CLIENT_CHUNKS_MAX = 4096

export function socketKinds(
  {clientFrameBytes, compression}: NodeConfig,
): Readonly<Record<string, SocketKind>> {
  return {
    client: {
      maxFrameBytes: clientFrameBytes,
      fragmentsMax: CLIENT_FRAGMENTS_MAX,
      chunksMax: CLIENT_CHUNKS_MAX,
      deflates: compression,
    },
    node: {maxFrameBytes: LIMITS.nodeFrameBytes, proofBytes: PROOF_BYTES_MAX},
    operator: {maxFrameBytes: LIMITS.operatorFrameBytes, proofBytes: PROOF_BYTES_MAX},
  }
}

export interface UpgradeParts {
  readonly config: NodeConfig
  readonly status: NodeStatus
  readonly registry: ClientRegistry
  readonly clients: Clients
  readonly clientDoor: ClientDoor
  readonly foreign: CalmWarning
  readonly door: MeshDoor
  readonly relay: Pick<Relay, 'linked'>
  readonly operators: Operators
  readonly counters: Counters
  readonly arrivals: Arrivals
}

/** At the listener where clients connect; without one of their own, nodes come here as well. */
export function decideUpgrade(request: UpgradeRequest, parts: UpgradeParts): UpgradeDecision {
  const isShared = parts.config.nodeListen === undefined
  if (isShared && request.path === MESH_PATH) return decideMesh(request, parts)
  if (request.path === parts.config.path) return decideClient(request, parts)
  return refuse(404, `Clients connect to ${parts.config.path}`)
}

/**
 * At the socket of this node alone: clients, nodes and operators, wherever else they go. Clients
 * there are of this machine, a supervisor's probe above all: no crowd makes it wait.
 */
export function decidePrivateUpgrade(
  request: UpgradeRequest, parts: UpgradeParts,
): UpgradeDecision {
  if (request.path === MESH_PATH) return decideMesh(request, parts)
  if (request.path === parts.config.path) return decideInTurn(request, parts)
  return decideUpgrade(request, parts)
}

/** At the listener that is for nodes and operators alone. */
export function decideNodeUpgrade(request: UpgradeRequest, parts: UpgradeParts): UpgradeDecision {
  if (request.path === MESH_PATH) return decideMesh(request, parts)
  return refuse(404, `Nodes connect to ${MESH_PATH}`)
}

function decideClient(request: UpgradeRequest, parts: UpgradeParts): UpgradeDecision {
  const checked = checkClient(request, parts)
  if ('accept' in checked) return checked
  const {arrivals} = parts
  const arrival = arrivals.come()
  switch (arrival) {
    case 'now':
      return letIn(request, checked, parts)
    case 'full':
      return refuse(503, 'Too many clients at once: come back later')
    case 'wait':
      return {
        accept: 'later',
        wait: (settle) => arrivals.wait(() => settle(decideInTurn(request, parts))),
      }
    default:
      return unreachable(arrival)
  }
}

/** Much may have changed since it came. */
function decideInTurn(request: UpgradeRequest, parts: UpgradeParts): SettledUpgrade {
  const checked = checkClient(request, parts)
  return 'accept' in checked ? checked : letIn(request, checked, parts)
}

/** What it came with, or why it does not come in. */
function checkClient(
  request: UpgradeRequest, parts: UpgradeParts,
): ClientOrigin | SettledUpgrade {
  const {config, status, registry, counters, clients, clientDoor} = parts
  const closed = status.closedToClients
  if (closed !== undefined) {
    counters.add('clientsRefusedUnavailable')
    return refuse(503, `This node takes no clients: ${closed}`)
  }
  const admission = clientDoor.admit(request)
  if (!admission.ok) return refuseForeign(request, admission.reason, parts)
  if (registry.countOfAddress(admission.origin.address) >= config.connectionsPerAddress) {
    counters.add('clientsRefusedAddress')
    return refuse(429, 'Too many connections from this address')
  }
  const isFull = registry.size >= config.clientsMax
  if (isFull || (registry.unknown >= config.unknownClientsMax && !clients.dropSilent())) {
    counters.add('clientsRefusedTooMany')
    return refuse(503, 'This node is full')
  }
  return admission.origin
}

function letIn(
  request: UpgradeRequest, origin: ClientOrigin, {clients}: UpgradeParts,
): SettledUpgrade {
  const isV1 = request.subprotocols.includes(SUBPROTOCOL.client)
  return {
    accept: true,
    kind: 'client',
    subprotocol: isV1 ? SUBPROTOCOL.client : undefined,
    handler: (socket) => clients.accept(socket, isV1 ? 'v1' : undefined, origin),
  }
}

function refuseForeign(
  request: UpgradeRequest,
  reason: string,
  {counters, clientDoor, foreign}: UpgradeParts,
): SettledUpgrade {
  counters.add('clientsRefusedOrigin')
  const origin = String(request.headers['origin'] ?? '(none)').slice(0, LOGGED_MAX)
  const address = clientDoor.addressOf(request)
  foreign.warn('A client of a foreign origin was refused', {origin, address})
  return refuse(403, reason)
}

function decideMesh(request: UpgradeRequest, parts: UpgradeParts): UpgradeDecision {
  const {door, relay, operators} = parts
  // Only browsers send it, and no page has business here, whatever it talked its reader into.
  if (request.headers['origin'] !== undefined) return refuse(403, 'Not for browsers')
  if (request.subprotocols.includes(SUBPROTOCOL.node)) {
    return {
      accept: true,
      kind: 'node',
      subprotocol: SUBPROTOCOL.node,
      handler: (socket) =>
        door.accept(socket, 'node', ({peer}) => relay.linked(nodeId(peer), socket)),
    }
  }
  if (request.subprotocols.includes(SUBPROTOCOL.operator)) {
    if (operators.count >= OPERATORS_MAX) return refuse(503, 'Too many operators at once')
    return {
      accept: true,
      kind: 'operator',
      subprotocol: SUBPROTOCOL.operator,
      handler: (socket) =>
        door.accept(socket, 'operator', (proved) => operators.accept(socket, proved)),
    }
  }
  return refuse(400, `A subprotocol is needed: ${SUBPROTOCOL.node} or ${SUBPROTOCOL.operator}`)
}

function refuse(status: number, text: string): SettledUpgrade {
  return {accept: false, status, text}
}
