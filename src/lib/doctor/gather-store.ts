import {LIMITS} from '../protocol/limits.js'
import {openPoolStore} from '../pool/open-pool-store.js'
import {WIDTHS} from '../pool/pool-row.js'
import {checkPoolPrefix, type MysqlAddress, type PoolAddress} from '../pool/pool-url.js'
import type {MysqlDriver} from '../sql/mysql-driver.js'
import {plainStatement, type SqlRow, statement, type Statement} from '../sql/statement.js'
import type {MysqlFacts, StoreFacts, TableFacts} from './facts.js'
import {tried} from './told.js'

export interface StorePlace {
  readonly pool: PoolAddress
  readonly url: string
  readonly prefix: string
  readonly dataDir: string
  readonly timeoutMs: number
}

/** What SHOW GLOBAL VARIABLES is asked for: no server knows all of them. */
const VARIABLES = [
  'wait_timeout', 'max_connections', 'max_user_connections', 'max_heap_table_size', 'sql_mode',
  'max_allowed_packet', 'read_only', 'super_read_only', 'innodb_read_only', 'wsrep_on',
  'group_replication_group_name', 'disabled_storage_engines',
]
const STATUS = ['Threads_connected', 'Max_used_connections']
const TRIES = 3

export async function gatherStore(place: StorePlace): Promise<StoreFacts> {
  const read = await tried(async () => {
    const store = await openPoolStore(place)
    try {
      await Promise.all([store.list(), store.readLease()])
    } finally {
      await store.close()
    }
  })
  const {pool} = place
  if (pool.type === 'sqlite') return read.ok ? {type: 'sqlite'} : {type: 'failed', told: read.told}
  // A user without any privilege on the tables is told of by its privileges.
  const asked = await tried(() => askMysql(pool, place))
  if (!asked.ok) return {type: 'failed', told: asked.told}
  const isOnlyDenied = !read.ok && read.told.code === 'POOL_DENIED'
  return read.ok || isOnlyDenied ? asked.value : {type: 'failed', told: read.told}
}

async function askMysql(pool: MysqlAddress, {prefix, timeoutMs}: StorePlace): Promise<MysqlFacts> {
  checkPoolPrefix(prefix)
  const {poolDriver} = await import('../pool/mysql/pool-driver.js')
  const driver = poolDriver(pool, timeoutMs)
  try {
    const {latencyMs, clockAheadMs} = await askClock(driver)
    const variables = named(await rows(driver, show('VARIABLES', VARIABLES)))
    const heapBytes = Number(variables['max_heap_table_size'])
    return {
      type: 'mysql',
      latencyMs,
      clockAheadMs,
      variables,
      status: named(await rows(driver, show('STATUS', STATUS))),
      grants: (await rows(driver, plainStatement('SHOW GRANTS')))
        .flatMap((row) => Object.values(row).map(String)),
      tables: await askTables(driver, pool.database, prefix),
      rowsMax: Math.floor(heapBytes / ROW_BYTES),
    }
  } finally {
    await driver.close()
  }
}

/** A MEMORY table keeps each row at its full width, and two indexes. */
const ROW_BYTES = WIDTHS.id + WIDTHS.version + 2 * LIMITS.urlBytes + 3 * 8 + 2 * 32

function show(what: 'VARIABLES' | 'STATUS', names: readonly string[]): Statement {
  const list = names.map((name) => `'${name}'`).join(', ')
  return plainStatement(`SHOW GLOBAL ${what} WHERE Variable_name IN (${list})`)
}

async function askClock(driver: MysqlDriver) {
  let best = {latencyMs: Infinity, clockAheadMs: 0}
  // Not the connecting, which is done once.
  await rows(driver, statement('SELECT 1'))
  for (let n = 0; n < TRIES; n += 1) {
    const startMs = Date.now()
    const started = performance.now()
    const [row] = await rows(driver, statement('SELECT UNIX_TIMESTAMP(NOW(6)) * 1000 AS now_ms'))
    const latencyMs = performance.now() - started
    const clockAheadMs = Number(row?.['now_ms']) - (startMs + latencyMs / 2)
    if (latencyMs < best.latencyMs) best = {latencyMs, clockAheadMs}
  }
  return best
}

async function askTables(
  driver: MysqlDriver, database: string, prefix: string,
): Promise<TableFacts[]> {
  const found = await rows(driver, statement(
    `SELECT table_name AS name, engine AS engine, max_data_length AS bytes_max,
      avg_row_length AS row_bytes
    FROM information_schema.tables
    WHERE table_schema = ? AND table_name IN (?, ?)`,
    [database, `${prefix}members`, `${prefix}lease`],
  ))
  return found.map((row) => {
    const rowBytes = Number(row['row_bytes'])
    const engine = String(row['engine'])
    const isMemory = engine.toUpperCase() === 'MEMORY' && rowBytes > 0
    const rowsMax = isMemory ? Math.floor(Number(row['bytes_max']) / rowBytes) : undefined
    return {name: String(row['name']), engine, rowsMax}
  })
}

async function rows(driver: MysqlDriver, wanted: Statement): Promise<readonly SqlRow[]> {
  const outcome = await driver.run(wanted)
  return outcome.type === 'done' ? outcome.rows : []
}

function named(found: readonly SqlRow[]): Readonly<Record<string, string>> {
  const pairs = found.map((row) => [String(row['Variable_name']), String(row['Value'])])
  return Object.fromEntries(pairs)
}
