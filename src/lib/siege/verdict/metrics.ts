/** What thresholds can ask for, by name. */
import type {LatencySummary, RunReport} from '../run-report.js'

export type Unit = 'us' | 'count' | 'percent' | 'bytes' | 'perS' | 'ms'

export interface Metric {
  readonly unit: Unit
  /** Null when there was nothing to measure. */
  value(report: MeasuredRun): number | null
}

/** The part of a report that is there before its verdict. */
export type MeasuredRun = Pick<
  RunReport, 'counts' | 'rates' | 'latency' | 'generator' | 'nodes' | 'errors' | 'faults'
> & {readonly unconnected: number}

const STATS: Readonly<Record<string, (summary: LatencySummary) => number>> = {
  min: ({minUs}) => minUs,
  mean: ({meanUs}) => meanUs,
  avg: ({meanUs}) => meanUs,
  stddev: ({stdDevUs}) => stdDevUs,
  p50: ({p50Us}) => p50Us,
  p75: ({p75Us}) => p75Us,
  p90: ({p90Us}) => p90Us,
  p95: ({p95Us}) => p95Us,
  p99: ({p99Us}) => p99Us,
  'p99.9': ({p999Us}) => p999Us,
  max: ({maxUs}) => maxUs,
}

const LATENCIES = {
  latency: 'message', service: 'service', local: 'local', relayed: 'relayed', user: 'user',
  accept: 'accept', connect: 'connect', own: 'own',
} as const

const PLAIN: Readonly<Record<string, Metric>> = {
  lost: count(({counts}) => counts.lost),
  'lost.rate': percent(({counts}) => share(counts.lost, counts.expected)),
  duplicated: count(({counts}) => counts.duplicated),
  reordered: count(({counts}) => counts.reordered),
  misdelivered: count(({counts}) => counts.misdelivered),
  corrupted: count(({counts}) => counts.corrupted),
  sent: count(({counts}) => counts.sent),
  'sent.rate': {unit: 'perS', value: ({rates}) => rates.sentPerS},
  accepted: count(({counts}) => counts.accepted),
  refused: count(({counts}) => counts.refused),
  unanswered: count(({counts}) => counts.unanswered),
  dropped: count(({counts}) => counts.dropped),
  'dropped.rate': percent(({counts}) => share(counts.dropped, counts.sent + counts.dropped)),
  delivered: count(({counts}) => counts.delivered),
  'delivered.rate': {unit: 'perS', value: ({rates}) => rates.deliveredPerS},
  closed: count(({counts}) => counts.closedByServer),
  unconnected: count(({unconnected}) => unconnected),
  reconnects: count(({counts}) => counts.reconnects),
  notrecovered: count(({counts}) => counts.notRecovered),
  errors: count(({errors}) => errors.reduce((sum, {count: n}) => sum + n, 0)),
  'generator.cpu': percent(({generator}) => generator.cpuPercent),
  'node.rss': {unit: 'bytes', value: ({nodes}) => largest(nodes, ({rssBytes}) => rssBytes)},
  'node.delay': {unit: 'ms', value: ({nodes}) => largest(nodes, ({loopDelayMs}) => loopDelayMs)},
  gap: {unit: 'ms', value: ({faults}) => most(faults.map(({gapMs}) => gapMs))},
  recovery: {unit: 'ms', value: ({faults}) => most(faults.map((fault) => fault.recoveredAfterMs))},
}

/** All there is, in two lines: there are a hundred names. */
export const METRICS_IN_SHORT: readonly string[] = [
  `${Object.keys(LATENCIES).join(', ')}, each with one of .${Object.keys(STATS).join(' .')}`,
  Object.keys(PLAIN).join(', '),
]

/** All names, for suggestions. */
export const METRIC_NAMES: readonly string[] = [
  ...Object.keys(LATENCIES).flatMap((name) => Object.keys(STATS).map((stat) => `${name}.${stat}`)),
  ...Object.keys(PLAIN),
]

export function metricNamed(name: string): Metric | undefined {
  const plain = PLAIN[name]
  if (plain !== undefined) return plain
  const [head = '', ...rest] = name.split('.')
  const stat = STATS[rest.join('.')]
  if (!isLatency(head) || stat === undefined) return undefined
  const kind = LATENCIES[head]
  return {
    unit: 'us',
    value({latency}) {
      const summary = latency[kind]
      return summary === null ? null : stat(summary)
    },
  }
}

function isLatency(name: string): name is keyof typeof LATENCIES {
  return name in LATENCIES
}

function count(value: (report: MeasuredRun) => number): Metric {
  return {unit: 'count', value}
}

function percent(value: (report: MeasuredRun) => number): Metric {
  return {unit: 'percent', value}
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100
}

type Sample = RunReport['nodes'][number]['samples'][number]

function largest(nodes: RunReport['nodes'], of: (sample: Sample) => number | null): number | null {
  return most(nodes.flatMap(({samples}) => samples.map(of)))
}

function most(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((a, b) => Math.max(a, b))
}
