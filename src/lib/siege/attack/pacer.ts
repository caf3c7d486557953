/** Sends what is due by an absolute schedule, whoever is slow. */
import type {Schedule} from '../plan/schedule.js'
import {nowUs} from '../measure/clock.js'
import {PreciseTimer} from './precise-timer.js'

export interface PacerOptions {
  readonly schedule: Schedule
  readonly part: number
  readonly parts: number
  /** The slot is due; `intendedUs` is when it was. */
  readonly onSlot: (slot: number, intendedUs: number) => void
  /** After each batch of slots. */
  readonly onBatch: () => void
  /** What is due within so long may leave together. */
  readonly togetherUs: () => number
  readonly onDropped: (slots: number) => void
  readonly onEnd: () => void
}

/** A slot that is later than this is not sent any more: the generator stood still. */
const LATE_US_MAX = 10_000_000
/** After so many in one go others get their turn. */
const BATCH_MAX = 2000

export class Pacer {
  readonly #options: PacerOptions
  readonly #timer: PreciseTimer
  #startUs = Number.POSITIVE_INFINITY
  #slot: number
  #dueUs = Number.POSITIVE_INFINITY
  #sentUs = 0
  #isBusy = false
  #isOver = false

  constructor(options: PacerOptions) {
    this.#options = options
    this.#slot = options.part
    this.#timer = new PreciseTimer(() => this.poll())
  }

  /** Of the time of the event loop, what was nothing but waiting. */
  get idleUs(): number {
    return this.#timer.idleRoundsUs
  }

  start(startUs: number): void {
    this.#startUs = startUs
    this.#next()
  }

  /** Sends what is due. Cheap when nothing is. */
  poll(): void {
    const now = nowUs()
    if (now < this.#dueUs || this.#isBusy || this.#isOver) return
    this.#isBusy = true
    const {parts, onSlot, onBatch, onDropped} = this.#options
    for (let count = 0; this.#dueUs <= now && count < BATCH_MAX; count += 1) {
      if (now - this.#dueUs > LATE_US_MAX) onDropped(1)
      else onSlot(this.#slot, this.#dueUs)
      this.#slot += parts
      this.#dueUs = this.#startUs + this.#options.schedule.dueUs(this.#slot)
    }
    onBatch()
    this.#isBusy = false
    this.#sentUs = now
    this.#next()
  }

  /** No more slots. */
  stop(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer.close()
    this.#options.onEnd()
  }

  #next(): void {
    if (this.#isOver) return
    this.#dueUs = this.#startUs + this.#options.schedule.dueUs(this.#slot)
    if (this.#dueUs === Number.POSITIVE_INFINITY) {
      // The load goes on to its end also after its last slot: other processes may have one.
      const endUs = this.#startUs + this.#options.schedule.durationS * 1e6
      setTimeout(() => this.stop(), Math.max(0, (endUs - nowUs()) / 1000))
      return
    }
    this.#timer.wakeAt(Math.max(this.#dueUs, this.#sentUs + this.#options.togetherUs()))
  }
}
