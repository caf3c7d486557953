/**
 * A real MariaDB server on a throw-away folder: about one second to have, killed and removed by
 * stop(). Its programs come with `node test/setup-system.mjs`.
 */
import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readFile, readdir, rm} from 'node:fs/promises'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import mysql from 'mysql2/promise'
import {eventually} from './eventually.js'

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

const env = {...process.env, PATH: [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter)}
const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
const START_MS = 30_000

export async function startMariadb(): Promise<Mariadb> {
  // Short: a socket's path has at most 107 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-db-'))
  const server = new MariadbServer(folder)
  try {
    await server.install()
    await server.startOnAnyPort()
    await server.exec('CREATE DATABASE mesh')
    const user = `'${MARIADB_USER}'@'%'`
    await server.exec(`CREATE USER ${user} IDENTIFIED BY '${MARIADB_PASSWORD}'`)
    await server.exec(`GRANT ALL ON mesh.* TO ${user}`)
    return server
  } catch (error) {
    await server.stop()
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
  port = 0
  readonly socketPath: string
  readonly #folder: string
  #process: ChildProcess | undefined
  #log = ''

  constructor(folder: string) {
    this.#folder = folder
    this.socketPath = join(folder, 's.sock')
  }

  get url(): string {
    return mariadbUrl(this)
  }

  get socketUrl(): string {
    const password = encodeURIComponent(MARIADB_PASSWORD)
    return `mysql://${MARIADB_USER}:${password}@localhost/mesh?socketPath=${this.socketPath}`
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  async install(): Promise<void> {
    const install = spawn('mariadb-install-db', [
      '--no-defaults', ...asRoot, `--datadir=${this.#folder}/data`, '--skip-test-db',
      '--auth-root-authentication-method=normal', '--skip-name-resolve',
    ], {env, stdio: ['ignore', 'pipe', 'pipe']})
    this.#collect(install)
    const [code] = await once(install, 'close') as [number | null]
    if (code !== 0) throw new Error(`mariadb-install-db ended with ${code}:\n${this.#log}`)
  }

  /** mariadbd knows no port 0: a free one may be gone before it listens, then another is tried. */
  async startOnAnyPort(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      this.port = await freePort()
      try {
        await this.start()
        return
      } catch (error) {
        if (tries === 5 || !/Address already in use/.test(this.#log)) throw error
      }
    }
  }

  async start(): Promise<void> {
    this.#log = ''
    const server = spawn('mariadbd', [
      '--no-defaults', ...asRoot, `--datadir=${this.#folder}/data`, `--socket=${this.socketPath}`,
      `--pid-file=${this.#folder}/pid`, '--bind-address=127.0.0.1', `--port=${this.port}`,
      '--skip-name-resolve', '--innodb-buffer-pool-size=16M', '--innodb-log-file-size=8M',
      // 2: quick, and what was committed survives a killed server (not a killed machine).
      '--innodb-flush-log-at-trx-commit=2', '--skip-log-bin', '--performance-schema=OFF',
    ], {env, stdio: ['ignore', 'pipe', 'pipe']})
    this.#process = server
    this.#collect(server)
    // Not to survive a test run that crashed.
    const killWithUs = (): void => void server.kill('SIGKILL')
    process.once('exit', killWithUs)
    server.once('close', () => process.off('exit', killWithUs))
    await eventually(async () => {
      if (server.exitCode !== null) throw new Error(`mariadbd ended:\n${this.#log}`)
      return this.exec('SELECT 1').then(() => true, () => false)
    }, {timeoutMs: START_MS, what: 'mariadbd to answer'})
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

  async restart(): Promise<void> {
    await this.shutdown()
    await this.start()
  }

  async shutdown(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async freeze(): Promise<void> {
    this.#process?.kill('SIGSTOP')
    const tasks = `/proc/${this.pid}/task`
    await eventually(async () => {
      const states = await Promise.all((await readdir(tasks)).map(async (task) => (
        // A thread that ends while we look is none that stands.
        /\) (\w)/.exec(await readFile(`${tasks}/${task}/stat`, 'utf8').catch(() => ''))?.[1]
      )))
      return states.every((state) => state === 'T')
    }, {what: 'mariadbd to stand still'})
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    await this.#end('SIGKILL')
    await rm(this.#folder, {recursive: true, force: true})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#process
    this.#process = undefined
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const closed = once(server, 'close')
    server.kill(signal)
    server.kill('SIGCONT')
    await closed
  }

  #collect(child: ChildProcess): void {
    // A missing program is told by start() and install() as what it is.
    child.once('error', (error) => {
      this.#log += `${error.message}\nRun: node test/setup-system.mjs\n`
    })
    const add = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-20_000)
    }
    child.stdout?.on('data', add)
    child.stderr?.on('data', add)
  }
}

/** Below the range that the system gives to outgoing connections, so that none takes it. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
}
