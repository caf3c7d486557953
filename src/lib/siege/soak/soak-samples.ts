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
}

/** More are thinned out: the work of each counts from the beginning, so nothing is lost. */
export const SAMPLES_MAX = 64

export class SampleSeries {
  #samples: CycleSample[] = []
  /** Every so many of the cycles after the warm-up are kept. */
  #stride = 1
  #measured = 0

  get all(): readonly CycleSample[] {
    return this.#samples
  }

  add(sample: CycleSample): void {
    if (!sample.isWarmUp) this.#measured += 1
    const isKept = sample.isWarmUp || (this.#measured - 1) % this.#stride === 0
    if (!isKept) return
    this.#samples.push(sample)
    if (this.#samples.length <= SAMPLES_MAX) return
    this.#stride *= 2
    const first = this.#samples.findIndex(({isWarmUp}) => !isWarmUp)
    this.#samples = this.#samples.filter(
      (_, index) => index < first || (index - first) % 2 === 0,
    )
  }
}
