/** --abort-on-fail: which thresholds can be known to fail before the end. */
import {newHistogram} from '../measure/histograms.js'
import type {Histogram} from '../measure/histograms.js'
import type {Gathered} from '../measure/second-gatherer.js'
import type {SiegeSettings} from '../settings.js'
import {builtInThresholds} from './threshold.js'
import type {Threshold} from './threshold.js'

/** So many measured seconds before a latency may end a run: the first is never like the others. */
const SECONDS_MIN = 3

const COUNTS: ReadonlySet<string> = new Set([
  'duplicated', 'misdelivered', 'corrupted', 'closed', 'reordered',
])
const PERCENTILES: Readonly<Record<string, number>> = {
  'latency.p50': 50, 'latency.p75': 75, 'latency.p90': 90, 'latency.p95': 95, 'latency.p99': 99,
  'latency.p99.9': 99.9, 'latency.max': 100,
}

export class LiveThresholds {
  readonly #thresholds: readonly Threshold[]
  readonly #latency: Histogram = newHistogram()
  #seconds = 0

  constructor({thresholds, faults}: Pick<SiegeSettings, 'thresholds' | 'faults'>) {
    const hasFaults = faults.length > 0
    this.#thresholds = [...builtInThresholds({hasFaults, asked: thresholds}), ...thresholds]
  }

  /** One that does not hold so far, and such as it is will not; undefined: go on. */
  broken({histogram, tally}: Gathered): string | undefined {
    this.#seconds += 1
    this.#latency.add(histogram)
    return this.#thresholds.find(({name, operator, limit}) => {
      const value = this.#valueOf(name, tally)
      if (value === undefined) return false
      if (operator === '==') return value > limit
      return operator === '<' ? value >= limit : operator === '<=' && value > limit
    })?.text
  }

  #valueOf(name: string, tally: Gathered['tally']): number | undefined {
    if (COUNTS.has(name)) {
      return {
        duplicated: tally.duplicated, misdelivered: tally.misdelivered,
        corrupted: tally.corrupted,
        closed: tally.closedByServer, reordered: tally.reordered,
      }[name]
    }
    const percentile = PERCENTILES[name]
    if (percentile === undefined || this.#seconds < SECONDS_MIN) return undefined
    if (this.#latency.totalCount === 0) return undefined
    return this.#latency.getValueAtPercentile(percentile)
  }
}
