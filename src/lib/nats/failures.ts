/** What goes wrong with NATS, in words for whoever runs a node; no secret is in them. */
import {WsmeshError} from '../util/errors.js'
import type {NatsSettings} from './nats-client.js'

interface Said {
  readonly name: string
  readonly message: string
  readonly code: string
  /** Of the error and of its cause. */
  readonly all: string
}

function said(error: unknown): Said {
  if (!(error instanceof Error)) {
    const text = String(error)
    return {name: '', message: text, code: '', all: text}
  }
  const inner = error.cause instanceof Error ? error.cause : error
  const code = 'code' in inner && typeof inner.code === 'string' ? inner.code : ''
  const all = `${error.message} ${inner.message}`
  return {name: error.name, message: inner.message || error.message, code, all}
}

type Where = Pick<NatsSettings, 'servers' | 'credsFile' | 'nkeyFile' | 'tls'>

/** Of a connection that did not come to be. */
export function connectFailure(error: unknown, where: Where): WsmeshError {
  const {name, message, code, all} = said(error)
  const at = where.servers.join(', ')
  if (name === 'AuthorizationError' || name === 'UserAuthenticationExpiredError') {
    return new WsmeshError('RELAY_DENIED', `NATS at ${at} does not let this node in: ${message}`, {
      cause: error,
      suggestions: [
        '--relay-creds FILE', '--relay-nkey FILE', 'WSMESH_RELAY=nats://USER:PASSWORD@…',
      ],
    })
  }
  if (where.credsFile !== undefined && /cred|jwt|seed|nkey|base32/i.test(all)) {
    return keyFailure(where.credsFile, error, 'a file of `nsc generate creds`')
  }
  if (where.nkeyFile !== undefined && /seed|nkey|prefix|checksum|base32/i.test(all)) {
    return keyFailure(where.nkeyFile, error, "a user's seed, which begins with SU")
  }
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|ENOENT)/.test(code)
    || /certificate|\btls\b|\bssl\b/i.test(message)) {
    return new WsmeshError('TLS_INVALID', `NATS at ${at}: ${message}`, {
      cause: error,
      suggestions: ['--relay-tls-ca FILE   (who signs its certificate)',
        '--relay-tls-cert FILE --relay-tls-key FILE   (where it asks for one)'],
    })
  }
  // With TLS 1.3 a server that misses a client's certificate hangs up when nobody listens any more.
  const hasNone = where.tls !== undefined && where.tls.cert === undefined
  const mayWantOne = name === 'TimeoutError' && hasNone
  return new WsmeshError('RELAY_UNREACHABLE', `NATS at ${at} does not answer: ${message}`, {
    cause: error,
    suggestions: mayWantOne
      ? ['--relay-tls-cert FILE --relay-tls-key FILE   (where it asks for a certificate)']
      : ['nats-server -js', '--relay nats://HOST:4222'],
  })
}

function keyFailure(file: string, cause: unknown, wants: string): WsmeshError {
  return new WsmeshError('CONFIG_INVALID', `${file} holds no key of a NATS user`, {
    cause, suggestions: [`give ${wants}`],
  })
}
