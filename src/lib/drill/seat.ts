/** The process of one place: started, looked at, ended; then the next. */
import {fileURLToPath} from 'node:url'
import type {MeshSecret} from '../auth/mesh-secret.js'
import type {ReadyLine} from '../process/child-line.js'
import {startNodeProcess} from '../process/node-process.js'
import type {NodeProcess} from '../process/node-process.js'
import type {DrillNetwork, NodeRoom} from './network/drill-network.js'
import type {NodeLook} from './mesh-look.js'
import {NodeProbe} from './node-probe.js'
import type {Place} from './place.js'
import {waitFor} from './wait-for.js'

export interface SeatOptions {
  readonly binFile: string
  /** Where nodes start: a folder without settings. */
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly secret: MeshSecret
  readonly network: DrillNetwork
  /** Nodes listen to faults that are told them: inner-faults.ts. */
  readonly hasInnerFaults: boolean
  readonly onLog: (line: string) => void
  readonly onStarted: (process: NodeProcess) => Promise<void>
}

const READY_MS = 60_000

export class Seat implements Place {
  readonly index: number
  readonly name: string
  readonly #options: SeatOptions
  #process: NodeProcess | undefined
  #room: NodeRoom | undefined
  #ready: ReadyLine | undefined
  #probe: NodeProbe | undefined

  constructor(index: number, options: SeatOptions) {
    this.index = index
    this.name = String(index + 1)
    this.#options = options
  }

  get ready(): ReadyLine | undefined {
    return this.#ready
  }

  get process(): NodeProcess | undefined {
    return this.#process
  }

  /** Rejects with NODE_FAILED when it ends before it is ready. */
  async start(extraEnv: NodeJS.ProcessEnv, isOver: () => boolean): Promise<void> {
    const {env, cwd, onLog, network, secret, onStarted} = this.#options
    const room = await network.room(this.name)
    const [command, ...args] = [...room.prefix, process.execPath, ...this.#args(room)]
    const started = startNodeProcess({
      command: command ?? process.execPath,
      args,
      env: {...env, ...extraEnv},
      cwd,
      onLog: (line) => onLog(`node ${this.name}: ${line}`),
    })
    this.#process = started
    this.#room = room
    void this.#forget(started, room)
    if (isOver()) started.signal('SIGKILL')
    await onStarted(started)
    const ready = await waitFor(started.ready, `node ${this.name} to be ready`, READY_MS)
    room.opened(ready)
    this.#probe = new NodeProbe(ready, secret)
    this.#ready = ready
  }

  /** Undefined when it does not answer. */
  async look(): Promise<NodeLook | undefined> {
    const stats = await this.#probe?.stats()
    return stats && {...stats, place: this}
  }

  /** Kills it and waits for its end. */
  async end(): Promise<void> {
    this.#process?.signal('SIGKILL')
    await this.#process?.ended
    await this.#room?.close()
  }

  #args(room: NodeRoom): readonly string[] {
    const modules = ['keep-with-parent', ...(this.#options.hasInnerFaults ? ['inner-faults'] : [])]
    return [
      ...modules.flatMap((name) =>
        ['--import', fileURLToPath(new URL(`../process/${name}.js`, import.meta.url))]),
      this.#options.binFile, 'serve', '--port', '0', '--json', '--log-level', 'info', ...room.flags,
    ]
  }

  async #forget(process: NodeProcess, room: NodeRoom): Promise<void> {
    await process.ended
    await room.close()
    if (this.#process !== process) return
    this.#process = undefined
    this.#room = undefined
    this.#ready = undefined
    this.#probe?.close()
    this.#probe = undefined
  }
}
