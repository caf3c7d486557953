/** The mesh of a drill: real `wsmesh serve` processes that can be killed, stopped and drained. */
import {fileURLToPath} from 'node:url'
import {WsmeshError} from '../util/errors.js'
import type {ReadyLine} from '../process/child-line.js'
import {startNodeProcess} from '../process/node-process.js'
import type {NodeProcess} from '../process/node-process.js'
import {LinkProxy} from './link-proxy.js'
import type {LinkCuts} from './link-proxy.js'
import {lookAt, whatIsNotWhole} from './mesh-look.js'
import type {NodeLook} from './mesh-look.js'
import type {Place} from './place.js'

export interface DrillMeshOptions {
  readonly nodes: number
  readonly binFile: string
  /** Where the nodes start: a folder without settings. */
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Links between nodes go through proxies that can be cut. */
  readonly withProxies: boolean
  readonly onLog: (line: string) => void
  readonly sleep: (ms: number) => Promise<void>
}

class Seat implements Place {
  readonly index: number
  readonly name: string
  process: NodeProcess | undefined
  ready: ReadyLine | undefined
  proxy: LinkProxy | undefined

  constructor(index: number) {
    this.index = index
    this.name = String(index + 1)
  }
}

const READY_MS = 60_000
const LOOK_AGAIN_MS = 50
const DRAIN_MS = 30_000

export class DrillMesh {
  readonly #options: DrillMeshOptions
  readonly #seats: readonly Seat[]
  /** "1>2": what node 1 says to node 2 is held back. */
  readonly #held = new Set<string>()
  #isOver = false

  constructor(options: DrillMeshOptions) {
    this.#options = options
    this.#seats = Array.from({length: options.nodes}, (_, index) => new Seat(index))
  }

  get places(): readonly Place[] {
    return this.#seats
  }

  /** The nodes whose processes are ready. */
  get living(): readonly Place[] {
    return this.#seats.filter(({ready}) => ready !== undefined)
  }

  /** Rejects with NODE_FAILED when it ends before it is ready. */
  async start(place: Place): Promise<void> {
    const seat = this.#seatOf(place)
    const {binFile, env, cwd, onLog, withProxies} = this.#options
    if (this.#isOver) return
    if (withProxies) seat.proxy = await LinkProxy.open((id) => this.#cutsOf(id, seat))
    const keep = new URL('../process/keep-with-parent.js', import.meta.url)
    const process_ = startNodeProcess({
      command: process.execPath,
      args: [
        '--import', fileURLToPath(keep), binFile, 'serve', '--host', '127.0.0.1', '--port', '0',
        '--json', '--log-level', 'info',
        ...(seat.proxy === undefined ? [] : ['--node-url', `ws://127.0.0.1:${seat.proxy.port}`]),
      ],
      env,
      cwd,
      onLog: (line) => onLog(`node ${seat.name}: ${line}`),
    })
    seat.process = process_
    void this.#forget(seat, process_)
    if (this.#isOver) process_.signal('SIGKILL')
    seat.ready = await within(process_.ready, `node ${seat.name} to be ready`)
    seat.proxy?.lead(Number(new URL(seat.ready.httpUrl).port))
  }

  async kill(place: Place): Promise<void> {
    const seat = this.#seatOf(place)
    seat.process?.signal('SIGKILL')
    await seat.process?.ended
  }

  pause(place: Place): void {
    this.#seatOf(place).process?.signal('SIGSTOP')
  }

  continue(place: Place): void {
    this.#seatOf(place).process?.signal('SIGCONT')
  }

  /** SIGTERM, and its end. Rejects when it does not end in order. */
  async drain(place: Place): Promise<void> {
    const seat = this.#seatOf(place)
    const {process} = seat
    if (process === undefined) return
    process.signal('SIGTERM')
    const how = await within(process.ended, `node ${seat.name} to drain`, DRAIN_MS)
    if (how !== 'ended with status 0') {
      throw new WsmeshError('NODE_FAILED', `Node ${seat.name} did not drain: it ${how}`)
    }
  }

  /** Frames between these nodes wait until healed; no connection is closed. */
  cut(some: readonly Place[], others: readonly Place[]): void {
    this.swallow(some, others)
    this.swallow(others, some)
  }

  /** What `from` says to `to` waits until healed; the other direction goes on. */
  swallow(from: readonly Place[], to: readonly Place[]): void {
    for (const one of from) for (const other of to) this.#held.add(`${one.name}>${other.name}`)
    this.#applyCuts()
  }

  heal(): void {
    this.#held.clear()
    this.#applyCuts()
  }

  #applyCuts(): void {
    for (const {proxy} of this.#seats) proxy?.apply()
  }

  look(): Promise<readonly (NodeLook | undefined)[]> {
    return Promise.all(this.#seats.map(lookAt))
  }

  async lookAt(place: Place): Promise<NodeLook | undefined> {
    return lookAt(place)
  }

  /** Waits until all nodes name one. */
  async master(): Promise<Place> {
    const looks = await this.whole()
    const master = looks.find(({role}) => role === 'master')
    if (master === undefined) throw new WsmeshError('NODE_FAILED', 'No node is master')
    return master.place
  }

  /** Waits until all places have a node, linked and a copy. Rejects with NODE_FAILED. */
  async whole(withinMs = READY_MS): Promise<readonly NodeLook[]> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const looks = await this.look()
      const wrong = whatIsNotWhole(looks)
      if (wrong === undefined) return looks.filter((look) => look !== undefined)
      if (performance.now() > deadline) {
        throw new WsmeshError('NODE_FAILED', `Not whole after ${withinMs / 1000} s: ${wrong}`)
      }
      await this.#options.sleep(LOOK_AGAIN_MS)
    }
  }

  /** Kills all at once and waits for their ends. */
  async end(): Promise<void> {
    this.#isOver = true
    for (const {process} of this.#seats) process?.signal('SIGKILL')
    await Promise.all(this.#seats.map(async ({process, proxy}) => {
      await process?.ended
      await proxy?.close()
    }))
  }

  async #forget(seat: Seat, process: NodeProcess): Promise<void> {
    const {proxy} = seat
    await process.ended
    // A dead node's port refuses: so must its proxy's.
    await proxy?.close()
    if (seat.process !== process) return
    seat.process = undefined
    seat.ready = undefined
  }

  /** Which directions between the node of that id, which dialled, and the seat are cut. */
  #cutsOf(id: string, {name}: Seat): LinkCuts {
    const other = this.#seats.find(({ready}) => ready?.node === id)?.name
    return {up: this.#held.has(`${other}>${name}`), down: this.#held.has(`${name}>${other}`)}
  }

  #seatOf({index}: Place): Seat {
    const seat = this.#seats[index]
    if (seat === undefined) throw new RangeError(`No place ${index}`)
    return seat
  }
}

async function within<T>(work: Promise<T>, what: string, ms = READY_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new WsmeshError('NODE_FAILED', `Waited ${ms / 1000} s in vain for ${what}`))
    }, ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
