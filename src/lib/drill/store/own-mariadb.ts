/** A MariaDB of the drill's own, which it may do to what it likes. */
import {join} from 'node:path'
import {MariadbProcess} from '../../process/mariadb-process.js'
import {WsmeshError} from '../../util/errors.js'
import {parsePoolUrl} from '../../pool/pool-url.js'
import {poolDriver} from '../../pool/mysql/pool-driver.js'
import {noteChild} from '../leftovers.js'
import {MysqlStore} from './mysql-store.js'
import type {DrillStore} from './drill-store.js'

const DATABASE = 'mesh'
const CALL_MS = 10_000

export class OwnMariadb implements DrillStore {
  readonly label = 'a MariaDB of its own'
  readonly #server: MariadbProcess
  readonly #store: MysqlStore

  private constructor(server: MariadbProcess, store: MysqlStore) {
    this.#server = server
    this.#store = store
  }

  static async open(folder: string): Promise<OwnMariadb> {
    const server = await MariadbProcess.start(join(folder, 'db'))
    await noteChild(folder, server.pid)
    try {
      const base = `mysql://root@localhost`
      const socket = `socketPath=${encodeURIComponent(server.socketPath)}`
      await run(`${base}/mysql?${socket}`, `CREATE DATABASE ${DATABASE}`, folder)
      const url = `${base}/${DATABASE}?${socket}`
      const address = parsePoolUrl(url, folder)
      if (address.type !== 'mysql') throw new RangeError(`No address of MySQL: ${url}`)
      return new OwnMariadb(server, await MysqlStore.open({
        url, address, folder: undefined, proxyHost: undefined,
      }))
    } catch (error) {
      await server.end('SIGKILL')
      throw error
    }
  }

  get env(): Readonly<Record<string, string>> {
    return this.#store.env
  }

  down(): Promise<void> {
    return this.#store.down()
  }

  slow(): Promise<void> {
    return this.#store.slow()
  }

  freeze(): Promise<void> {
    return this.#server.freeze()
  }

  async up(): Promise<void> {
    this.#server.thaw()
    await this.#store.up()
  }

  wipe(): Promise<void> {
    return this.#store.wipe()
  }

  async close(): Promise<void> {
    this.#server.thaw()
    try {
      await this.#store.close()
    } finally {
      await this.#server.end('SIGKILL')
    }
  }
}

async function run(url: string, sql: string, folder: string): Promise<void> {
  const address = parsePoolUrl(url, folder)
  if (address.type !== 'mysql') throw new WsmeshError('POOL_URL_INVALID', `Not MySQL: ${url}`)
  const driver = poolDriver(address, CALL_MS)
  try {
    await driver.run({sql, values: []})
  } finally {
    await driver.close()
  }
}
