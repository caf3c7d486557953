/**
 * A real MariaDB server on a throw-away folder: about one second to have, killed and removed by
 * stop(). Its programs come with `node test/setup-system.mjs`.
 */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import mysql from 'mysql2/promise'
import {MariadbProcess} from '../../src/lib/process/mariadb-process.js'

export const MARIADB_USER = 'wsmesh'
/** With all that a URL must escape. */
export const MARIADB_PASSWORD = 'p:a/s@s#w?o%rd'

export interface Mariadb {
  /** Over TCP, as a user that has all privileges on the database `mesh` and no others. */
  readonly url: string
  /** The same over the unix socket. */
  readonly socketUrl: string
  readonly port: number
  readonly socketPath: string
  readonly pid: number
  /** Runs one statement as root, over the socket; its rows, if it has any. */
  exec(sql: string): Promise<readonly Record<string, unknown>[]>
  /** A connection of its own as root, for locks that outlive a statement. */
  connect(): Promise<mysql.Connection>
  /** Ends the server in order and starts it again on the same port and folder. */
  restart(): Promise<void>
  /** Ends the server in order. */
  shutdown(): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  /** After shutdown or kill. */
  start(): Promise<void>
  /** SIGSTOP: the port accepts, nothing answers. Resolves once all its threads stand. */
  freeze(): Promise<void>
  thaw(): void
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startMariadb(): Promise<Mariadb> {
  // Short: a socket's path has at most 107 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-db-'))
  try {
    const server = new MariadbServer(folder, await MariadbProcess.start(folder))
    await server.exec('CREATE DATABASE mesh')
    const user = `'${MARIADB_USER}'@'%'`
    await server.exec(`CREATE USER ${user} IDENTIFIED BY '${MARIADB_PASSWORD}'`)
    await server.exec(`GRANT ALL ON mesh.* TO ${user}`)
    return server
  } catch (error) {
    await rm(folder, {recursive: true, force: true})
    throw error
  }
}

/** A URL for another user, password or database of the server. */
export function mariadbUrl(
  {port}: Pick<Mariadb, 'port'>,
  {user = MARIADB_USER, password = MARIADB_PASSWORD, database = 'mesh'} = {},
): string {
  return `mysql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
}

class MariadbServer implements Mariadb {
  readonly #folder: string
  readonly #process: MariadbProcess

  constructor(folder: string, process: MariadbProcess) {
    this.#folder = folder
    this.#process = process
  }

  get port(): number {
    return this.#process.port
  }

  get socketPath(): string {
    return this.#process.socketPath
  }

  get url(): string {
    return mariadbUrl(this)
  }

  get socketUrl(): string {
    const password = encodeURIComponent(MARIADB_PASSWORD)
    return `mysql://${MARIADB_USER}:${password}@localhost/mesh?socketPath=${this.socketPath}`
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  async exec(sql: string): Promise<readonly Record<string, unknown>[]> {
    const connection = await this.connect()
    try {
      const [rows] = await connection.query(sql)
      return Array.isArray(rows) ? rows as Record<string, unknown>[] : []
    } finally {
      connection.destroy()
    }
  }

  async connect(): Promise<mysql.Connection> {
    return mysql.createConnection({socketPath: this.socketPath, user: 'root'})
  }

  async start(): Promise<void> {
    await this.#process.startAgain()
  }

  async restart(): Promise<void> {
    await this.shutdown()
    await this.start()
  }

  async shutdown(): Promise<void> {
    await this.#process.end('SIGTERM')
  }

  async kill(): Promise<void> {
    await this.#process.end('SIGKILL')
  }

  async freeze(): Promise<void> {
    await this.#process.freeze()
  }

  thaw(): void {
    this.#process.thaw()
  }

  async stop(): Promise<void> {
    await this.#process.end('SIGKILL')
    await rm(this.#folder, {recursive: true, force: true})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
