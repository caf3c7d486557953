/** Samples of one process over the cycles, in bounded memory however long it takes. */
import type {ProcessSample} from '../../protocol/soak-frame.js'

/** One sample, with all the work that was done before it since the beginning. */
export interface CycleSample {
  readonly cycle: number
  readonly isWarmUp: boolean
  readonly atS: number
  /** Cumulative: `connection`, `message`, `hour`, and each kind of visit by its name. */
  readonly work: Readonly<Record<string, number>>
  readonly sample: ProcessSample
  /** It was the master; undefined: that is not known, or no question. */
  readonly leads?: boolean | undefined
}

/** More are thinned out: the work of each counts from the beginning, so nothing is lost. */
export const SAMPLES_MAX = 64
/** Of those before a new beginning, which only the charts show. */
const EARLIER_MAX = 32

export class SampleSeries {
  #earlier: readonly CycleSample[] = []
  #measured: readonly CycleSample[] = []
  /** Every so many of the cycles after the warm-up are kept. */
  #stride = 1
  #cycles = 0

  get all(): readonly CycleSample[] {
    return [...this.#earlier, ...this.#measured]
  }

  add(sample: CycleSample): void {
    if (sample.isWarmUp) {
      this.#earlier = [...this.#earlier, sample]
      return
    }
    this.#cycles += 1
    if ((this.#cycles - 1) % this.#stride !== 0) return
    this.#measured = [...this.#measured, sample]
    if (this.#measured.length <= SAMPLES_MAX) return
    this.#stride *= 2
    this.#measured = everySecond(this.#measured)
  }

  /** What was measured so far was of something else: it counts as warm-up. */
  startAgain(): void {
    let earlier = this.all.map((sample) => ({...sample, isWarmUp: true}))
    while (earlier.length > EARLIER_MAX) earlier = everySecond(earlier)
    this.#earlier = earlier
    this.#measured = []
    this.#stride = 1
    this.#cycles = 0
  }
}

function everySecond<T>(values: readonly T[]): T[] {
  return values.filter((_, index) => index % 2 === 0)
}
