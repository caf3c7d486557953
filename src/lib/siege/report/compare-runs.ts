/** Two and more runs side by side: what each measured, and what the last changed. Pure. */
import {bytes, grouped} from '../../cli/plural.js'
import type {LeakSection, RunConfig, RunReport} from '../run-report.js'
import {nodeFacts} from './node-facts.js'
import {gapText, latencyText, percentText, rateText} from './units.js'

export interface RunsCompared {
  readonly runs: readonly RunNamed[]
  readonly metrics: readonly MetricCompared[]
  /** In what else the runs differ: the load was not the same, or not on the same machine. */
  readonly differences: readonly Difference[]
}

export interface RunNamed {
  readonly file: string
  readonly verdict: RunReport['verdict']
  readonly startedAt: string
  readonly version: string
}

export interface MetricCompared {
  readonly name: string
  /** One for each run; null where it was not measured. */
  readonly values: readonly (number | null)[]
  readonly texts: readonly string[]
  /** The last run's value by the first one's; null where that has no meaning. */
  readonly ratio: number | null
  readonly change: 'better' | 'worse' | 'same' | 'unknown'
}

export interface Difference {
  readonly name: string
  readonly values: readonly string[]
}

export interface NamedReport {
  readonly file: string
  readonly report: RunReport
}

export function compareRuns(named: readonly NamedReport[]): RunsCompared {
  const reports = named.map(({report}) => report)
  const isSameLoad = isAskedAlike(reports)
  return {
    runs: named.map(({file, report: {verdict, startedAt, version}}) =>
      ({file, verdict, startedAt, version})),
    metrics: METRICS
      .map((metric) => compared(metric, reports, isSameLoad))
      .filter(({values}) => values.some((value) => value !== null)),
    differences: differencesOf(reports),
  }
}

interface Metric {
  readonly name: string
  readonly of: (report: RunReport) => number | null
  readonly text: (value: number) => string
  readonly best: 'low' | 'high'
  /** What must not happen at all: any difference counts. */
  readonly isExact?: boolean
  /** It follows what was asked for: less of that is neither better nor worse. */
  readonly isOfLoad?: boolean
}

const exactly = {text: grouped, best: 'low', isExact: true} as const
const latency = {text: latencyText, best: 'low'} as const

const METRICS: readonly Metric[] = [
  {name: 'lost', of: ({counts}) => counts.lost, ...exactly},
  {name: 'duplicated', of: ({counts}) => counts.duplicated, ...exactly},
  {name: 'misdelivered', of: ({counts}) => counts.misdelivered, ...exactly},
  {name: 'corrupted', of: ({counts}) => counts.corrupted, ...exactly},
  {name: 'dropped slots', of: ({counts}) => counts.dropped, ...exactly},
  {name: 'connects failed', of: ({counts}) => counts.connectsFailed, ...exactly},
  {
    name: 'delivered/s', of: ({rates}) => rates.deliveredPerS, text: rateText, best: 'high',
    isOfLoad: true,
  },
  {name: 'message p50', of: ({latency}) => latency.message?.p50Us ?? null, ...latency},
  {name: 'message p90', of: ({latency}) => latency.message?.p90Us ?? null, ...latency},
  {name: 'message p99', of: ({latency}) => latency.message?.p99Us ?? null, ...latency},
  {name: 'message p99.9', of: ({latency}) => latency.message?.p999Us ?? null, ...latency},
  {name: 'message max', of: ({latency}) => latency.message?.maxUs ?? null, ...latency},
  {name: 'accept p99', of: ({latency}) => latency.accept?.p99Us ?? null, ...latency},
  {name: 'connect p99', of: ({latency}) => latency.connect?.p99Us ?? null, ...latency},
  {name: 'longest gap', of: longestGap, text: gapText, best: 'low'},
  {
    name: 'nodes CPU', best: 'low', of: ({generator}) => generator.nodesCpuPercent,
    text: percentText, isOfLoad: true,
  },
  {name: 'node RSS, most', of: rssMost, text: bytes, best: 'low'},
  {name: 'heap at rest', of: atRest('heapBytes'), text: bytes, best: 'low'},
  {name: 'objects at rest', of: atRest('objects'), text: grouped, best: 'low'},
  {
    name: 'leaks found', of: ({leak}) => leak && leaksOf(leak), ...exactly,
  },
  {
    name: 'loop delay, most', best: 'low', of: loopDelayMost,
    text: (ms) => latencyText(ms * 1000),
  },
]

/** Of a soak: the most of any node after the last cycle. */
function atRest(what: 'heapBytes' | 'objects'): Metric['of'] {
  return ({leak}) => most((leak?.nodes ?? []).flatMap(({samples}) => samples.at(-1)?.[what] ?? []))
}

function leaksOf({nodes}: LeakSection): number {
  return nodes.filter(({verdict}) => verdict === 'leak').length
}

function longestGap({faults}: RunReport): number | null {
  return most(faults.flatMap(({gapMs}) => gapMs ?? []))
}

function rssMost({nodes}: RunReport): number | null {
  return most(nodes.flatMap((node) => nodeFacts(node).rssMaxBytes ?? []))
}

function loopDelayMost({nodes}: RunReport): number | null {
  return most(nodes.flatMap((node) => nodeFacts(node).loopDelayMaxMs ?? []))
}

function most(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.max(...values)
}

/** Of one and the same schedule seconds differ by what a stop in the middle of one leaves. */
const ASKED_NOISE = 0.01

/** Whether the first run was asked for as many deliveries a second as the last. */
function isAskedAlike(reports: readonly RunReport[]): boolean {
  const [first, last] = [reports[0], reports.at(-1)]
  if (first === undefined || last === undefined) return true
  const isSpreadAlike = FAN_OUT.every((name) => first.config[name] === last.config[name])
  const [before, after] = [askedPerS(first), askedPerS(last)]
  return isSpreadAlike && Math.abs(after - before) <= ASKED_NOISE * before
}

/** To how many connections a message goes. */
const FAN_OUT = ['target', 'connections', 'users'] as const satisfies readonly (keyof RunConfig)[]

function askedPerS({seconds, durationS}: RunReport): number {
  return seconds.reduce((sum, {offered}) => sum + offered, 0) / Math.max(durationS, 1)
}

function compared(
  metric: Metric, reports: readonly RunReport[], isSameLoad: boolean,
): MetricCompared {
  const values = reports.map(metric.of)
  const [first = null] = values
  const last = values.at(-1) ?? null
  return {
    name: metric.name,
    values,
    texts: values.map((value) => value === null ? '' : metric.text(value)),
    ratio: first === null || last === null || first === 0 ? null : last / first,
    change: metric.isOfLoad === true && !isSameLoad ? 'unknown' : changeOf(metric, first, last),
  }
}

/** Runs of one and the same program differ by less than this on a quiet machine. */
const NOISE = 0.1

function changeOf(
  {best, isExact = false}: Metric,
  first: number | null,
  last: number | null,
): MetricCompared['change'] {
  if (first === null || last === null) return 'unknown'
  if (Math.abs(last - first) <= (isExact ? 0 : NOISE * first)) return 'same'
  return last < first === (best === 'low') ? 'better' : 'worse'
}

const CONFIG_NAMES = [
  'protocol', 'target', 'from', 'connections', 'connectPerS', 'users', 'tabs', 'ratePerS', 'timeS',
  'detailsBytes', 'churnPerMinute', 'slowReadersPercent', 'rampS',
] as const satisfies readonly (keyof RunConfig)[]

function differencesOf(reports: readonly RunReport[]): readonly Difference[] {
  const of = (name: string, value: (report: RunReport) => unknown): readonly Difference[] => {
    const values = reports.map((report) => String(value(report)))
    return new Set(values).size < 2 ? [] : [{name, values}]
  }
  return [
    ...CONFIG_NAMES.flatMap((name) => of(name, ({config}) => config[name])),
    ...of('targets', ({config}) => config.targets.length),
    ...of('faults', ({faults}) => faults.map(({name}) => name).join(' ') || 'none'),
    ...of('machine', ({environment: {host, cpu, cpus}}) => `${host} (${cpus} × ${cpu})`),
    ...of('node version', ({environment}) => environment.node),
    ...of('wsmesh', ({version}) => version),
  ]
}
