/**
 * The library: what a program imports from 'wsmesh'. Importing it loads no driver and no socket;
 * what needs one loads it when it is called. Everything else in dist may change without notice.
 */
export type {Authenticator, Proof, Verdict} from './lib/auth/authenticator.js'
export type {Claims} from './lib/auth/claims.js'
export {defaultDataDir} from './lib/auth/data-dir.js'
export {MeshSecret} from './lib/auth/mesh-secret.js'
export {signPublishToken} from './lib/auth/publish-token.js'
export {loadSecret, type SecretOptions} from './lib/auth/secret.js'
export {signToken, type TokenOptions} from './lib/auth/token.js'
export {tokenAuthenticator} from './lib/auth/token-authenticator.js'

export {connectOperator, type ConnectOptions} from './lib/operator/operator-client.js'
export type {
  OnOperatorEvent,
  OperatorConnection,
  Publication,
} from './lib/operator/operator-connection.js'

export {createNode, type MeshNode} from './lib/node/create-node.js'
export {createLog, type LogOptions} from './lib/node/create-log.js'
export {silentLog, type Log, type LogLevel} from './lib/node/log.js'
export {defaultNodeConfig, defaultNodeServices} from './lib/node/node-defaults.js'
export type {NodeAddresses} from './lib/node/node-addresses.js'
export type {NodeConfig, NodeServices} from './lib/node/node-config.js'
export type {
  ActionCall,
  ActionConnection,
  ActionHandler,
  ActionMesh,
  ActionModule,
  SendMessage,
} from './lib/node/action-api.js'
export {openPoolStore, type OpenPoolOptions} from './lib/pool/open-pool-store.js'
export type {PoolStore} from './lib/pool/pool-store.js'

export {sampleProcess, type ReadGauges} from './lib/probe/process-sample.js'
export type {Gauge, ProcessSample} from './lib/protocol/soak-frame.js'

export type {
  NodeStats,
  OperatorEvent,
  PublishResult,
  TailFilter,
} from './lib/protocol/operator-frame.js'
export type {TargetJson} from './lib/protocol/target.js'
export type {NodeId} from './lib/util/brand.js'
export {WsmeshError, type ErrorCode, type WsmeshErrorOptions} from './lib/util/errors.js'
