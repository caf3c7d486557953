/**
 * How fast clients are let in (--max-connects-per-second). Thousands that lost another node come
 * in one moment: whoever is here already does not wait for them, and they wait for their turn,
 * with their request unanswered. To be refused and to try again would cost both sides more, and
 * them time.
 */
import {ArrivalPace} from './arrival-pace.js'
import type {Counters} from './counters.js'

/** So long one waits at most: a client gives up after 15 s. */
const WAIT_MAX_S = 5
/** How often those are let in whose turn it is. */
const TURN_MS = 10
/** Of the limit, at most in one turn: those who are here have theirs between two. */
const TURN_SHARE = 0.1

export type Arrival = 'now' | 'wait' | 'full'

export class Arrivals {
  readonly #waitingMax: number
  readonly #turnMax: number
  readonly #counters: Counters
  readonly #now: () => number
  readonly #isClosed: () => boolean
  /** Undefined: no limit. */
  readonly #pace: ArrivalPace | undefined
  /** The longest first. */
  readonly #waiting = new Set<() => void>()
  #timer: ReturnType<typeof setInterval> | undefined

  /** `isClosed`: nobody comes in at the moment; who waits is told so at once, to go elsewhere. */
  constructor(
    perSecond: number, counters: Counters, now: () => number, isClosed = (): boolean => false,
  ) {
    this.#counters = counters
    this.#now = now
    this.#isClosed = isClosed
    this.#waitingMax = perSecond * WAIT_MAX_S
    this.#turnMax = Math.max(1, perSecond * TURN_SHARE)
    this.#pace = perSecond === 0 ? undefined : new ArrivalPace(perSecond, now())
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** One more client. Who is to wait says so with `wait`. */
  come(): Arrival {
    if (this.#pace === undefined) return 'now'
    if (this.#waiting.size === 0 && this.#pace.take(this.#now(), false)) return 'now'
    if (this.#waiting.size < this.#waitingMax) {
      this.#counters.add('clientsDelayedPace')
      return 'wait'
    }
    this.#counters.add('clientsRefusedPace')
    return 'full'
  }

  /** Calls `enter` when it is its turn. What it returns takes the place back. */
  wait(enter: () => void): () => void {
    this.#waiting.add(enter)
    this.#timer ??= setInterval(() => this.turn(), TURN_MS)
    return () => {
      this.#waiting.delete(enter)
      this.#rest()
    }
  }

  /** Lets in those whose turn it is; where nobody comes in, as many as one turn takes. */
  turn(): void {
    const nowMs = this.#now()
    const isClosed = this.#isClosed()
    let left = this.#turnMax
    for (const enter of this.#waiting) {
      if (left < 1 || !(isClosed || this.#pace?.take(nowMs, true) === true)) break
      left -= 1
      this.#waiting.delete(enter)
      enter()
    }
    this.#rest()
  }

  #rest(): void {
    if (this.#waiting.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
