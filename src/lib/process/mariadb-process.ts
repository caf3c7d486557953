/**
 * A MariaDB server of one's own in a throw-away folder, for drills and tests: about a second to
 * have. It is reached by a socket in the folder and by a port on the loopback address.
 */
import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {accessSync, constants} from 'node:fs'
import {mkdir, readFile, readdir} from 'node:fs/promises'
import {connect, createServer} from 'node:net'
import {delimiter, join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {WsmeshError} from '../util/errors.js'

/** Servers are kept in sbin, which is not on everybody's path. */
const FOLDERS = [
  ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin',
]
const PATH = FOLDERS.join(delimiter)
const START_MS = 60_000
const LOOK_AGAIN_MS = 20
const PORT_TRIES = 5
const LOG_CHARS = 20_000

/** Only a root that says so may run it as root. */
const AS_ROOT = process.getuid?.() === 0 ? ['--user=root'] : []

export class MariadbProcess {
  readonly socketPath: string
  port = 0
  readonly #folder: string
  #child: ChildProcess | undefined
  #log = ''

  private constructor(folder: string) {
    this.#folder = folder
    this.socketPath = join(folder, 's.sock')
  }

  /** The programs that are not installed here, if any. */
  static missing(): readonly string[] {
    return ['mariadbd', 'mariadb-install-db'].filter((name) =>
      !FOLDERS.some((folder) => isExecutable(join(folder, name))))
  }

  /**
   * Makes an empty database in the folder and starts a server on it, whose `root` needs no password
   * at the socket. Rejects with NODE_FAILED, with the end of its log.
   */
  static async start(folder: string): Promise<MariadbProcess> {
    await mkdir(folder, {recursive: true})
    const server = new MariadbProcess(folder)
    await server.#install()
    await server.#startOnAnyPort()
    return server
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** SIGSTOP: the port takes connections, nothing answers. Resolves once all its threads stand. */
  async freeze(): Promise<void> {
    this.#child?.kill('SIGSTOP')
    while (!(await this.#stands())) await delay(LOOK_AGAIN_MS)
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  /** Ends it, in order with SIGTERM, at once with SIGKILL; it may be started again. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    child.kill(signal)
    child.kill('SIGCONT')
    await closed
  }

  /** After `end`: on the same folder and port. */
  async startAgain(): Promise<void> {
    this.#log = ''
    const child = spawn('mariadbd', [
      '--no-defaults', ...AS_ROOT, `--datadir=${this.#folder}/data`,
      `--socket=${this.socketPath}`, `--pid-file=${this.#folder}/pid`,
      '--bind-address=127.0.0.1', `--port=${this.port}`, '--skip-name-resolve',
      '--innodb-buffer-pool-size=16M', '--innodb-log-file-size=8M',
      // 2: quick, and what was committed survives a killed server (not a killed machine).
      '--innodb-flush-log-at-trx-commit=2', '--skip-log-bin', '--performance-schema=OFF',
    ], {env: {...process.env, PATH}, stdio: ['ignore', 'pipe', 'pipe']})
    this.#child = child
    this.#collect(child)
    // Not to outlive us, should we crash.
    const killWithUs = (): void => void child.kill('SIGKILL')
    process.once('exit', killWithUs)
    child.once('close', () => process.off('exit', killWithUs))
    const deadline = performance.now() + START_MS
    while (!(await this.#answers())) {
      const isOver = child.exitCode !== null || performance.now() > deadline
      if (isOver) throw this.#failed('mariadbd does not start')
      await delay(LOOK_AGAIN_MS)
    }
  }

  async #install(): Promise<void> {
    const child = spawn('mariadb-install-db', [
      '--no-defaults', ...AS_ROOT, `--datadir=${this.#folder}/data`, '--skip-test-db',
      '--auth-root-authentication-method=normal', '--skip-name-resolve',
    ], {env: {...process.env, PATH}, stdio: ['ignore', 'pipe', 'pipe']})
    this.#collect(child)
    const [status]: unknown[] = await once(child, 'close').catch(() => [])
    if (status !== 0) throw this.#failed('mariadb-install-db failed')
  }

  /** mariadbd knows no port 0: a free one may be gone before it listens, then another is tried. */
  async #startOnAnyPort(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      this.port = await freePort()
      try {
        await this.startAgain()
        return
      } catch (error) {
        if (tries === PORT_TRIES || !this.#log.includes('Address already in use')) throw error
      }
    }
  }

  /** Its first packet is a greeting: what comes before it listens in earnest is an error. */
  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.socketPath)
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
      socket.once('data', (data) => {
        resolve(data[PACKET_TYPE] !== ERROR_PACKET)
        socket.destroy()
      })
    })
  }

  async #stands(): Promise<boolean> {
    const tasks = `/proc/${this.pid ?? 0}/task`
    const states = await Promise.all((await readdir(tasks)).map(async (task) => (
      // A thread that ends while we look is none that stands.
      /\) (\w)/.exec(await readFile(`${tasks}/${task}/stat`, 'utf8').catch(() => ''))?.[1]
    )))
    return states.every((state) => state === 'T')
  }

  #failed(what: string): WsmeshError {
    const lines = this.#log.trim().split('\n').slice(-3).join(' | ')
    return new WsmeshError('NODE_FAILED', `${what}: ${lines}`, {
      suggestions: ['apt-get install mariadb-server'],
    })
  }

  #collect(child: ChildProcess): void {
    child.once('error', (error) => (this.#log += `${error.message}\n`))
    const add = (chunk: Buffer): void => {
      this.#log = (this.#log + chunk.toString()).slice(-LOG_CHARS)
    }
    child.stdout?.on('data', add)
    child.stderr?.on('data', add)
  }
}

const PACKET_TYPE = 4
const ERROR_PACKET = 0xff

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
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
