/** What a pool's URL says, checked before anything is opened. Never repeats a password. */
import {isAbsolute, join, resolve} from 'node:path'
import {WsmeshError} from '../util/errors.js'
import {redactPoolUrl} from './redact-pool-url.js'

/** InnoDB where MEMORY is not allowed: Group Replication, Galera, managed services. */
export type MembersEngine = 'memory' | 'innodb'

export type PoolAddress = SqliteAddress | MysqlAddress

export interface SqliteAddress {
  readonly type: 'sqlite'
  readonly label: string
  /** Absolute. */
  readonly path: string
}

export interface MysqlAddress {
  readonly type: 'mysql'
  readonly label: string
  readonly host: string
  readonly port: number
  /** Instead of host and port. */
  readonly socketPath: string | undefined
  readonly user: string
  readonly password: string
  readonly database: string
  readonly engine: MembersEngine
}

const EXAMPLES = [
  'sqlite: for nodes on one machine, in the data folder',
  'sqlite:./pool.db or sqlite:/var/lib/wsmesh/pool.db for a file of your own',
  'mysql://user:password@host:3306/database for several machines (mariadb:// is the same)',
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
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || parsed.hostname === '') {
    throw invalid(url, 'it is no URL with a host (: / @ # ? in a password are written %3A %2F'
      + ' %40 %23 %3F; with a socket the host is localhost)', [EXAMPLES[2]])
  }
  if (parsed.hash !== '') {
    throw invalid(url, 'it has a #; in a password that is written %23', [EXAMPLES[2]])
  }
  const database = decoded(url, 'database', parsed.pathname.slice(1))
  if (!/^[^/]{1,64}$/.test(database)) {
    throw invalid(
      url,
      database === '' ? 'it names no database' : 'what follows the host is no database name',
      ['mysql://user:password@host:3306/database   (in a password / is written %2F, @ %40)'],
    )
  }
  const {engine, socketPath} = parseOptions(url, parsed.searchParams)
  return {
    type: 'mysql',
    label: redactPoolUrl(url),
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    socketPath,
    user: decoded(url, 'user', parsed.username),
    password: decoded(url, 'password', parsed.password),
    database,
    engine,
  }
}

function parseOptions(
  url: string,
  options: URLSearchParams,
): Pick<MysqlAddress, 'engine' | 'socketPath'> {
  for (const name of options.keys()) {
    if (name === 'engine' || name === 'socketPath') continue
    throw invalid(url, `it has an unknown option: ${name}`, [
      'Known options are ?socketPath=/path/of/mysqld.sock and ?engine=memory or innodb',
    ])
  }
  const engine = options.get('engine') ?? 'memory'
  if (engine !== 'memory' && engine !== 'innodb') {
    throw invalid(url, `engine is ${JSON.stringify(engine)}`, ['engine=memory', 'engine=innodb'])
  }
  const socketPath = options.get('socketPath') ?? undefined
  if (socketPath !== undefined && !isAbsolute(socketPath)) {
    throw invalid(url, 'socketPath is no absolute path', ['?socketPath=/run/mysqld/mysqld.sock'])
  }
  return {engine, socketPath}
}

function decoded(url: string, what: string, text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // The decoder's error repeats the text, which may be the password: it is no cause to keep.
    throw invalid(url, `its ${what} has a % that is no escape`, ['Write % as %25'])
  }
}

function invalid(url: string, why: string, suggestions: readonly string[]): WsmeshError {
  return new WsmeshError(
    'POOL_URL_INVALID',
    `Cannot use the pool URL ${redactPoolUrl(url).slice(0, 300) || '(empty)'}: ${why}.`,
    {suggestions},
  )
}
