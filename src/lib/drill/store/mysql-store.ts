/**
 * A database that was given, with tables of the drill's own; behind a proxy that can fail where the
 * drill breaks it or nodes cannot reach it themselves.
 */
import {randomBytes} from 'node:crypto'
import {redactUrl} from '../../sql/redact-url.js'
import type {MysqlAddress} from '../../pool/pool-url.js'
import {poolDriver} from '../../pool/mysql/pool-driver.js'
import type {MysqlDriver} from '../../sql/mysql-driver.js'
import {noteTables} from '../leftovers.js'
import {SLOW_MS} from './drill-store.js'
import type {DrillStore} from './drill-store.js'
import {FaultyProxy} from './faulty-proxy.js'

const CALL_MS = 10_000
const PREFIX = /^wsmesh_drill_[0-9a-f]{8}_$/
const TABLES = ['members', 'lease']

export interface MysqlStoreOptions {
  readonly url: string
  readonly address: MysqlAddress
  /** The drill's folder, where it is noted which tables it makes; undefined: not worth it. */
  readonly folder: string | undefined
  /** Where nodes reach the proxy; undefined: they reach the database without. */
  readonly proxyHost: string | undefined
}

export class MysqlStore implements DrillStore {
  readonly label: string
  readonly env: Readonly<Record<string, string>>
  readonly #proxy: FaultyProxy | undefined
  readonly #driver: MysqlDriver
  readonly #prefix: string

  private constructor(
    {url, address}: MysqlStoreOptions, prefix: string, proxy: FaultyProxy | undefined,
  ) {
    this.label = redactUrl(url)
    const through = proxy === undefined ? url : urlThrough(url, proxy)
    this.env = {WSMESH_POOL: through, WSMESH_POOL_PREFIX: prefix}
    this.#proxy = proxy
    this.#prefix = prefix
    this.#driver = poolDriver(address, CALL_MS)
  }

  static async open(options: MysqlStoreOptions): Promise<MysqlStore> {
    const {proxyHost} = options
    const {socketPath, host, port} = options.address
    const target = socketPath === undefined ? {host, port} : {path: socketPath}
    const proxy = proxyHost === undefined ? undefined : await FaultyProxy.open(target, proxyHost)
    const prefix = `wsmesh_drill_${randomBytes(4).toString('hex')}_`
    const store = new MysqlStore(options, prefix, proxy)
    try {
      const {folder} = options
      if (folder !== undefined) await noteTables(folder, {pool: store.label, prefix})
      await store.#driver.run({sql: 'SELECT 1', values: []})
    } catch (error) {
      await store.close().catch(() => {})
      throw error
    }
    return store
  }

  async down(): Promise<void> {
    this.#faulty().refuse()
  }

  async slow(): Promise<void> {
    this.#faulty().delay(SLOW_MS)
  }

  async freeze(): Promise<void> {
    throw new RangeError('Not our server: the drill must say store: own-mariadb')
  }

  async up(): Promise<void> {
    this.#proxy?.pass()
  }

  async wipe(): Promise<void> {
    for (const table of TABLES) {
      await this.#driver.run({sql: `DELETE FROM \`${this.#prefix}${table}\``, values: []})
    }
  }

  async close(): Promise<void> {
    await this.#proxy?.close()
    try {
      await drop(this.#driver, this.#prefix)
    } finally {
      await this.#driver.close()
    }
  }

  #faulty(): FaultyProxy {
    if (this.#proxy === undefined) throw new RangeError('The drill must say breaksStore')
    return this.#proxy
  }
}

function urlThrough(url: string, {host, port}: FaultyProxy): string {
  const through = new URL(url)
  through.hostname = host
  through.port = String(port)
  through.searchParams.delete('socketPath')
  return through.href
}

/** Tables that a killed drill left in this database. */
export async function dropLeftTables(address: MysqlAddress, prefix: string): Promise<void> {
  if (!PREFIX.test(prefix)) return
  const driver = poolDriver(address, CALL_MS)
  try {
    await drop(driver, prefix)
  } finally {
    await driver.close()
  }
}

async function drop(driver: MysqlDriver, prefix: string): Promise<void> {
  for (const table of TABLES) {
    await driver.run({sql: `DROP TABLE IF EXISTS \`${prefix}${table}\``, values: []})
  }
}
