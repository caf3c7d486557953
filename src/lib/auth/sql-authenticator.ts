/**
 * Sessions in the application's own database. A node asks with an account that only reads, over one
 * connection, and asks at most so often at once; while the database is down new clients hear 503.
 */
import type {SqlRow, SqlValue, Statement} from '../sql/statement.js'
import {parseJson} from '../protocol/json-text.js'
import {idFromJson} from '../protocol/target.js'
import {refused} from './authenticator.js'
import type {Authenticator, AuthLog, Proof, Verdict} from './authenticator.js'
import {readClaims} from './claims.js'
import {expiryOf} from './expiry.js'
import type {Guard} from './guard.js'
import {describeFailure} from './describe-failure.js'
import {parseSqlQuery} from './sql-query.js'
import type {Placeholder} from './sql-query.js'
import type {VerdictCache} from './verdict-cache.js'

/** Rows of one session: one for each of its groups, where the query joins them. */
export const ROWS_MAX = 1000

/** The part of a driver that is used. Rejects when the database failed. */
export interface SqlReader {
  rows(statement: Statement): Promise<readonly SqlRow[]>
  close(): Promise<void>
}

export interface SqlAuthenticatorOptions {
  readonly query: string
  readonly reader: SqlReader
  readonly guard: Guard
  readonly cache: VerdictCache
  readonly log: AuthLog
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
}

/** Throws CONFIG_INVALID for a query that cannot be used. */
export function sqlAuthenticator(options: SqlAuthenticatorOptions): Authenticator {
  const {reader, guard, cache, log, wallClock} = options
  const {sql, names} = parseSqlQuery(options.query)
  const given = names.filter((name) => name !== 'now')
  let isToldOfSession = false

  async function ask(proof: Proof, session: string): Promise<Verdict> {
    let rows
    try {
      const values = names.map((name) => valueOf(name, proof, wallClock()))
      rows = await guard.ask(() => reader.rows({sql, values}))
    } catch (error) {
      return {type: 'unavailable', reason: describeFailure(error)}
    }
    const [first] = rows
    if (first === undefined) return refused(403, 'the session is not known or has ended')
    const read = readRows(rows, session, wallClock())
    if (typeof read === 'string') {
      log.warn('The answer of --auth-sql cannot be used', {why: read})
      return {type: 'unavailable', reason: read}
    }
    // Databases mostly compare text whatever its case: what a kick names may be spelled otherwise.
    if (!('session' in first) && !isToldOfSession) {
      isToldOfSession = true
      log.warn('The query of --auth-sql returns no session: select its id, as the table has it')
    }
    return read
  }

  return {
    wants: 'a session',
    check(proof) {
      const {session} = proof
      if (session === undefined) return Promise.resolve({type: 'not-mine'})
      const asked = given.map((name) => text(valueOf(name, proof, 0)))
      return cache.get(asked, () => ask(proof, session))
    },
    forget: (isMeant) => cache.forget(isMeant),
    close: () => reader.close(),
  }
}

function valueOf(name: Placeholder, proof: Proof, nowMs: number): SqlValue {
  switch (name) {
    case 'session':
      return proof.session ?? null
    case 'user_agent':
      return proof.userAgent ?? null
    case 'ip':
      return proof.address
    case 'language':
      return proof.language ?? null
    case 'now':
      return Math.floor(nowMs / 1000)
    default:
      return name satisfies never
  }
}

function text(value: SqlValue): string | undefined {
  return value === null ? undefined : String(value)
}

/** One row, or one for each group; or what is wrong with them, for the operator. */
function readRows(rows: readonly SqlRow[], proved: string, nowMs: number): Verdict | string {
  const [first = {}] = rows
  if (rows.length > ROWS_MAX) return `more than ${ROWS_MAX} rows for one session`
  if (rows.some((row) => String(row['user']) !== String(first['user']))) {
    return 'rows of different users for one session'
  }
  // What proved a session is its id where it can be one.
  const {user, groups: _, session = idFromJson(proved), session_expire, language, ...others} = first
  // A visitor's: where guests are let in, this is one.
  if (user === null) return {type: 'not-mine'}
  const groups = rows.map((row) => groupsOf(row['groups']))
  if (groups.includes(undefined)) return 'groups is no text: names with commas between, or JSON'
  const expiresAtMs = expiryOf(session_expire)
  if (expiresAtMs === undefined) {
    return 'session_expire is no number of seconds since 1970: select UNIX_TIMESTAMP(…)'
  }
  if (expiresAtMs <= nowMs) return refused(403, 'the session has ended')
  const all = groups.flatMap((each) => each ?? [])
  const read = readClaims({user, groups: all, session, language, properties: others})
  if (!read.ok) return `${read.field} ${read.reason}`
  return {type: 'known', claims: read.claims, expiresAtMs, isLive: true}
}

/** `staff,press`, `["staff", "press"]` or nothing. */
function groupsOf(value: unknown): readonly unknown[] | undefined {
  if (value === null || value === undefined || value === '') return []
  if (Array.isArray(value)) return value
  if (typeof value === 'number') return [value]
  if (typeof value !== 'string') return undefined
  if (!value.startsWith('[')) return value.split(',').map((name) => name.trim()).filter(Boolean)
  const json = parseJson(value)
  return json.ok && Array.isArray(json.value) ? json.value : undefined
}
