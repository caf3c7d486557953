/** Sends at a steady rate, whatever the answers do: a slow mesh must not slow its own test. */
import type {Publisher} from './publisher.js'

const STEP_MS = 5
/** After a stall of this process no more than so much is made up for. */
const CATCH_UP_MS = 200

export class Load {
  readonly #publishers: readonly Publisher[]
  readonly #perMs: number
  #timer: NodeJS.Timeout | undefined
  #dueSinceMs = 0
  #turn = 0

  constructor(publishers: readonly Publisher[], ratePerS: number) {
    this.#publishers = publishers
    this.#perMs = ratePerS / 1000
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.#dueSinceMs = performance.now()
    this.#timer = setInterval(() => this.#step(), STEP_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #step(): void {
    const nowMs = performance.now()
    this.#dueSinceMs = Math.max(this.#dueSinceMs, nowMs - CATCH_UP_MS)
    let due = Math.floor((nowMs - this.#dueSinceMs) * this.#perMs)
    this.#dueSinceMs += due / this.#perMs
    for (; due > 0; due -= 1) if (!this.#sendOne()) return
  }

  /** By turns; whoever has no node at the moment is passed over. */
  #sendOne(): boolean {
    for (let tries = 0; tries < this.#publishers.length; tries += 1) {
      this.#turn = (this.#turn + 1) % this.#publishers.length
      if (this.#publishers[this.#turn]?.send() === true) return true
    }
    return false
  }
}
