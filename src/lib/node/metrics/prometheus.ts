/**
 * A node's metrics as Prometheus reads them. All is collected when it is asked for, from what the
 * node counts and measures anyway: prom-client keeps nothing meanwhile, and costs nothing.
 */
import {Counter, Gauge, Histogram, Registry} from 'prom-client'
import {unreachable} from '../../util/assert.js'
import {COUNTER_FAMILIES} from './counter-families.js'
import type {Family, HistogramSample, MetricsSource, Sample} from './family.js'
import {GAUGE_FAMILIES} from './gauge-families.js'
import {HISTOGRAM_FAMILIES} from './histogram-families.js'
import {LATENCY_BOUNDS_MS, type LatencyTotals} from './latency.js'

export const FAMILIES: readonly Family[] = [
  ...GAUGE_FAMILIES, ...COUNTER_FAMILIES, ...HISTOGRAM_FAMILIES,
]

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/** Ends of LATENCY_BOUNDS_MS that are shown, in milliseconds. */
export const BUCKETS_MS: readonly number[] = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000,
]

const BUCKETS = BUCKETS_MS.map((ms) => ({
  seconds: ms / 1000, index: LATENCY_BOUNDS_MS.indexOf(ms),
}))

export async function formatMetrics(source: MetricsSource): Promise<string> {
  const registry = new Registry()
  for (const family of FAMILIES) register(family, source, registry)
  return registry.metrics()
}

function register(family: Family, source: MetricsSource, registry: Registry): void {
  const {name, help, labels: labelNames} = family
  const options = {name, help, labelNames, registers: [registry]}
  switch (family.type) {
    case 'counter':
      fill(family.read(source), () => new Counter(options))
      return
    case 'gauge':
      fill(family.read(source), () => new Gauge(options))
      return
    case 'histogram':
      registry.registerMetric(new Totals({...options, registers: []}, family.read(source)))
      return
    default:
      unreachable(family)
  }
}

/** One without labels would be 0 where there is no sample. */
function fill(samples: readonly Sample[], create: () => Counter | Gauge): void {
  if (samples.length === 0) return
  const metric = create()
  for (const {labels = {}, value} of samples) metric.inc(labels, value)
}

type HistogramOptions = ConstructorParameters<typeof Histogram>[0]

/** One whose buckets were filled elsewhere. */
class Totals extends Histogram {
  readonly #options: HistogramOptions
  readonly #samples: readonly HistogramSample[]

  constructor(options: HistogramOptions, samples: readonly HistogramSample[]) {
    super(options)
    this.#options = options
    this.#samples = samples
  }

  /** What the registry asks for, though the library's types do not know it. */
  async getForPromString() {
    const {name, help} = this.#options
    const values = this.#samples.flatMap(({labels = {}, totals}) => valuesOf(name, labels, totals))
    return {name, help, type: 'histogram', values, aggregator: 'sum'}
  }
}

function valuesOf(name: string, labels: Sample['labels'], totals: LatencyTotals) {
  const bucket = (le: number | string, value: number) => ({
    labels: {le, ...labels}, value, metricName: `${name}_bucket`,
  })
  return [
    ...BUCKETS.map(({seconds, index}) => bucket(seconds, totals.atMost(index))),
    bucket('+Inf', totals.count),
    {labels, value: totals.sumMs / 1000, metricName: `${name}_sum`},
    {labels, value: totals.count, metricName: `${name}_count`},
  ]
}
