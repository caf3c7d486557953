import {randomTarget} from './random-target.js'
import type {SimProcess} from './sim-process.js'
import type {SimMesh} from './sim-mesh.js'
import {SimRandom} from './sim-random.js'

/** Bytes of a message's details: an order, a line of a chat. */
const DETAIL_BYTES = [10, 200] as const

/** So many messages a second through nodes chosen at random; can be held up and go on. */
export class SteadyLoad {
  readonly #mesh: SimMesh
  readonly #random: SimRandom
  readonly #meanMs: number
  /** Each time that it goes on is another: what was due in an older one is not any more. */
  #generation = 0

  constructor(mesh: SimMesh, ratePerS: number) {
    this.#mesh = mesh
    this.#random = new SimRandom(mesh.seed, 'steady load')
    this.#meanMs = 1000 / ratePerS
  }

  goOn(): void {
    this.#generation += 1
    if (Number.isFinite(this.#meanMs)) this.#next(this.#generation)
  }

  hold(): void {
    this.#generation += 1
  }

  /** One message now, through some node other than this one. */
  publishOne(except: SimProcess | undefined): void {
    const able = this.#mesh.running.filter(
      (process) => process !== except && process.clients.isOpen,
    )
    const process = this.#random.pick(able)
    if (!process) return
    const target = randomTarget(this.#random)
    this.#mesh.publish(process, target, this.#random.integer(...DETAIL_BYTES))
  }

  #next(generation: number): void {
    this.#mesh.scheduler.after(this.#random.exponential(this.#meanMs), () => {
      if (generation !== this.#generation) return
      this.publishOne(undefined)
      this.#next(generation)
    })
  }
}
