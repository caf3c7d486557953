import {unreachable} from '../../util/assert.js'
import {WsmeshError} from '../../util/errors.js'
import {checkPoolPrefix, parsePoolUrl} from '../pool-url.js'
import type {PoolAddress} from '../pool-url.js'
import type {OutboxStore} from './outbox-store.js'

export interface OpenOutboxOptions {
  /** As of the pool: `sqlite:`, `sqlite:PATH` or `mysql://…`. */
  readonly url: string
  /** Begins the names of tables and procedure. */
  readonly prefix: string
  /** Where `sqlite:` alone is. */
  readonly dataDir: string
  /** A call of the store rejects after this. */
  readonly timeoutMs?: number
}

/** Longer than the pool's: a batch is more work, and nothing waits for it but the next. */
const TIMEOUT_MS = 5000

/**
 * The store that the URL names. Opens no file or connection yet: the first call does. Throws
 * CONFIG_INVALID. The drivers are heavy, so only the one is loaded.
 */
export async function openOutboxStore(options: OpenOutboxOptions): Promise<OutboxStore> {
  const {prefix, timeoutMs = TIMEOUT_MS} = options
  checkPoolPrefix(prefix)
  const address = outboxAddress(options)
  switch (address.type) {
    case 'sqlite': {
      const {SqliteOutboxStore} = await import('./sqlite-outbox-store.js')
      return new SqliteOutboxStore(address, {prefix, timeoutMs})
    }
    case 'mysql': {
      const {MysqlOutboxStore} = await import('./mysql-outbox-store.js')
      return new MysqlOutboxStore(address, {prefix, timeoutMs})
    }
    default:
      return unreachable(address)
  }
}

/** What a person runs where wsmesh may not: statements, each with its semicolon. */
export async function outboxSql(options: OpenOutboxOptions): Promise<string> {
  checkPoolPrefix(options.prefix)
  const address = outboxAddress(options)
  if (address.type === 'sqlite') {
    const {SqliteOutboxSql} = await import('./sqlite-outbox-sql.js')
    const sql = new SqliteOutboxSql(options.prefix)
    return script([sql.createOutbox(), sql.createAside()])
  }
  const {MysqlOutboxSql} = await import('./mysql-outbox-sql.js')
  const sql = new MysqlOutboxSql(options.prefix)
  return script([sql.createOutbox(), sql.createAside(), sql.createPublish()])
}

function script(statements: readonly {readonly sql: string}[]): string {
  return statements.map(({sql}) => `${inLines(sql)};`).join('\n\n')
}

/** Statements are kept in one line; columns and clauses are read one below the other. */
function inLines(sql: string): string {
  return sql
    .replace(/ \( /, ' (\n  ')
    .replaceAll(/, (?=[a-z_]+ [A-Z])|, (?=IN )/g, ',\n  ')
    .replace(/ \)(?= ENGINE| MODIFIES|$)/, '\n)')
    .replace(/ (?=INSERT INTO)/, '\n')
}

function outboxAddress({url, dataDir}: OpenOutboxOptions): PoolAddress {
  try {
    return parsePoolUrl(url, dataDir)
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    const message = error.message.replace('the pool URL', 'the URL of the outbox')
    throw new WsmeshError('CONFIG_INVALID', message, {cause: error, suggestions: error.suggestions})
  }
}
