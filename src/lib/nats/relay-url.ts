/** `--relay`: which relay, and where its servers are. */
import {WsmeshError} from '../util/errors.js'

export interface RelayPlace {
  readonly servers: readonly string[]
  readonly user: string | undefined
  readonly password: string | undefined
  readonly token: string | undefined
  readonly isTls: boolean
}

const EXAMPLES = ['--relay nats://10.0.0.1:4222,10.0.0.2:4222', '--relay master']
const PORT = 4222

/**
 * `nats://user:password@host:port,host:port`, or `tls://…`; a name without password is a token.
 * Undefined for `master`. Throws USAGE; the URL itself is not repeated, it may hold a password.
 */
export function parseRelay(text: string): RelayPlace | undefined {
  if (text === 'master') return undefined
  const [, scheme, rest] = /^(nats|tls):\/\/(.+)$/s.exec(text) ?? []
  if (scheme === undefined || rest === undefined) {
    throw wrong(text === '' ? '--relay is empty' : '--relay is neither master nor a nats:// URL')
  }
  // The last @ ends the credentials: one in a password is often left unescaped.
  const at = rest.lastIndexOf('@')
  const credentials = at < 0 ? undefined : rest.slice(0, at)
  const servers = rest.slice(at + 1).replace(/\/$/, '').split(',').map(serverOf)
  return {servers, isTls: scheme === 'tls', ...credentialsOf(credentials)}
}

function serverOf(text: string): string {
  // Each may be a URL of its own, as other NATS programs allow.
  const bare = text.trim().replace(/^(nats|tls):\/\//, '')
  const [, host, port] = /^(\[[0-9a-fA-F:]+\]|[^\s:/?#@[\]]+)(?::(\d{1,5}))?$/.exec(bare) ?? []
  const number = port === undefined ? PORT : Number(port)
  if (host === undefined || number < 1 || number > 65_535) {
    throw wrong('--relay names a server that is not host:port')
  }
  return `${host}:${number}`
}

function credentialsOf(
  text: string | undefined,
): Pick<RelayPlace, 'user' | 'password' | 'token'> {
  const none = {user: undefined, password: undefined, token: undefined}
  if (text === undefined) return none
  const colon = text.indexOf(':')
  if (colon < 0) return {...none, token: unescape(text)}
  return {...none, user: unescape(text.slice(0, colon)), password: unescape(text.slice(colon + 1))}
}

function unescape(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function wrong(message: string): WsmeshError {
  return new WsmeshError('USAGE', message, {suggestions: EXAMPLES})
}
