/** A database that was given, with tables of the drill's own, behind a proxy that can fail. */
import {redactUrl} from '../sql/redact-url.js'
import type {MysqlAddress} from '../pool/pool-url.js'
import {poolDriver} from '../pool/mysql/pool-driver.js'
import type {MysqlDriver} from '../sql/mysql-driver.js'
import type {DrillStore} from './drill-store.js'
import {FaultyProxy} from './faulty-proxy.js'

const CALL_MS = 10_000
/** Each answer so late: longer than a heartbeat, shorter than a call's time limit. */
const SLOW_MS = 1500

export class MysqlStore implements DrillStore {
  readonly label: string
  readonly env: Readonly<Record<string, string>>
  readonly #proxy: FaultyProxy
  readonly #driver: MysqlDriver
  readonly #prefix: string

  private constructor(url: string, address: MysqlAddress, prefix: string, proxy: FaultyProxy) {
    const through = new URL(url)
    through.hostname = '127.0.0.1'
    through.port = String(proxy.port)
    through.searchParams.delete('socketPath')
    this.label = redactUrl(url)
    this.env = {WSMESH_POOL: through.href, WSMESH_POOL_PREFIX: prefix}
    this.#proxy = proxy
    this.#prefix = prefix
    this.#driver = poolDriver(address, CALL_MS)
  }

  static async open(url: string, address: MysqlAddress, prefix: string): Promise<MysqlStore> {
    const {socketPath, host, port} = address
    const proxy = await FaultyProxy.open(
      socketPath === undefined ? {host, port} : {path: socketPath},
    )
    const store = new MysqlStore(url, address, prefix, proxy)
    try {
      await store.#driver.run({sql: 'SELECT 1', values: []})
    } catch (error) {
      await store.close().catch(() => {})
      throw error
    }
    return store
  }

  async down(): Promise<void> {
    this.#proxy.refuse()
  }

  async slow(): Promise<void> {
    this.#proxy.delay(SLOW_MS)
  }

  async up(): Promise<void> {
    this.#proxy.pass()
  }

  async wipe(): Promise<void> {
    for (const table of ['members', 'lease']) await this.#run(`DELETE FROM ${this.#name(table)}`)
  }

  async close(): Promise<void> {
    await this.#proxy.close()
    try {
      for (const table of ['members', 'lease']) {
        await this.#run(`DROP TABLE IF EXISTS ${this.#name(table)}`)
      }
    } finally {
      await this.#driver.close()
    }
  }

  async #run(sql: string): Promise<void> {
    await this.#driver.run({sql, values: []})
  }

  #name(table: string): string {
    return `\`${this.#prefix}${table}\``
  }
}
