/**
 * The nodes of the demo. One that dies is reported, not hidden, and a fresh one takes its place
 * after a moment: the demo is there to be broken.
 */
import {assert} from '../util/assert.js'
import {WsmeshError} from '../util/errors.js'
import {describeError} from '../node/log.js'
import type {ReadyLine} from '../process/child-line.js'
import type {NodeProcess} from '../process/node-process.js'

/** Long enough to look at the mesh without it. */
const RESTART_MS = 2000
/** A node that dies again and again is started ever more seldom, up to this. */
const RESTART_MS_MAX = 30_000
/** A node that lived so long died of something new. */
const STEADY_MS = 30_000

export interface FleetOptions {
  readonly count: number
  readonly start: (name: string) => NodeProcess
  /** One line for people: what happened to which node. */
  readonly report: (line: string) => void
  /** `wsmesh pool list` as it is typed here. */
  readonly listCommand: string
  readonly restartMs?: number
  readonly readyMs: number
  readonly stopMs: number
}

export interface FleetNode {
  /** "1", "2": its place in the demo, which the next process of this place takes over. */
  readonly name: string
  /** Undefined while no process of this place is ready. */
  readonly ready: ReadyLine | undefined
}

interface Place {
  readonly name: string
  process: NodeProcess | undefined
  ready: ReadyLine | undefined
  restartMs: number
  startedAt: number
}

export class NodeFleet {
  readonly #options: FleetOptions
  readonly #places: readonly Place[]
  readonly #timers = new Set<NodeJS.Timeout>()
  #isStopping = false

  constructor(options: FleetOptions) {
    this.#options = options
    this.#places = Array.from({length: options.count}, (_, index) => ({
      name: String(index + 1),
      process: undefined,
      ready: undefined,
      restartMs: options.restartMs ?? RESTART_MS,
      startedAt: 0,
    }))
  }

  nodes(): readonly FleetNode[] {
    return this.#places.map(({name, ready}) => ({name, ready}))
  }

  /**
   * Starts the first node, then the others at once, and waits for all to be ready. Rejects with
   * NODE_FAILED when one ends before, with the others still running: call stop.
   */
  async start(): Promise<void> {
    const [first, ...others] = this.#places
    assert(first !== undefined, 'a fleet has a node')
    await this.#firstStart(first)
    await Promise.all(others.map((place) => this.#firstStart(place)))
  }

  /**
   * One SIGTERM to each; resolves when all have ended, by SIGKILL if they do not in time. The
   * place named last, the master's, is told when the others are gone: nobody is left to hand over
   * to, so nothing has to be handed over.
   */
  async stop(last?: string): Promise<void> {
    this.#isStopping = true
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    const others = this.#places.filter(({name}) => name !== last)
    const lasts = this.#places.filter(({name}) => name === last)
    for (const places of [others, lasts]) {
      await Promise.all(places.map((place) => this.#end(place)))
    }
  }

  /**
   * SIGKILL to the process of this node; false when it has none any more. One killed on purpose is
   * not one that dies again and again: it is replaced as soon as the first time.
   */
  killNode(id: string): boolean {
    const place = this.#places.find(({ready}) => ready?.node === id)
    if (place?.process === undefined || this.#isStopping) return false
    place.restartMs = this.#options.restartMs ?? RESTART_MS
    place.process.signal('SIGKILL')
    return true
  }

  /** At once: what a second Ctrl-C asks for. */
  kill(): void {
    this.#isStopping = true
    for (const {process} of this.#places) process?.signal('SIGKILL')
  }

  async #end({name, process}: Place): Promise<void> {
    if (process === undefined) return
    process.signal('SIGTERM')
    const late = setTimeout(() => {
      this.#options.report(`node ${name} (pid ${process.pid}) does not end: killed`)
      process.signal('SIGKILL')
    }, this.#options.stopMs)
    await process.ended
    clearTimeout(late)
  }

  async #firstStart(place: Place): Promise<void> {
    if (this.#isStopping) return
    const process = this.#launch(place)
    place.ready = await withDeadline(process.ready, this.#options.readyMs, place.name)
    void this.#follow(place, process)
  }

  #launch(place: Place): NodeProcess {
    const process = this.#options.start(place.name)
    place.process = process
    place.startedAt = performance.now()
    void this.#forgetWhenEnded(place, process)
    return process
  }

  async #forgetWhenEnded(place: Place, process: NodeProcess): Promise<void> {
    await process.ended
    if (place.process === process) place.process = undefined
  }

  /** Reports the end of a process that was ready, and has it replaced. */
  async #follow(place: Place, process: NodeProcess): Promise<void> {
    const how = await process.ended
    place.ready = undefined
    if (this.#isStopping) return
    const {report, listCommand, restartMs = RESTART_MS} = this.#options
    if (performance.now() - place.startedAt >= STEADY_MS) place.restartMs = restartMs
    report(
      `node ${place.name} (pid ${process.pid}) died: ${how}; a fresh one takes its place in `
        + `${place.restartMs / 1000} s. The mesh without it: ${listCommand}`,
    )
    this.#restartLater(place)
  }

  #restartLater(place: Place): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#restart(place)
    }, place.restartMs)
    this.#timers.add(timer)
    place.restartMs = Math.min(place.restartMs * 2, RESTART_MS_MAX)
  }

  async #restart(place: Place): Promise<void> {
    const process = this.#launch(place)
    try {
      place.ready = await withDeadline(process.ready, this.#options.readyMs, place.name)
    } catch (error) {
      process.signal('SIGKILL')
      if (this.#isStopping) return
      this.#options.report(
        `node ${place.name}: ${describeError(error)}; next try in ${place.restartMs / 1000} s`,
      )
      this.#restartLater(place)
      return
    }
    if (this.#isStopping) return
    const {node, pid, role} = place.ready
    this.#options.report(`node ${place.name} is back: ${node} (pid ${pid}), ${role}`)
    void this.#follow(place, process)
  }
}

async function withDeadline(
  ready: Promise<ReadyLine>,
  readyMs: number,
  name: string,
): Promise<ReadyLine> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new WsmeshError('NODE_FAILED', `Node ${name} is not ready after ${readyMs / 1000} s`))
    }, readyMs)
  })
  try {
    return await Promise.race([ready, late])
  } finally {
    clearTimeout(timer)
  }
}
