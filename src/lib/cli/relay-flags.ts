import {Flags} from '@oclif/core'

import {parseRelay} from '../nats/relay-url.js'
import type {NatsSettings} from '../nats/nats-client.js'
import type {StreamSettings} from '../nats/stream.js'
import {WsmeshError} from '../util/errors.js'

/** Two to the power of so many: most users of a node have a slot of their own. */
const SLOTS = 65_536
const SLOTS_MAX = 1_048_576
const STREAM_BYTES = 1024 ** 3

/** What carries messages between nodes, where a master among them does not: flags of `serve`. */
export function relayFlags() {
  return {
    relay: Flags.string({
      env: 'WSMESH_RELAY', default: 'master', helpGroup: 'RELAY', helpValue: 'URL',
      summary: 'nats://host:4222,… instead of a master among the nodes',
    }),
    'relay-mesh': Flags.string({
      env: 'WSMESH_RELAY_MESH', default: 'wsmesh', helpGroup: 'RELAY', helpValue: 'NAME',
      summary: 'begins the names of its subjects: several meshes share a server',
    }),
    'relay-slots': Flags.integer({
      env: 'WSMESH_RELAY_SLOTS', default: SLOTS, min: 1, max: SLOTS_MAX, helpGroup: 'RELAY',
      helpValue: 'N', summary: 'subjects for users, for groups and for sessions',
    }),
    'relay-replicas': Flags.integer({
      env: 'WSMESH_RELAY_REPLICAS', default: 1, min: 1, max: 5, helpGroup: 'RELAY',
      helpValue: 'N', summary: 'copies of its messages: 3 survive the death of a server',
    }),
    'relay-bytes': Flags.integer({
      env: 'WSMESH_RELAY_BYTES', default: STREAM_BYTES, min: 1024 ** 2, helpGroup: 'RELAY',
      helpValue: 'BYTES', summary: 'of messages that it keeps, on its disk',
    }),
    'relay-creds': file('WSMESH_RELAY_CREDS', 'credentials of a NATS user: JWT and seed'),
    'relay-nkey': file('WSMESH_RELAY_NKEY', 'seed of a NATS user'),
    'relay-tls-ca': file('WSMESH_RELAY_TLS_CA', 'who signs its certificate, PEM'),
    'relay-tls-cert': file('WSMESH_RELAY_TLS_CERT', 'certificate to show it, PEM'),
    'relay-tls-key': file('WSMESH_RELAY_TLS_KEY', 'its key, PEM'),
  }
}

function file(env: string, summary: string) {
  return Flags.string({env, summary, helpGroup: 'RELAY', helpValue: 'FILE'})
}

export interface RelayFlagValues {
  readonly relay: string
  readonly 'relay-mesh': string
  readonly 'relay-slots': number
  readonly 'relay-replicas': number
  readonly 'relay-bytes': number
  readonly 'relay-creds'?: string | undefined
  readonly 'relay-nkey'?: string | undefined
  readonly 'relay-tls-ca'?: string | undefined
  readonly 'relay-tls-cert'?: string | undefined
  readonly 'relay-tls-key'?: string | undefined
  readonly 'history-seconds': number
}

export interface RelayOptions {
  readonly nats: NatsSettings
  readonly stream: StreamSettings
}

/** Undefined: a master among the nodes. Throws USAGE. */
export function relayOptionsOf(flags: RelayFlagValues): RelayOptions | undefined {
  const place = parseRelay(flags.relay)
  if (place === undefined) return undefined
  const {servers, user, password, token, isTls} = place
  const {'relay-creds': credsFile, 'relay-nkey': nkeyFile} = flags
  const {'relay-tls-ca': ca, 'relay-tls-cert': cert, 'relay-tls-key': key} = flags
  const proofs = [user ?? token, credsFile, nkeyFile].filter((proof) => proof !== undefined)
  if (proofs.length > 1) {
    throw usage('NATS is shown one proof: a password, --relay-creds or --relay-nkey')
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw usage('--relay-tls-cert and --relay-tls-key go together')
  }
  for (const [name, path] of Object.entries({creds: credsFile, nkey: nkeyFile, 'tls-ca': ca,
    'tls-cert': cert, 'tls-key': key})) {
    if (path === '') throw usage(`--relay-${name} is empty`)
  }
  const hasTls = isTls || ca !== undefined || cert !== undefined
  return {
    nats: {
      servers, user, password, token, credsFile, nkeyFile, name: 'wsmesh',
      tls: hasTls ? {ca, cert, key} : undefined,
    },
    stream: streamSettingsOf(flags),
  }
}

export function streamSettingsOf(flags: Omit<RelayFlagValues, 'relay'>): StreamSettings {
  const mesh = flags['relay-mesh']
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(mesh)) {
    throw usage('--relay-mesh is a word of a-z, 0-9 and -, of at most 32 letters')
  }
  return {
    mesh,
    slots: flags['relay-slots'],
    replicas: flags['relay-replicas'],
    historyMs: flags['history-seconds'] * 1000,
    maxBytes: flags['relay-bytes'],
  }
}

function usage(message: string): WsmeshError {
  return new WsmeshError('USAGE', message, {
    suggestions: ['--relay nats://10.0.0.1:4222 --relay-creds /etc/wsmesh/nats.creds'],
  })
}
