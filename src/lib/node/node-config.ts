import type {MeshConfig} from '../mesh/config.js'
import type {ApiKeys} from '../auth/api-keys.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import type {OutboxStore} from '../pool/outbox/outbox-store.js'
import type {PoolStore} from '../pool/pool-store.js'
import type {TlsIdentity} from '../auth/tls.js'
import type {Authenticator} from '../auth/authenticator.js'
import type {NodeId} from '../util/brand.js'
import type {Random} from '../util/random.js'
import type {MeshView} from './api/mesh-view.js'
import type {NodeListen} from './node-addresses.js'
import type {NodeLimits} from './limits.js'
import type {NatsRelayConfig} from './nats/nats-relay.js'
import type {DoorOptions} from './client-door.js'
import type {Log} from './log.js'
import type {WebhookOptions} from './webhooks/webhook-options.js'

/** What a node is asked to be; see defaultNodeConfig for what most are. */
export interface NodeConfig extends NodeLimits {
  readonly id: NodeId
  readonly version: string
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Where clients connect. */
  readonly path: string
  /** What other nodes dial, where the own address is not it. */
  readonly nodeUrl: string | undefined
  /** Nodes and operators have a listener of their own. */
  readonly nodeListen: NodeListen | undefined
  /** The HTTP API has a listener of its own, and is answered nowhere else. */
  readonly apiListen?: NodeListen | undefined
  /** What clients dial, where the own address is not it: usually a proxy's. */
  readonly publicUrl: string | undefined
  readonly guests: 'allow' | 'deny'
  /** Clients that ask for it may deflate their messages, and get them deflated. */
  readonly compression: boolean
  /** Messages carry the context of the trace that they are part of. */
  readonly isTraced: boolean
  /** Which pages may connect, whose headers are believed, and whether a cookie is the proof. */
  readonly door: DoorOptions
  /** Identities that somebody else keeps are read again so often; 0: when their sessions end. */
  readonly recheckMs: number
  /** Files of action modules; a folder is watched. */
  readonly actions: readonly string[]
  /** What goes to the application over HTTP. */
  readonly webhooks: WebhookOptions
  readonly mesh: MeshConfig
  /** Messages go by NATS; undefined: by a master among the nodes. */
  readonly relay?: NatsRelayConfig | undefined
  /** A node that leaves leads its clients away over so long, or less when they are few. */
  readonly leadAwayMs: number
  /** Somebody else keeps its public address open, past its own end (`serve --supervise`). */
  readonly kept?: KeptSockets | undefined
}

/** Public sockets that outlive this node; others may share them. */
export interface KeptSockets {
  readonly clientFd: number
  readonly apiFd: number | undefined
  /** A unix socket of this node alone, where it answers everything from its start to its end. */
  readonly privatePath: string
  /**
   * Where other nodes dial this one. `public`: at the shared address, which it then serves from its
   * start to its end; otherwise it does so while it is a part of the mesh.
   */
  readonly links: 'public' | 'private' | 'port' | 'listen'
  /** Ids of nodes whose processes the keeper saw end. */
  readonly ended: readonly string[]
}

/** Everything of the world outside. The node closes the store that it is given. */
export interface NodeServices {
  readonly store: PoolStore
  /** The application's table whose rows are sent while this node is master; the node closes it. */
  readonly outbox?: OutboxStore | undefined
  readonly secret: MeshSecret
  /** Asked in this order who a client is; unless given, tokens that the secret signed count. */
  readonly authenticators?: readonly Authenticator[]
  /** Who may use the HTTP API, beside who has a token that the secret signed. */
  readonly apiKeys?: ApiKeys
  /** For what the API tells of all nodes; without it that is answered 501. */
  readonly view?: MeshView
  /** wss, and whom to believe when other nodes are dialled. */
  readonly tls?: TlsIdentity | undefined
  /** Who starts this process again when it ends; unknown: `restart` wants to be sure. */
  readonly supervisor?: string | undefined
  readonly log: Log
  readonly random: Random
  /** Milliseconds that never fall. */
  readonly now: () => number
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
}
