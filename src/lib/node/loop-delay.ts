/** How long this process was busy at a stretch: nobody was served meanwhile. */
import {monitorEventLoopDelay} from 'node:perf_hooks'
import {Latency, type LatencyTotals} from './metrics/latency.js'

/** Its clock ticks so often: what lies above one tick is delay. */
const RESOLUTION_MS = 20
const PERIOD_MS = 1000

/** The longest delay of the last whole second and of the one that has begun. */
export class LoopDelay {
  readonly #histogram = monitorEventLoopDelay({resolution: RESOLUTION_MS})
  readonly #seconds = new Latency()
  #sinceMs: number
  #lastMs = 0

  constructor(nowMs: number) {
    this.#sinceMs = nowMs
    this.#histogram.enable()
  }

  /** Expected about every second or more often. */
  sample(nowMs: number): void {
    if (nowMs - this.#sinceMs < PERIOD_MS) return
    this.#lastMs = delayOf(this.#histogram.max)
    this.#seconds.note(this.#lastMs)
    this.#histogram.reset()
    this.#sinceMs = nowMs
  }

  get longestMs(): number {
    return Math.max(this.#lastMs, delayOf(this.#histogram.max))
  }

  /** The longest delays of all seconds. */
  totals(): LatencyTotals {
    return this.#seconds.totals()
  }

  close(): void {
    this.#histogram.disable()
  }
}

/** An empty histogram has odd figures: no delay. */
function delayOf(nanoseconds: number): number {
  const ms = nanoseconds / 1e6 - RESOLUTION_MS
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms * 100) / 100) : 0
}
