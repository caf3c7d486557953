/** Puts the seconds of all processes together, as soon as the last of them has told its own. */
import type {PartSecond, Tally} from '../attack/job.js'
import {emptyTally, TALLY_NAMES} from '../attack/job.js'
import type {Schedule} from '../plan/schedule.js'
import type {SecondSample} from '../second-sample.js'
import {decode, newSmallHistogram, sumOf} from './histograms.js'
import type {Histogram} from './histograms.js'

export interface GathererOptions {
  readonly parts: number
  readonly schedule: Schedule
  /** About as long as the connections take to open: the seconds before the load count down. */
  readonly openingS: number
  readonly phaseAt: (atS: number) => string
  readonly onSecond: (gathered: Gathered) => void
}

export type Gathered = Omit<SecondSample, 'nodes' | 'marks'> & {
  readonly tally: Readonly<Tally>
  readonly histogram: Histogram
  readonly bins: readonly number[]
  readonly isLoad: boolean
}

export class SecondGatherer {
  readonly #options: GathererOptions
  readonly #waiting = new Map<string, PartSecond[]>()
  #before = emptyTally()

  constructor(options: GathererOptions) {
    this.#options = options
  }

  add(second: PartSecond): void {
    const key = `${second.isLoad ? 'load' : 'open'} ${second.atS}`
    const all = [...(this.#waiting.get(key) ?? []), second]
    if (all.length < this.#options.parts) {
      this.#waiting.set(key, all)
      return
    }
    this.#waiting.delete(key)
    this.#options.onSecond(this.#merge(all))
  }

  #merge(all: readonly PartSecond[]): Gathered {
    const {schedule, openingS, phaseAt} = this.#options
    const isLoad = all.some((second) => second.isLoad)
    const counted = all[0]?.atS ?? 0
    const atS = isLoad ? counted : Math.min(0, counted - openingS)
    const tally = sumOfTallies(all.map((second) => second.tally))
    const before = this.#before
    this.#before = tally
    const since = (name: keyof Tally): number => tally[name] - before[name]
    const histogram = sumOf(all.map((second) => decode(second.histogram)), newSmallHistogram())
    const at = (percentile: number): number | null =>
      histogram.totalCount === 0 ? null : histogram.getValueAtPercentile(percentile)
    return {
      atS, isLoad, tally, histogram,
      phase: isLoad ? phaseAt(atS) : 'connect',
      bins: all.reduce<readonly number[]>(
        (sum, {bins}) => bins.map((count, index) => count + (sum[index] ?? 0)), []),
      connected: tally.connected,
      connecting: tally.connecting,
      offered: isLoad ? schedule.dueBy(atS) - schedule.dueBy(atS - 1) : 0,
      sent: since('sent'),
      accepted: since('accepted'),
      dropped: since('dropped'),
      delivered: since('delivered'),
      bytesIn: since('bytesReceived'),
      closedByServer: since('closedByServer'),
      errors: since('errors'),
      duplicated: tally.duplicated,
      misdelivered: tally.misdelivered,
      corrupted: tally.corrupted,
      missing: tally.missing,
      p50Us: at(50), p90Us: at(90), p99Us: at(99), maxUs: at(100),
      generator: {
        cpuPercent: total(all, ({cpuPercent}) => cpuPercent),
        loopDelayMs: Math.max(...all.map(({loopDelayMs}) => loopDelayMs)),
        rssBytes: total(all, ({rssBytes}) => rssBytes),
      },
    }
  }
}

function total(all: readonly PartSecond[], of: (second: PartSecond) => number): number {
  return Math.round(all.reduce((sum, second) => sum + of(second), 0) * 10) / 10
}

export function sumOfTallies(tallies: readonly Readonly<Tally>[]): Tally {
  const sum = emptyTally()
  for (const tally of tallies) {
    for (const name of TALLY_NAMES) sum[name] += tally[name]
  }
  return sum
}
