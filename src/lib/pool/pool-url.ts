/** What a pool's URL says, checked before anything is opened. Never repeats a password. */
import {isAbsolute, join, resolve} from 'node:path'
import {MYSQL_URL_EXAMPLE, readMysqlUrl} from '../sql/mysql-url.js'
import type {MysqlPlace} from '../sql/mysql-url.js'
import {redactUrl} from '../sql/redact-url.js'
import {WsmeshError} from '../util/errors.js'

/** InnoDB where MEMORY is not allowed: Group Replication, Galera, managed services. */
export type MembersEngine = 'memory' | 'innodb'

export type PoolAddress = SqliteAddress | MysqlAddress

export interface SqliteAddress {
  readonly type: 'sqlite'
  readonly label: string
  /** Absolute. */
  readonly path: string
}

export interface MysqlAddress extends MysqlPlace {
  readonly type: 'mysql'
  readonly label: string
  readonly engine: MembersEngine
}

const EXAMPLES = [
  'sqlite: for nodes on one machine, in the data folder',
  'sqlite:./pool.db or sqlite:/var/lib/wsmesh/pool.db for a file of your own',
  `${MYSQL_URL_EXAMPLE} for several machines (mariadb:// is the same)`,
] as const

/** Throws POOL_URL_INVALID. `dataDir` is where `sqlite:` alone keeps its file. */
export function parsePoolUrl(url: string, dataDir: string): PoolAddress {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  switch (scheme) {
    case 'sqlite':
      return parseSqliteUrl(url, dataDir)
    case 'mysql':
    case 'mariadb':
      return parseMysqlUrl(url)
    default:
      throw invalid(url, 'it begins with no scheme that wsmesh knows', EXAMPLES)
  }
}

/** Throws CONFIG_INVALID. The prefix begins the name of every table. */
export function checkPoolPrefix(prefix: string): void {
  // Lower case only: some servers fold table names, and two meshes must not meet by that.
  if (/^[a-z0-9_]{1,32}$/.test(prefix)) return
  throw new WsmeshError(
    'CONFIG_INVALID',
    `Not a pool prefix: ${JSON.stringify(prefix.slice(0, 100))}. `
      + 'It begins the names of tables: 1 to 32 of a-z, 0-9 and _.',
    {suggestions: ['Leave --pool-prefix out, or use one like wsmesh_ or shop_']},
  )
}

function parseSqliteUrl(url: string, dataDir: string): SqliteAddress {
  const rest = url.slice('sqlite:'.length)
  const path = rest.startsWith('//') ? rest.slice(2) : rest
  if (rest.startsWith('//') && !isAbsolute(path)) {
    throw invalid(url, 'after sqlite:// comes an absolute path', [`sqlite:./${path}`, 'sqlite:'])
  }
  if (path.startsWith(':')) {
    throw invalid(url, 'a database in memory is seen by no other process', ['sqlite:'])
  }
  if (path.startsWith('~')) {
    throw invalid(url, 'only shells know ~', ['sqlite:/home/you/pool.db', 'sqlite:'])
  }
  if (path.includes('?') || path.includes('\0')) {
    throw invalid(url, 'sqlite: takes a path and no options', ['sqlite:./pool.db'])
  }
  if (path.endsWith('/')) {
    throw invalid(url, 'the path ends in /, so it names a folder', [`sqlite:${path}pool.db`])
  }
  const file = path === '' ? join(resolve(dataDir), 'pool.db') : resolve(path)
  return {type: 'sqlite', path: file, label: `sqlite:${file}`}
}

function parseMysqlUrl(url: string): MysqlAddress {
  const read = readMysqlUrl(url)
  if (!read.ok) throw invalid(url, read.why, read.suggestions)
  const engine = engineOf(url, read.options)
  return {type: 'mysql', label: redactUrl(url), ...read.place, engine}
}

function engineOf(url: string, options: URLSearchParams): MembersEngine {
  const unknown = [...options.keys()].find((name) => name !== 'engine')
  if (unknown !== undefined) {
    throw invalid(url, `it has an unknown option: ${unknown}`, [
      'Known options are ?socketPath=/path/of/mysqld.sock and ?engine=memory or innodb',
    ])
  }
  const engine = options.get('engine') ?? 'memory'
  if (engine === 'memory' || engine === 'innodb') return engine
  throw invalid(url, `engine is ${JSON.stringify(engine)}`, ['engine=memory', 'engine=innodb'])
}

function invalid(url: string, why: string, suggestions: readonly string[]): WsmeshError {
  return new WsmeshError(
    'POOL_URL_INVALID',
    `Cannot use the pool URL ${redactUrl(url).slice(0, 300) || '(empty)'}: ${why}.`,
    {suggestions},
  )
}
