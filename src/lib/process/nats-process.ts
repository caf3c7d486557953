/**
 * A NATS server of one's own in a throw-away folder, with JetStream, for drills, benches and tests:
 * some 50 ms to have. One of a cluster names its routes.
 */
import {spawn} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, writeFile} from 'node:fs/promises'
import {delimiter, join} from 'node:path'
import {WsmeshError} from '../util/errors.js'

/** Servers are kept in sbin, which is not on everybody's path. */
const PATH = [process.env['PATH'] ?? '', '/usr/sbin', '/usr/local/sbin', '/sbin'].join(delimiter)
const START_MS = 10_000
const LOG_CHARS = 20_000

export interface NatsProcessOptions {
  /** Its store and its configuration are kept here. */
  readonly folder: string
  readonly port: number
  /** What else stands in its configuration: users, TLS, limits. */
  readonly config?: string
  readonly hasJetStream?: boolean
  readonly cluster?: {
    readonly name: string
    readonly port: number
    /** Those of all, its own among them. */
    readonly ports: readonly number[]
  }
}

export class NatsProcess {
  readonly port: number
  readonly #options: NatsProcessOptions
  #child: ChildProcess | undefined
  #log = ''

  private constructor(options: NatsProcessOptions) {
    this.#options = options
    this.port = options.port
  }

  /** Rejects with NODE_FAILED, with the end of its log. */
  static async start(options: NatsProcessOptions): Promise<NatsProcess> {
    const server = new NatsProcess(options)
    await mkdir(options.folder, {recursive: true})
    await writeFile(join(options.folder, 'nats.conf'), configOf(options))
    await server.start()
    return server
  }

  /** As its cluster knows it. */
  get name(): string {
    return nameAt(this.port)
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get log(): string {
    return this.#log
  }

  /** After an end: on the same port and folder. */
  async start(): Promise<void> {
    const child = spawn('nats-server', ['-c', join(this.#options.folder, 'nats.conf')], {
      env: {...process.env, PATH}, stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    this.#log = ''
    await new Promise<void>((resolve, reject) => {
      const failed = (why: string): void => reject(new WsmeshError(
        'NODE_FAILED', `nats-server ${why}: ${this.#log.trim().split('\n').slice(-3).join(' | ')}`,
        {suggestions: ['apt-get install nats-server']},
      ))
      const timer = setTimeout(() => failed('did not start'), START_MS)
      child.on('error', (error) => failed(error.message))
      child.on('exit', (code) => failed(`ended with ${code}`))
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_CHARS)
        if (!this.#log.includes('Server is ready')) return
        clearTimeout(timer)
        resolve()
      })
    })
  }

  /** Resolves once it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  pause(): void {
    this.#child?.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child?.kill('SIGCONT')
  }
}

function nameAt(port: number): string {
  return `nats-${port}`
}

function configOf(options: NatsProcessOptions): string {
  const {folder, port, config = '', hasJetStream = true, cluster} = options
  const lines = [`server_name: "${nameAt(port)}"`, `listen: "127.0.0.1:${port}"`]
  if (hasJetStream) lines.push(`jetstream { store_dir: ${JSON.stringify(join(folder, 'store'))} }`)
  if (cluster !== undefined) {
    const routes = cluster.ports.map((other) => `"nats://127.0.0.1:${other}"`)
    lines.push(`cluster { name: "${cluster.name}", listen: "127.0.0.1:${cluster.port}",`
      // Who uses it knows all of them, and goes to none past what stands before it.
      + ` routes: [${routes.join(', ')}], no_advertise: true }`)
  }
  return [...lines, config, ''].join('\n')
}
