/** Echo servers with one known fault: `await using server = await FaultyServer.start({…})`. */
import {fork} from 'node:child_process'
import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'
import {fileURLToPath} from 'node:url'
import {eventually} from './eventually.js'

export interface Fault {
  readonly fault: string
  /** Each so manieth message is hit. */
  readonly every?: number
  /** Each answer comes so much later. */
  readonly delayMs?: number
  /** wsmesh: as much of it as a client needs that sends to itself. */
  readonly protocol?: 'plain' | 'wsmesh'
  /** A stall: after the first message, and for how long. */
  readonly afterMs?: number
  readonly lastsMs?: number
}

export class FaultyServer implements AsyncDisposable {
  readonly #child: ChildProcess
  #port: number | undefined
  #delays: readonly number[] | undefined

  private constructor(fault: Fault) {
    const file = fileURLToPath(new URL('faulty-server.mjs', import.meta.url))
    this.#child = fork(file, [JSON.stringify(fault)], {stdio: ['ignore', 'pipe', 'inherit', 'ipc']})
    if (this.#child.stdout === null) throw new Error('No stdout')
    createInterface({input: this.#child.stdout}).on('line', (line) => {
      const said = JSON.parse(line) as {port?: number; delays?: number[]}
      this.#port ??= said.port
      this.#delays = said.delays
    })
  }

  static async start(fault: Fault): Promise<FaultyServer> {
    const server = new FaultyServer(fault)
    await eventually(() => server.#port !== undefined, {what: 'a server to listen', timeoutMs: 20_000})
    return server
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/`
  }

  /** How long after its intended sending it answered each message, in microseconds, sorted. */
  async delaysUs(): Promise<readonly number[]> {
    this.#child.send('delays')
    const delays = await eventually(() => this.#delays, {what: 'the delays of a server'})
    return delays.toSorted((a, b) => a - b)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
