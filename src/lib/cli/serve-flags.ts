import {Flags} from '@oclif/core'

import {authFlags} from './auth-flags.js'
import {apiKeyFlags, poolFlags, repeatable, secretFlags, tlsFlags} from './flags.js'
import {limitFlags} from './limit-flags.js'
import {logFlags} from './log-flags.js'
import {outboxFlags} from './outbox-flags.js'
import {relayFlags} from './relay-flags.js'
import {superviseFlags} from './supervise-flags.js'
import {webhookFlags} from './webhook-flags.js'

/** Every flag of `wsmesh serve`, in the order of its help. */
export function serveFlags() {
  return {
    host: Flags.string({
      env: 'WSMESH_HOST', default: '127.0.0.1', helpValue: 'ADDRESS', summary: 'where to listen',
    }),
    port: Flags.integer({
      env: 'WSMESH_PORT', default: 8080, min: 0, max: 65_535, helpValue: 'PORT',
      summary: '0: any free port',
    }),
    path: Flags.string({
      env: 'WSMESH_PATH', default: '/WebSockets', helpValue: 'PATH',
      summary: 'where clients connect',
    }),
    'node-url': Flags.string({
      env: 'WSMESH_NODE_URL', helpValue: 'URL', summary: 'what other nodes dial, if not the host',
    }),
    'public-url': Flags.string({
      env: 'WSMESH_PUBLIC_URL', helpValue: 'URL', summary: 'what clients dial, behind a proxy',
    }),
    actions: repeatable({
      helpValue: 'FILE', summary: 'action handlers: a module, or a folder to watch (repeatable)',
    }),
    guests: Flags.option({
      env: 'WSMESH_GUESTS', options: ['allow', 'deny'] as const, default: 'deny',
      helpValue: 'allow|deny', summary: 'clients without a proof',
    })(),
    'history-seconds': Flags.integer({
      env: 'WSMESH_HISTORY_SECONDS', default: 60, min: 1, max: 86_400,
      summary: 'clients that come back within it get what they missed',
    }),
    'history-bytes': Flags.integer({
      env: 'WSMESH_HISTORY_BYTES', default: 16 * 1024 * 1024, min: 65_536, max: 1024 ** 3,
      summary: 'less of it, where messages take more memory',
    }),
    'drain-seconds': Flags.integer({
      env: 'WSMESH_DRAIN_SECONDS', default: 5, min: 0, max: 3600, helpValue: 'N',
      summary: 'clients are led away over it when the node leaves; 0: at once',
    }),
    ...logFlags(),
    ...superviseFlags(),
    ...authFlags(),
    ...webhookFlags(),
    ...outboxFlags(),
    ...relayFlags(),
    compression: Flags.boolean({
      env: 'WSMESH_COMPRESSION', default: false,
      summary: 'deflate messages of 1 KiB and more, for clients that ask for it',
    }),
    'node-listen': Flags.string({
      env: 'WSMESH_NODE_LISTEN', helpValue: 'PLACE',
      summary: 'host:port or unix:/path for nodes and operators, apart from clients',
    }),
    'api-listen': Flags.string({
      env: 'WSMESH_API_LISTEN', helpValue: 'PLACE',
      summary: 'host:port or unix:/path for the HTTP API alone',
    }),
    ...apiKeyFlags(),
    ...limitFlags(),
    ...tlsFlags(),
    'tls-mutual': Flags.boolean({
      env: 'WSMESH_TLS_MUTUAL', default: false, helpGroup: 'TLS',
      summary: 'nodes and operators show certificates; needs --node-listen',
    }),
    ...poolFlags(),
    ...secretFlags(),
  }
}
