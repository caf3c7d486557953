/** What a metric is, before a library formats it. Names and labels are an API: docs/METRICS.md. */
import type {NodeStats} from '../../protocol/operator-frame.js'
import type {MeterReading} from '../../protocol/meter-frame.js'
import type {RelayStats} from '../relay.js'
import type {LatencyTotals} from './latency.js'
import type {Meter} from './meter.js'

/** All that is read for one page of metrics, at one moment. */
export interface MetricsSource {
  readonly stats: NodeStats & {readonly meter: MeterReading}
  readonly relay: RelayStats
  readonly meter: Meter
  readonly loopDelays: LatencyTotals
}

export interface Sample {
  /** Of the family's label names, all of them. */
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

export interface HistogramSample {
  readonly labels?: Readonly<Record<string, string>>
  readonly totals: LatencyTotals
}

interface Described {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

export type Family =
  | (Described & {
    readonly type: 'counter' | 'gauge'
    read(source: MetricsSource): readonly Sample[]
  })
  | (Described & {
    readonly type: 'histogram'
    read(source: MetricsSource): readonly HistogramSample[]
  })
