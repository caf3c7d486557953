import {limitEntries, type Limit} from '../node/limits.js'
import {formatDuration, parseDuration} from '../util/duration.js'
import {COLOUR_MODES} from './colours.js'
import {limitVariable} from './limit-flags.js'

/**
 * Every setting that wsmesh.config.json may hold. The key is the flag's name in camel case; a value
 * is what the flag would have parsed. The secret itself is none of them: a file of settings gets
 * committed and copied.
 */
export interface ConfigKey {
  readonly key: string
  readonly flag: string
  /** Empty where there is none. */
  readonly env: string
  /** What is allowed, for an error that names it. */
  readonly allowed: string
  /** The value as the flag's parser would give it; undefined when it is not allowed. */
  read(value: unknown): unknown
  /** Relative to the file's folder, not to where the command runs. */
  readonly isPath?: boolean
  readonly defaultText: string
  /** The one command that it is for: in others a flag of that name may mean another thing. */
  readonly only?: 'serve'
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

export const CONFIG_KEYS: readonly ConfigKey[] = [
  key('pool', 'WSMESH_POOL', url('mysql://… or sqlite:FILE'), 'embedded, in the data folder'),
  key('pool-prefix', 'WSMESH_POOL_PREFIX', text('a text'), 'wsmesh_'),
  key('data-dir', 'WSMESH_DATA_DIR', path(), '~/.local/share/wsmesh'),
  key('secret-file', 'WSMESH_SECRET_FILE', path(), 'secret, in the data folder'),
  key('tls-cert', 'WSMESH_TLS_CERT', path(), ''),
  key('tls-key', 'WSMESH_TLS_KEY', path(), ''),
  key('tls-ca', 'WSMESH_TLS_CA', path(), ''),
  key('node', 'WSMESH_NODE', text('a URL: ws://host:port'), ''),
  key('timeout', 'WSMESH_TIMEOUT', duration(), '5 s'),
  key('color', 'WSMESH_COLOR', oneOf(COLOUR_MODES), 'auto'),
  serveKey('host', 'WSMESH_HOST', text('an address to listen at'), '127.0.0.1'),
  serveKey('port', 'WSMESH_PORT', integer(0, 65_535), '8080'),
  serveKey('path', 'WSMESH_PATH', text('a path: /WebSockets'), '/WebSockets'),
  serveKey('node-url', 'WSMESH_NODE_URL', text('a URL: ws://host:port'), ''),
  serveKey('node-listen', 'WSMESH_NODE_LISTEN', text('host:port or unix:/path'), ''),
  serveKey('api-listen', 'WSMESH_API_LISTEN', text('host:port or unix:/path'), ''),
  key('api-key-file', 'WSMESH_API_KEY_FILE', path(), 'api-keys.json, in the data folder'),
  serveKey('public-url', 'WSMESH_PUBLIC_URL', text('a URL: wss://example.com/WebSockets'), ''),
  serveKey('actions', '', paths(), ''),
  serveKey('guests', 'WSMESH_GUESTS', oneOf(['allow', 'deny']), 'deny'),
  serveKey('history-seconds', 'WSMESH_HISTORY_SECONDS', integer(1, 86_400), '60'),
  serveKey('history-bytes', 'WSMESH_HISTORY_BYTES', integer(65_536, 1024 ** 3), '16777216'),
  serveKey('drain-seconds', 'WSMESH_DRAIN_SECONDS', integer(0, 3600), '5'),
  serveKey('outbox', 'WSMESH_OUTBOX', flag(), 'false'),
  key('outbox-url', 'WSMESH_OUTBOX_URL', url('mysql://… or sqlite:FILE'), "the pool's"),
  serveKey('relay', 'WSMESH_RELAY', text('master or nats://host:4222'), 'master'),
  serveKey('relay-mesh', 'WSMESH_RELAY_MESH', text('a word'), 'wsmesh'),
  serveKey('relay-slots', 'WSMESH_RELAY_SLOTS', integer(1, 1_048_576), '65536'),
  serveKey('relay-replicas', 'WSMESH_RELAY_REPLICAS', integer(1, 5), '1'),
  serveKey('relay-bytes', 'WSMESH_RELAY_BYTES', integer(1024 ** 2, 2 ** 53 - 1), '1073741824'),
  serveKey('relay-creds', 'WSMESH_RELAY_CREDS', path(), ''),
  serveKey('relay-nkey', 'WSMESH_RELAY_NKEY', path(), ''),
  serveKey('relay-tls-ca', 'WSMESH_RELAY_TLS_CA', path(), ''),
  serveKey('relay-tls-cert', 'WSMESH_RELAY_TLS_CERT', path(), ''),
  serveKey('relay-tls-key', 'WSMESH_RELAY_TLS_KEY', path(), ''),
  serveKey('auth-token', '', flag(), 'on, unless only others are given'),
  serveKey('token-key', '', paths(), ''),
  serveKey('token-issuer', 'WSMESH_TOKEN_ISSUER', text('a text'), ''),
  serveKey('token-audience', 'WSMESH_TOKEN_AUDIENCE', text('a text'), ''),
  serveKey('token-leeway', 'WSMESH_TOKEN_LEEWAY', duration(0, HOUR_MS), '0 ms'),
  serveKey('claim', '', texts('"user=uid"'), ''),
  serveKey('auth-sql', 'WSMESH_AUTH_SQL', text('a query, or @ and its file'), ''),
  serveKey('auth-sql-url', 'WSMESH_AUTH_SQL_URL', text('mysql://user@host/database'), ''),
  serveKey('auth-url', 'WSMESH_AUTH_URL', text('a URL: https://example.com/auth.php'), ''),
  serveKey('auth-url-method', 'WSMESH_AUTH_URL_METHOD', oneOf(['post', 'get']), 'post'),
  serveKey('auth-cache', 'WSMESH_AUTH_CACHE', duration(0, HOUR_MS), '5 s'),
  serveKey('auth-recheck', 'WSMESH_AUTH_RECHECK', duration(0, DAY_MS), '0 ms'),
  serveKey('session-cookie', 'WSMESH_SESSION_COOKIE', text("a cookie's name"), ''),
  serveKey('origin', 'WSMESH_ORIGIN', texts('"https://example.com"'), ''),
  serveKey('allow-no-origin', '', flag(), 'false'),
  serveKey('trust-proxy', 'WSMESH_TRUST_PROXY', texts('"10.0.0.0/8"'), ''),
  serveKey('supervise', 'WSMESH_SUPERVISE', flag(), 'false'),
  serveKey('workers', 'WSMESH_WORKERS', text('a text: "4" or "auto"'), '1'),
  serveKey('max-rss', 'WSMESH_MAX_RSS', text('a size as text: "1G"'), ''),
  serveKey('probe-interval', 'WSMESH_PROBE_INTERVAL', duration(1000, 600_000), '10 s'),
  serveKey('on-hang', 'WSMESH_ON_HANG', text('a text: "report,cpu,heap"'), 'report'),
  ...limitEntries().map(([, limit]) => limitKey(limit)),
  serveKey('log-level', 'WSMESH_LOG_LEVEL', oneOf(['debug', 'info', 'warn', 'error']), 'info'),
  serveKey('log-format', 'WSMESH_LOG_FORMAT', oneOf(['auto', 'pretty', 'json']), 'auto'),
  serveKey('log-file', 'WSMESH_LOG_FILE', path(), ''),
  serveKey('compression', 'WSMESH_COMPRESSION', flag(), 'false'),
  serveKey('tls-mutual', 'WSMESH_TLS_MUTUAL', flag(), 'false'),
  serveKey('webhook-idempotent', 'WSMESH_WEBHOOK_IDEMPOTENT', flag(), 'false'),
  serveKey('trace-context', 'WSMESH_TRACE_CONTEXT', flag(), 'false'),
]

export function configKey(name: string): ConfigKey | undefined {
  return CONFIG_KEYS.find((entry) => entry.key === name)
}

type Kind = Pick<ConfigKey, 'allowed' | 'read' | 'isPath'>

function key(flag: string, env: string, kind: Kind, defaultText: string): ConfigKey {
  const camel = flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return {key: camel, flag, env, defaultText, ...kind}
}

function serveKey(flag: string, env: string, kind: Kind, defaultText: string): ConfigKey {
  return {...key(flag, env, kind, defaultText), only: 'serve'}
}

function limitKey(limit: Limit): ConfigKey {
  const {flag, unit, min, max, default: value} = limit
  const isTime = unit === 'ms'
  const kind = isTime ? duration(min, max) : integer(min, max)
  return serveKey(flag, limitVariable(limit), kind, isTime ? formatDuration(value) : String(value))
}

function text(allowed: string): Kind {
  return {allowed, read: (value) => (isText(value) ? value : undefined)}
}

function url(allowed: string): Kind {
  return {...text(allowed), isPath: true}
}

function path(): Kind {
  return {...text('a path, relative to this file'), isPath: true}
}

function paths(): Kind {
  return {
    allowed: 'a list of paths, relative to this file',
    isPath: true,
    read(value) {
      if (isText(value)) return [value]
      return Array.isArray(value) && value.every(isText) ? value : undefined
    },
  }
}

function texts(example: string): Kind {
  return {
    allowed: `a list of texts, such as [${example}]`,
    read(value) {
      if (isText(value)) return [value]
      return Array.isArray(value) && value.every(isText) ? value : undefined
    },
  }
}

function flag(): Kind {
  return {allowed: 'true or false', read: readFlag}
}

function readFlag(value: unknown): unknown {
  return typeof value === 'boolean' ? value : undefined
}

function oneOf(options: readonly string[]): Kind {
  return {
    allowed: options.map((option) => JSON.stringify(option)).join(' or '),
    read: (value) => options.find((option) => option === value),
  }
}

function integer(min: number, max: number): Kind {
  return {
    allowed: `a whole number from ${min} to ${max}`,
    read(value) {
      const fits = typeof value === 'number' && Number.isInteger(value)
      return fits && value >= min && value <= max ? value : undefined
    },
  }
}

function duration(minMs = 1, maxMs = DAY_MS): Kind {
  return {
    allowed: `a duration as text, "5s" or "1m30s", up to ${formatDuration(maxMs)}`,
    read(value) {
      const ms = isText(value) ? parseDuration(value) : undefined
      return ms !== undefined && ms >= minMs && ms <= maxMs ? ms : undefined
    },
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
