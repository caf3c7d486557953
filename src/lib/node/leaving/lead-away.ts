/** Sends a node's clients to other nodes: at a pace, so that these are not overrun. */
import type {ClientRegistry} from '../client-registry.js'

/** How often some are sent. */
const STEP_MS = 50
/** Few clients do not take long, however long they might: at most so much between two of them. */
const PAUSE_MS_MAX = 20
/** When there is no time: so many at once, so that the event loop goes on between them. */
const BURST = 500
/** Within this they come to another node each at a time of its own; and at most within that. */
const SPREAD_MS_MIN = 500
const SPREAD_MS_MAX = 60_000

export interface LeadAwayOptions {
  readonly registry: Pick<ClientRegistry, 'size' | 'all'>
  /** What a node like this one takes; 0: any number. */
  readonly connectsPerSecond: number
  readonly now: () => number
}

export class LeadAway {
  readonly #options: LeadAwayOptions
  #isHurried = false
  #wake: () => void = () => {}

  constructor(options: LeadAwayOptions) {
    this.#options = options
  }

  /** Those that are left go at once. */
  hurry(): void {
    this.#isHurried = true
    this.#wake()
  }

  /** Resolves when all are told to go. Evenly over this time, or less when they are few. */
  async run(overMs: number): Promise<void> {
    const {registry, now} = this.#options
    const total = registry.size
    const paceMs = Math.min(overMs, total * PAUSE_MS_MAX)
    const startMs = now()
    let sent = 0
    while (registry.size > 0) {
      const elapsedMs = now() - startMs + STEP_MS
      const isLate = this.#isHurried || elapsedMs >= paceMs
      const due = isLate ? BURST : Math.ceil((total * elapsedMs) / paceMs) - sent
      sent += this.#send(Math.min(due, BURST), this.#isHurried ? 0 : paceMs)
      if (registry.size > 0) await this.#pause()
    }
  }

  #send(count: number, paceMs: number): number {
    const {registry} = this.#options
    const detail = `within ${this.#spreadMs(paceMs)} ms`
    let sent = 0
    for (const connection of registry.all()) {
      if (sent >= count) break
      connection.close('drain', detail)
      sent += 1
    }
    return sent
  }

  /** As long as one other node would need for all that are left, beyond the time they are given. */
  #spreadMs(paceMs: number): number {
    const {registry, connectsPerSecond} = this.#options
    const neededMs = connectsPerSecond === 0 ? 0 : (registry.size / connectsPerSecond) * 1000
    return Math.ceil(Math.min(Math.max(neededMs - paceMs, SPREAD_MS_MIN), SPREAD_MS_MAX))
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, STEP_MS)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
