/** The charts over the time of a run. Pure. */
import {printable} from '../../../cli/printable.js'
import type {NodeSample, RunReport} from '../../run-report.js'
import type {SecondSample} from '../../second-sample.js'
import {
  mean, most, nodeHue, secondsPerPoint, type Chart, type ChartBand, type ChartSeries,
} from './chart.js'
import {bandsOf, marksOf} from './fault-places.js'

export function timeCharts(report: RunReport): readonly Chart[] {
  const load = loadCharts(report)
  const nodes = nodeCharts(report)
  return [...load, ...nodes].filter(({series, x}) => x.length > 1 && series.some(isWorthALine))
}

/** Queues are mostly empty, and plain servers tell nothing. */
function isWorthALine({values}: ChartSeries): boolean {
  return values.some((value) => value !== null && value !== 0)
}

type Drawn = Pick<Chart, 'title' | 'about' | 'unit' | 'series'> & {readonly isLogarithmic?: boolean
  readonly isFromZero?: boolean}

/** Marks and bands are the same on all of them. */
function overTime(report: RunReport, x: readonly number[], drawn: readonly Drawn[]): Chart[] {
  const marks = marksOf(report.faults)
  const bands = [...outsideBands(report), ...bandsOf(report.faults)]
  return drawn.map((chart) => ({
    isLogarithmic: false, isFromZero: true, ...chart, axis: 'time', x, marks, bands,
  }))
}

/** Before and after the load: connecting, draining. */
function outsideBands({seconds, durationS}: RunReport): readonly ChartBand[] {
  const first = seconds[0]?.atS ?? 0
  const last = seconds.at(-1)?.atS ?? 0
  return [
    ...(first < 0 ? [{from: first, to: 0, tone: 'outside' as const}] : []),
    ...(last > durationS ? [{from: durationS, to: last, tone: 'outside' as const}] : []),
  ]
}

function loadCharts(report: RunReport): readonly Chart[] {
  const {seconds} = report
  const step = secondsPerPoint(seconds.length)
  const buckets = bucketsOf(seconds, step)
  const rates = (label: string, hue: ChartSeries['hue'], of: (sample: SecondSample) => number,
    look: ChartSeries['look'] = 'line') =>
    ({label, hue, look, values: buckets.map((bucket) => mean(bucket.map(of)))})
  const latency = (label: string, hue: ChartSeries['hue'], of: (s: SecondSample) => number | null,
    look: ChartSeries['look'] = 'line') => ({
    label, hue, look,
    values: buckets.map((bucket) => inMs(most(bucket.flatMap((sample) => of(sample) ?? [])))),
  })
  const x = buckets.map((bucket) => bucket.at(-1)?.atS ?? 0)
  return overTime(report, x, [
    {
      title: 'Throughput',
      about: `messages and deliveries per second${perPoint(step, 'the mean')}`,
      unit: 'perS',
      series: [
        rates('delivered', 'hue-1', ({delivered}) => delivered, 'area'),
        rates('sent', 'hue-2', ({sent}) => sent),
        rates('offered', 'soft', ({offered}) => offered, 'dashed'),
      ],
    },
    {
      title: 'Latency',
      about: `of each second's deliveries, since they were due${perPoint(step, 'the worst')}`,
      unit: 'ms',
      isLogarithmic: true,
      series: [
        latency('max', 'soft', ({maxUs}) => maxUs, 'thin'),
        latency('p99', 'hue-4', ({p99Us}) => p99Us),
        latency('p90', 'hue-1', ({p90Us}) => p90Us),
        latency('p50', 'hue-2', ({p50Us}) => p50Us),
      ],
    },
  ])
}

function inMs(us: number | null): number | null {
  return us === null ? null : us / 1000
}

function perPoint(step: number, which: string): string {
  return step === 1 ? '' : `, ${which} of ${step} seconds at each point`
}

function bucketsOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size)
  return Array.from({length: count}, (_, index) => items.slice(index * size, (index + 1) * size))
}

function nodeCharts(report: RunReport): readonly Chart[] {
  const {nodes, seconds} = report
  const atS = [...new Set(nodes.flatMap(({samples}) => samples.map((s) => Math.round(s.atS))))]
    .toSorted((a, b) => a - b)
  const buckets = bucketsOf(atS, secondsPerPoint(atS.length))
  const perNode = (of: (sample: NodeSample) => number | null,
    look: ChartSeries['look'] = 'line') => nodes.map(({node, samples}, index): ChartSeries => {
    const values = valuesAt(samples, of)
    return {
      label: printable(node), hue: nodeHue(index), look,
      values: buckets.map((bucket) => most(bucket.flatMap((at) => values.get(at) ?? []))),
    }
  })
  const bySecond = new Map(seconds.map((sample) => [sample.atS, sample]))
  const generator = (of: (sample: SecondSample['generator']) => number): ChartSeries => ({
    label: 'generator', hue: 'soft', look: 'dashed',
    values: buckets.map((bucket) => most(bucket.flatMap((at) => {
      const sample = bySecond.get(at)
      return sample === undefined ? [] : [of(sample.generator)]
    }))),
  })
  return overTime(report, buckets.map((bucket) => bucket.at(-1) ?? 0), [
    {
      title: 'Memory', about: 'resident (RSS) of each node', unit: 'bytes', isFromZero: false,
      series: perNode(({rssBytes}) => rssBytes),
    },
    {
      title: 'Heap', about: 'of JavaScript, used, of each node: garbage is among it', unit: 'bytes',
      series: perNode(({heapBytes}) => heapBytes),
    },
    {
      title: 'Event loop', about: 'its longest delay in each second', unit: 'ms',
      series: [...perNode(({loopDelayMs}) => loopDelayMs), generator((g) => g.loopDelayMs)],
    },
    {
      title: 'CPU', about: 'of one core', unit: 'percent',
      series: [...perNode(({cpuPercent}) => cpuPercent), generator((g) => g.cpuPercent)],
    },
    {
      title: 'Connections', about: 'open at each node', unit: 'count',
      series: perNode(({connections}) => connections),
    },
    {
      title: 'Queues', about: 'bytes that wait for clients and links', unit: 'bytes',
      series: perNode(({queueBytes}) => queueBytes),
    },
  ])
}

/** By whole second. A sample that came a little late leaves no hole. */
function valuesAt(
  samples: readonly NodeSample[],
  of: (sample: NodeSample) => number | null,
): ReadonlyMap<number, number | null> {
  const values = new Map<number, number | null>()
  let last: number | undefined
  for (const sample of samples) {
    const at = Math.round(sample.atS)
    const value = of(sample)
    if (last !== undefined && at - last === 2) values.set(last + 1, value)
    values.set(at, value)
    last = at
  }
  return values
}
