/** The mesh of a drill: real `wsmesh serve` processes that can be killed, stopped and drained. */
import {WsmeshError} from '../util/errors.js'
import type {InnerFault} from '../process/inner-faults.js'
import type {DrillNats} from './drill-nats.js'
import type {NodeClocks} from './node-clocks.js'
import {whatIsNotWhole} from './mesh-look.js'
import type {NodeLook} from './mesh-look.js'
import type {Direction, DrillNetwork} from './network/drill-network.js'
import type {Place} from './place.js'
import {Seat} from './seat.js'
import type {SeatOptions} from './seat.js'
import {waitFor} from './wait-for.js'

export interface DrillMeshOptions extends SeatOptions {
  readonly nodes: number
  readonly clocks: NodeClocks | undefined
  readonly nats?: DrillNats | undefined
  readonly sleep: (ms: number) => Promise<void>
}

const WHOLE_MS = 60_000
const LOOK_AGAIN_MS = 50
const DRAIN_MS = 30_000

export class DrillMesh {
  readonly network: DrillNetwork
  readonly #options: DrillMeshOptions
  readonly #seats: readonly Seat[]
  #cut: readonly Direction[] = []
  #isOver = false

  constructor(options: DrillMeshOptions) {
    this.network = options.network
    this.#options = options
    this.#seats = Array.from({length: options.nodes}, (_, index) => new Seat(index, options))
  }

  get places(): readonly Place[] {
    return this.#seats
  }

  /** Rejects with NODE_FAILED when it ends before it is ready. */
  async start(place: Place): Promise<void> {
    if (this.#isOver) return
    const seat = this.#seatOf(place)
    const {clocks, nats} = this.#options
    const env = {...await clocks?.envOf(seat.name), ...nats?.envOf(seat.name)}
    await seat.start(env, () => this.#isOver)
  }

  async kill(place: Place): Promise<void> {
    await this.#seatOf(place).end()
  }

  pause(place: Place): void {
    this.#seatOf(place).process?.signal('SIGSTOP')
  }

  continue(place: Place): void {
    this.#seatOf(place).process?.signal('SIGCONT')
  }

  /** SIGTERM, and its end. Rejects when it does not end in order. */
  async drain(place: Place): Promise<void> {
    const {process, name} = this.#seatOf(place)
    if (process === undefined) return
    process.signal('SIGTERM')
    const how = await waitFor(process.ended, `node ${name} to drain`, DRAIN_MS)
    if (how !== 'ended with status 0') {
      throw new WsmeshError('NODE_FAILED', `Node ${name} did not drain: it ${how}`)
    }
  }

  /** Neither of these nodes hears those any more, until healed; no connection is closed. */
  async cut(some: readonly Place[], others: readonly Place[]): Promise<void> {
    await this.#cutMore([...directions(some, others), ...directions(others, some)])
  }

  /** What `from` says to `to` is lost until healed; the other direction goes on. */
  async mute(from: readonly Place[], to: readonly Place[]): Promise<void> {
    await this.#cutMore(directions(from, to))
  }

  async heal(): Promise<void> {
    this.#cut = []
    await this.network.cut([])
  }

  async #cutMore(more: readonly Direction[]): Promise<void> {
    this.#cut = [...this.#cut, ...more]
    await this.network.cut(this.#cut)
  }

  /** All nodes have a fault that cannot be made from outside. */
  tell(fault: InnerFault): void {
    for (const {process} of this.#seats) process?.tell(fault)
  }

  /** The wall clock of one node jumps; ms from the true time. */
  async shiftClock(place: Place, ms: number): Promise<void> {
    const {process, name} = this.#seatOf(place)
    await this.#options.clocks?.shift(name, process, ms)
  }

  look(): Promise<readonly (NodeLook | undefined)[]> {
    return Promise.all(this.#seats.map((seat) => seat.look()))
  }

  async lookAt(place: Place): Promise<NodeLook | undefined> {
    return this.#seatOf(place).look()
  }

  /** Waits until all nodes name one. */
  async master(): Promise<Place> {
    const looks = await this.whole()
    // Where nobody is, any node is as good.
    const master = looks.find(({role}) => role === 'master' || role === 'member')
    if (master === undefined) throw new WsmeshError('NODE_FAILED', 'No node is master')
    return master.place
  }

  /** Waits until all places have a node, linked and a copy. Rejects with NODE_FAILED. */
  async whole(withinMs = WHOLE_MS): Promise<readonly NodeLook[]> {
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
    await Promise.all(this.#seats.map((seat) => seat.end()))
  }

  #seatOf({index}: Place): Seat {
    const seat = this.#seats[index]
    if (seat === undefined) throw new RangeError(`No place ${index}`)
    return seat
  }
}

function directions(from: readonly Place[], to: readonly Place[]): readonly Direction[] {
  return from.flatMap((one) => to.map((other) => ({from: one.name, to: other.name})))
}
