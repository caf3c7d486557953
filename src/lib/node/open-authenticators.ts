/** The authenticators of `wsmesh serve`, from its settings. */
import {readFile} from 'node:fs/promises'
import type {Authenticator, AuthLog} from '../auth/authenticator.js'
import {Guard} from '../auth/guard.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {sqlAuthenticator} from '../auth/sql-authenticator.js'
import {tokenAuthenticator} from '../auth/token-authenticator.js'
import {loadTokenKeys} from '../auth/token-keys.js'
import {urlAuthenticator} from '../auth/url-authenticator.js'
import {VerdictCache} from '../auth/verdict-cache.js'
import {unreachable} from '../util/assert.js'
import {WsmeshError} from '../util/errors.js'
import {CalmWarning} from './calm-warning.js'
import type {DoorOptions} from './client-door.js'
import type {NodeLimits} from './limits.js'
import {describeError} from './log.js'
import type {Log} from './log.js'

export type AuthKind = 'token' | 'sql' | 'url'

/** What the flags say of clients' identities. */
export interface AuthOptions {
  /** What proves a client, tried in this order. */
  readonly order: readonly AuthKind[]
  /** Files and URLs. */
  readonly tokenKeys: readonly string[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
  readonly leewayMs: number
  readonly claims: Readonly<Record<string, string>>
  /** The query itself, or `@` and its file. */
  readonly sqlQuery: string | undefined
  readonly sqlUrl: string | undefined
  readonly url: string | undefined
  readonly urlMethod: 'post' | 'get'
  readonly cacheMs: number
  readonly recheckMs: number
  readonly sessionCookie: string | undefined
  readonly origins: readonly string[]
  readonly allowNoOrigin: boolean
  readonly trustedProxies: readonly string[]
}

/** Answers that are kept of each. */
const CACHE_ENTRIES_MAX = 10_000

export interface AuthServices {
  readonly secret: MeshSecret
  readonly log: Log
  readonly now: () => number
  readonly wallClock: () => number
  readonly limits: Pick<NodeLimits, 'authTimeoutMs' | 'authAtOnce' | 'authWaitingMax'>
}

export function doorOf(options: AuthOptions): DoorOptions {
  const {sessionCookie, origins, allowNoOrigin, trustedProxies, order} = options
  const keepsCookies = order.includes('url')
  return {sessionCookie, origins, allowNoOrigin, trustedProxies, keepsCookies}
}

/** Throws CONFIG_INVALID, SECRET_INVALID, FILE_UNREADABLE or AUTH_REJECTED. */
export async function openAuthenticators(
  options: AuthOptions,
  services: AuthServices,
): Promise<readonly Authenticator[]> {
  const opened: Authenticator[] = []
  for (const kind of options.order) opened.push(await openOne(kind, options, services))
  return opened
}

async function openOne(
  kind: AuthKind,
  options: AuthOptions,
  services: AuthServices,
): Promise<Authenticator> {
  switch (kind) {
    case 'token':
      return openToken(options, services)
    case 'sql':
      return openSql(options, services)
    case 'url':
      return openUrl(options, services)
    default:
      return unreachable(kind)
  }
}

async function openToken(options: AuthOptions, services: AuthServices): Promise<Authenticator> {
  const {tokenKeys, issuer, audience, leewayMs, claims} = options
  const {secret, log, now} = services
  const keys = await loadTokenKeys(tokenKeys, {log, now})
  return tokenAuthenticator(secret, {keys, issuer, audience, leewayMs, claims})
}

async function openSql(options: AuthOptions, services: AuthServices): Promise<Authenticator> {
  const {sqlQuery = '', sqlUrl = ''} = options
  const {log, limits, wallClock} = services
  const query = sqlQuery.startsWith('@') ? await readQuery(sqlQuery.slice(1)) : sqlQuery
  // Its driver is a fifth of what a node loads, which no other node needs.
  const {openSqlReader, tryQuery} = await import('./auth-database.js')
  const reader = openSqlReader(sqlUrl, limits.authTimeoutMs)
  const guard = guardOf('the database of --auth-sql', services)
  const cache = cacheOf(options, services)
  const calm = new CalmWarning(log)
  const calmLog: AuthLog = {...log, warn: (text, fields = {}) => calm.warn(text, fields)}
  try {
    const authenticator = sqlAuthenticator({query, reader, guard, cache, log: calmLog, wallClock})
    await tryQuery(query, reader, log)
    return authenticator
  } catch (error) {
    await reader.close()
    throw error
  }
}

function openUrl(options: AuthOptions, services: AuthServices): Authenticator {
  const {url = '', urlMethod: method} = options
  const {limits, wallClock} = services
  const guard = guardOf('the application of --auth-url', services)
  const cache = cacheOf(options, services)
  return urlAuthenticator({url, method, timeoutMs: limits.authTimeoutMs, guard, cache, wallClock})
}

function guardOf(what: string, {log, limits, now}: AuthServices): Guard {
  return new Guard({
    atOnce: limits.authAtOnce,
    waitingMax: limits.authWaitingMax,
    now,
    onOpen: (error) =>
      log.error(`Not asking ${what} for a moment: it fails again and again`, {
        error: describeError(error),
      }),
    onClose: () => log.info(`Asking ${what} again: it answers`),
  })
}

function cacheOf({cacheMs: ttlMs}: AuthOptions, {now, wallClock}: AuthServices): VerdictCache {
  return new VerdictCache({ttlMs, entriesMax: CACHE_ENTRIES_MAX, now, wallClock})
}

async function readQuery(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read the query of --auth-sql from ${path}`, {
      cause: error,
      suggestions: ['Check the path behind the @'],
    })
  }
}
