/** Metrics of how long things took: since the start, so that any span can be asked about. */
import type {Family, HistogramSample, MetricsSource} from './family.js'
import {GC_KINDS} from './gc-times.js'
import type {LatencyTotals} from './latency.js'

function histogram(
  name: string, help: string, read: (source: MetricsSource) => LatencyTotals,
): Family {
  return {
    type: 'histogram', name, help, labels: [],
    read: (source): readonly HistogramSample[] => [{totals: read(source)}],
  }
}

export const HISTOGRAM_FAMILIES: readonly Family[] = [
  histogram(
    'wsmesh_relay_seconds', 'Of messages published here: until they were committed and came back',
    ({meter}) => meter.relay.totals(),
  ),
  histogram(
    'wsmesh_delivery_seconds',
    "Of a message's delivery here: until the operating system was offered all its frames",
    ({meter}) => meter.delivery.totals(),
  ),
  histogram(
    'wsmesh_receipt_seconds',
    'Of messages published here: until every live node had delivered them',
    ({meter}) => meter.receipt.totals(),
  ),
  histogram(
    'wsmesh_loop_delay_seconds',
    'Of each second: how long at a stretch the process was busy, and nobody was served',
    ({loopDelays}) => loopDelays,
  ),
  {
    type: 'histogram', name: 'nodejs_gc_duration_seconds', help: 'Garbage collections',
    labels: ['kind'],
    read: ({meter}) => GC_KINDS.map((kind) => ({labels: {kind}, totals: meter.gc.totals(kind)})),
  },
]
