/**
 * Times of many messages in little memory: a counter for each class of length, ten classes for each
 * power of ten (the preferred numbers R10 of ISO 3), so that what is read out of it is never off by
 * more than a quarter. Noting one costs some 10 ns.
 */
import type {LatencyReading} from '../../protocol/meter-frame.js'
import {assert} from '../../util/assert.js'

const STEPS: readonly number[] = [1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8]
/** From 10 µs to 100 s. */
const DECADES_MS: readonly number[] = [0.01, 0.1, 1, 10, 100, 1000, 10_000]

/** Upper ends of the classes, ascending; what is longer than the last is in one more class. */
export const LATENCY_BOUNDS_MS: readonly number[] = DECADES_MS.flatMap((decade) =>
  STEPS.map((step) => Number((decade * step).toPrecision(3))),
)

const CLASSES = LATENCY_BOUNDS_MS.length + 1

/** How long `sample` lets pass before it begins a new half of what `reading` looks at. */
const HALF_MS = 5000

/** Since the node's start. */
export interface LatencyTotals {
  readonly count: number
  readonly sumMs: number
  /** Not longer than LATENCY_BOUNDS_MS[index], cumulative. */
  atMost(index: number): number
}

export class Latency {
  #now = new Half()
  #before = new Half()
  readonly #older = new Half()
  #halfSinceMs = 0
  /** What follows on each other is alike: mostly the class of the last is that of the next. */
  #lastClass = 0

  /** Each of so many messages took so long. */
  note(ms: number, messages = 1): void {
    if (!isOfClass(ms, this.#lastClass)) this.#lastClass = classOf(ms)
    this.#now.note(ms, messages, this.#lastClass)
  }

  /** Expected about every second or more often. */
  sample(nowMs: number): void {
    if (nowMs - this.#halfSinceMs < HALF_MS) return
    this.#halfSinceMs = nowMs
    this.#older.take(this.#before)
    const empty = this.#before
    this.#before = this.#now
    this.#now = empty
  }

  /** Of the half that has begun and the one before it. */
  reading(): LatencyReading {
    const recent = new Half()
    recent.add(this.#before)
    recent.add(this.#now)
    return {
      messages: recent.count,
      p50Ms: recent.quantile(0.5),
      p90Ms: recent.quantile(0.9),
      p99Ms: recent.quantile(0.99),
      maxMs: rounded(recent.maxMs),
    }
  }

  totals(): LatencyTotals {
    const all = new Half()
    for (const half of [this.#older, this.#before, this.#now]) all.add(half)
    const upTo = new Float64Array(CLASSES)
    let sum = 0
    for (const [index, value] of all.classes.entries()) {
      sum += value
      upTo[index] = sum
    }
    return {count: all.count, sumMs: all.sumMs, atMost: (index) => upTo[index] ?? sum}
  }
}

class Half {
  readonly classes = new Float64Array(CLASSES)
  count = 0
  sumMs = 0
  maxMs = 0

  note(ms: number, messages: number, index: number): void {
    this.classes[index] = (this.classes[index] ?? 0) + messages
    this.count += messages
    this.sumMs += ms * messages
    if (ms > this.maxMs) this.maxMs = ms
  }

  add(other: Half): void {
    for (const [index, value] of other.classes.entries()) {
      this.classes[index] = (this.classes[index] ?? 0) + value
    }
    this.count += other.count
    this.sumMs += other.sumMs
    this.maxMs = Math.max(this.maxMs, other.maxMs)
  }

  /** Adds the other, which is empty then. */
  take(other: Half): void {
    this.add(other)
    other.classes.fill(0)
    other.count = 0
    other.sumMs = 0
    other.maxMs = 0
  }

  /** Within its class, as if what is there lay evenly; never more than the longest. */
  quantile(share: number): number {
    const rank = share * this.count
    let below = 0
    for (const [index, here] of this.classes.entries()) {
      if (here > 0 && below + here >= rank) {
        const from = LATENCY_BOUNDS_MS[index - 1] ?? 0
        const to = LATENCY_BOUNDS_MS[index] ?? this.maxMs
        return rounded(Math.min(from + ((to - from) * (rank - below)) / here, this.maxMs))
      }
      below += here
    }
    return 0
  }
}

function isOfClass(ms: number, index: number): boolean {
  return ms <= (LATENCY_BOUNDS_MS[index] ?? Infinity) && ms > (LATENCY_BOUNDS_MS[index - 1] ?? -1)
}

/** The first class whose end is not below it. */
function classOf(ms: number): number {
  assert(ms >= 0, 'a time is not negative')
  let from = 0
  let to = LATENCY_BOUNDS_MS.length
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((LATENCY_BOUNDS_MS[middle] ?? 0) < ms) from = middle + 1
    else to = middle
  }
  return from
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
