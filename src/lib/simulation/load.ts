/** Publishers: numbered messages at random times, to random targets, some more than once. */
import {randomTarget} from './random-target.js'
import type {Message} from './message.js'
import type {SimMesh} from './sim-mesh.js'
import type {Host} from './sim-network.js'
import type {SimProcess} from './sim-process.js'
import {SimRandom} from './sim-random.js'

/** How many messages have an id of their publisher's. */
const CALLER_CHANCE = 0.15
/** So many of these are sent again though they may have arrived, as by who has no patience. */
const IMPATIENT_CHANCE = 0.3
/** Every so many-th, where a master publishes it, is for its term alone. */
const TERM_EVERY = 3
/** And so many long after their receipt. */
const FORGETFUL_CHANCE = 0.2

export class Load {
  readonly #mesh: SimMesh
  readonly #meanMs: number
  readonly #detailBytesMax: number
  #isOn = true
  #calls = 0

  constructor(mesh: SimMesh, meanMs: number, detailBytesMax: number) {
    this.#mesh = mesh
    this.#meanMs = meanMs
    this.#detailBytesMax = detailBytesMax
    for (const host of mesh.hosts) this.#next(host, new SimRandom(mesh.seed, `load ${host.index}`))
  }

  stop(): void {
    this.#isOn = false
  }

  #next(host: Host, random: SimRandom): void {
    this.#mesh.scheduler.after(random.exponential(this.#meanMs), () => {
      if (!this.#isOn) return
      this.#publish(host, random)
      this.#next(host, random)
    })
  }

  #publish(host: Host, random: SimRandom): void {
    const target = randomTarget(random)
    const detailBytes = random.integer(10, this.#detailBytesMax)
    const isCalled = random.chance(CALLER_CHANCE)
    const process = this.#mesh.processAt(host)
    if (process?.state !== 'running' || !process.clients.isOpen) return
    const message = this.#mesh.publish(process, target, detailBytes, {
      callerId: isCalled ? `call-${(this.#calls += 1)}` : undefined,
      onlyInTerm: isCalled ? undefined : this.#termFor(process),
    })
    if (!isCalled) return
    if (random.chance(IMPATIENT_CHANCE)) this.#again(message, random, random.between(1, 300))
    const laterMs = random.between(1000, 12_000)
    const isForgetful = random.chance(FORGETFUL_CHANCE)
    this.#mesh.scheduler.after(laterMs, () => {
      // No receipt: a 504, its node is dead, or it takes long. Whoever has one knows.
      if (isForgetful || message.receipt?.type !== 'stable') this.#again(message, random, 0)
    })
  }

  /** Not drawn, so that what else a seed does stays as it is. */
  #termFor({core}: SimProcess): number | undefined {
    if (this.#mesh.messages.length % TERM_EVERY !== 0) return undefined
    const {standing} = core
    return standing.state === 'mastering' ? standing.term : undefined
  }

  /** The same id once more, through any node that takes it. */
  #again(message: Message, random: SimRandom, delayMs: number): void {
    this.#mesh.scheduler.after(delayMs, () => {
      if (!this.#isOn) return
      const process = random.pick(this.#mesh.running.filter(({clients}) => clients.isOpen))
      if (!process) return
      const {key, callerId, target} = message
      this.#mesh.publish(process, target, 20, {key, callerId})
    })
  }
}
