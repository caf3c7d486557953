import type {ServeOptions} from '../node/serve.js'
import {authOptionsOf, type AuthFlagValues} from './auth-flags.js'
import {limitsOf, type LimitFlagValues} from './limit-flags.js'
import {viewMesh} from './view-mesh.js'
import {outboxUrlOf} from './outbox-flags.js'
import {relayOptionsOf, type RelayFlagValues} from './relay-flags.js'
import {webhookOptionsOf, type WebhookFlagValues} from './webhook-flags.js'
import {tlsFilesOf, type TlsFlagValues} from './tls-flags.js'

/** What the flags of `wsmesh serve` parse to. */
export interface ServeFlagValues 
  extends LimitFlagValues, AuthFlagValues, TlsFlagValues, WebhookFlagValues, RelayFlagValues {
  readonly 'node-listen'?: string | undefined
  readonly 'api-listen'?: string | undefined
  readonly 'api-key-file'?: string | undefined
  readonly 'tls-mutual': boolean
  readonly host: string
  readonly port: number
  readonly path: string
  readonly 'node-url'?: string | undefined
  readonly 'public-url'?: string | undefined
  readonly actions?: readonly string[] | undefined
  readonly guests: 'allow' | 'deny'
  readonly compression: boolean
  readonly 'trace-context': boolean
  readonly outbox: boolean
  readonly 'outbox-url'?: string | undefined
  readonly 'history-seconds': number
  readonly 'history-bytes': number
  readonly 'drain-seconds': number
  readonly 'log-level': ServeOptions['logLevel']
  readonly 'log-format': ServeOptions['logFormat']
  readonly 'log-file'?: string | undefined
  readonly pool?: string | undefined
  readonly 'pool-prefix': string
  readonly 'data-dir'?: string | undefined
  readonly 'secret-file'?: string | undefined
}

/** `argv`: proofs are tried in the order of their flags. Throws USAGE for what does not fit. */
export function serveOptionsOf(
  flags: ServeFlagValues,
  version: string,
  argv: readonly string[],
): ServeOptions {
  return {
    version,
    host: flags.host,
    port: flags.port,
    path: flags.path,
    nodeUrl: flags['node-url'],
    nodeListen: flags['node-listen'],
    apiListen: flags['api-listen'],
    apiKeyFile: flags['api-key-file'],
    viewMesh,
    tls: tlsFilesOf(flags, flags['tls-mutual']),
    publicUrl: flags['public-url'],
    pool: flags.pool,
    poolPrefix: flags['pool-prefix'],
    secretFile: flags['secret-file'],
    dataDir: flags['data-dir'],
    actions: flags.actions ?? [],
    webhooks: webhookOptionsOf(flags),
    outboxUrl: outboxUrlOf(flags),
    relay: relayOptionsOf(flags),
    guests: flags.guests,
    compression: flags.compression,
    isTraced: flags['trace-context'],
    auth: authOptionsOf(flags, argv),
    logLevel: flags['log-level'],
    logFormat: flags['log-format'],
    logFile: flags['log-file'],
    limits: limitsOf(flags),
    historyMs: flags['history-seconds'] * 1000,
    historyBytes: flags['history-bytes'],
    leadAwayMs: flags['drain-seconds'] * 1000,
  }
}
