/**
 * The process that keeps a node: starts it, starts it again when it crashes, passes signals on, and
 * says in `supervisors/PID.json` which node it has. Run by startSupervisedNode as a program of its
 * own, with what to do in one variable.
 */
import {spawn, type ChildProcess} from 'node:child_process'
import {createInterface} from 'node:readline'

import {readStdoutLine} from '../process/child-line.js'
import {assert} from '../util/assert.js'
import {afterEnding, STATUS_RESTART} from './keeping.js'
import {forget, remember, type SupervisedNode} from './node-files.js'
import {KEEP_VARIABLE, type KeepOrder} from './start-supervised-node.js'

class Keeper {
  readonly #order: KeepOrder
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopping = false
  #isRestarting = false
  #crashes = 0

  constructor(order: KeepOrder, args: readonly string[]) {
    this.#order = order
    this.#args = args
  }

  start(): void {
    const startMs = performance.now()
    let wasReady = false
    const child = spawn(process.execPath, this.#args, {stdio: ['ignore', 'pipe', 'inherit']})
    this.#child = child
    createInterface({input: child.stdout}).on('line', (line) => {
      process.stdout.write(`${line}\n`)
      const read = readStdoutLine(line)
      if (read.type !== 'ready') return
      wasReady = true
      const {node, clientUrl} = read.ready
      void this.#tell({node, clientUrl})
    })
    child.once('error', (error) => say(`the node cannot be started: ${error.message}`))
    child.once('close', (status, signal) => {
      this.#ended(status, signal, performance.now() - startMs, wasReady)
    })
  }

  /** The first asks the node to leave in order; any later one ends it. */
  stop(): void {
    this.#child?.kill(this.#isStopping ? 'SIGKILL' : 'SIGTERM')
    const isPausing = this.#timer !== undefined
    this.#isStopping = true
    clearTimeout(this.#timer)
    if (isPausing) void this.#end(0)
  }

  /** The node leaves in order, and is started again, with its settings read anew. */
  restart(): void {
    if (this.#isStopping || this.#timer !== undefined) return
    this.#isRestarting = true
    this.#child?.kill('SIGTERM')
  }

  #ended(
    status: number | null, signal: string | null, livedMs: number, wasReady: boolean,
  ): void {
    const next = afterEnding({
      status: this.#isRestarting ? STATUS_RESTART : status,
      livedMs,
      wasReady,
      isStopping: this.#isStopping,
      crashes: this.#crashes,
    })
    this.#isRestarting = false
    const how = signal === null ? `ended with status ${status}` : `was killed by ${signal}`
    switch (next.type) {
      case 'done':
        void this.#end(0)
        return
      case 'give-up':
        say(`the node ${how}, and is given up`)
        void this.#end(status ?? 1)
        return
      case 'again':
        say(`the node ${how}; it is started again in ${next.pauseMs} ms`)
        this.#crashes = next.crashes
        void this.#tell({node: null, clientUrl: null})
        this.#timer = setTimeout(() => {
          this.#timer = undefined
          this.start()
        }, next.pauseMs)
        return
      default:
        next satisfies never
    }
  }

  async #tell(now: Pick<SupervisedNode, 'node' | 'clientUrl'>): Promise<void> {
    const {folder, startedAt, command} = this.#order
    await remember(folder, {pid: process.pid, startedAt, command, ...now})
  }

  async #end(status: number): Promise<void> {
    await forget(this.#order.folder, process.pid)
    process.exit(status)
  }
}

function say(text: string): void {
  process.stderr.write(`supervisor ${process.pid}: ${text}\n`)
}

const text = process.env[KEEP_VARIABLE]
assert(text !== undefined, 'a keeper is started by startSupervisedNode')
// What it starts is none.
delete process.env[KEEP_VARIABLE]
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by our own other half
const order = JSON.parse(text) as KeepOrder
const keeper = new Keeper(order, order.args)
process.on('SIGTERM', () => keeper.stop())
process.on('SIGINT', () => keeper.stop())
process.on('SIGHUP', () => keeper.restart())
keeper.start()
