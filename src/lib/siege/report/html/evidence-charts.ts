/** The charts of faults and of memory: what the verdict rests on. Pure. */
import {printable} from '../../../cli/printable.js'
import type {
  FaultReport, LatencySummary, LeakSample, LeakSection, RunReport,
} from '../../run-report.js'
import {nodeHue, type Chart, type ChartSeries} from './chart.js'
import {bandsAfter} from './fault-places.js'

/** Deliveries around a fault; undefined when none were recorded. */
export function faultChart(fault: FaultReport): Chart | undefined {
  if (fault.atS === null || fault.curve.length < 2) return undefined
  const x = fault.curve.map(({atMs}) => atMs / 1000)
  const healed = fault.healedAtS === null ? undefined : fault.healedAtS - fault.atS
  const end = x.at(-1) ?? 0
  return {
    title: 'Deliveries',
    about: 'in each tenth of a second, as a rate per second; 0 is the fault',
    unit: 'perS',
    isLogarithmic: false,
    isFromZero: true,
    axis: 'afterFault',
    x,
    series: [{
      label: 'delivered', hue: 'hue-1', look: 'area',
      values: fault.curve.map(({delivered}) => delivered * 10),
    }],
    marks: [
      {at: 0, label: printable(fault.name), tone: 'bad'},
      ...(healed === undefined || healed > end
        ? []
        : [{at: healed, label: 'healed', tone: 'good' as const}]),
    ],
    bands: bandsAfter(fault),
  }
}

/** Where the knee is: latencies over what was offered. Undefined where the rate was one. */
export function stepChart({phases}: RunReport): Chart | undefined {
  const steps = phases
    .flatMap(({latency, ratePerS}) =>
      latency === undefined || latency === null || ratePerS === null ? [] : [{latency, ratePerS}])
    .toSorted((a, b) => a.ratePerS - b.ratePerS)
    .filter(({ratePerS}, index, all) => ratePerS !== all[index - 1]?.ratePerS)
  if (steps.length < 3) return undefined
  const series = (label: string, hue: ChartSeries['hue'], of: (l: LatencySummary) => number) =>
    ({label, hue, look: 'line' as const, values: steps.map(({latency}) => of(latency) / 1000)})
  return {
    title: 'Latency by rate', about: 'messages per second from left to right', unit: 'ms',
    isLogarithmic: true, isFromZero: false, axis: 'rate', marks: [], bands: [],
    x: steps.map(({ratePerS}) => ratePerS),
    series: [
      series('max', 'soft', ({maxUs}) => maxUs), series('p99', 'hue-4', ({p99Us}) => p99Us),
      series('p50', 'hue-2', ({p50Us}) => p50Us),
    ],
  }
}

/** After each cycle of a soak, quiescent and collected: same state beside same state. */
export function leakCharts(leak: LeakSection): readonly Chart[] {
  const cycles = [...new Set(leak.nodes.flatMap(({samples}) => samples.map(({cycle}) => cycle)))]
    .toSorted((a, b) => a - b)
  if (cycles.length < 2) return []
  const chart = (
    title: string,
    about: string,
    unit: Chart['unit'],
    of: (sample: LeakSample) => number | null,
  ): Chart => ({
    title, about, unit, isLogarithmic: false, isFromZero: false, axis: 'cycle', x: cycles,
    marks: [], bands: warmUpBand(leak, cycles),
    series: leak.nodes.map(({node, samples}, index): ChartSeries => {
      const values = new Map(samples.map((sample) => [sample.cycle, of(sample)]))
      return {
        label: printable(node), hue: nodeHue(index), look: 'line',
        values: cycles.map((cycle) => values.get(cycle) ?? null),
      }
    }),
  })
  return [
    ...gaugesFound(leak).map((name) => chart(
      `Gauge: ${printable(name)}`, "an exact count of the node's own", 'count',
      ({gauges}) => gauges[name] ?? null,
    )),
    chart('Live objects', 'after a collection, counted exactly', 'count', ({objects}) => objects),
    chart('Heap', 'used after a collection', 'bytes', ({heapBytes}) => heapBytes),
    chart('External', 'buffers outside of the heap', 'bytes', ({externalBytes}) => externalBytes),
    chart('Resident', 'RSS: only a hint, freed memory stays', 'bytes', ({rssBytes}) => rssBytes),
  ].filter(({series}) => series.some(({values}) => values.some((value) => value !== null)))
}

/** Only gauges that something was found about: a healthy node has dozens. */
function gaugesFound({nodes}: LeakSection): readonly string[] {
  const names = nodes.flatMap(({findings, samples}) => findings
    .filter(({tier, name}) => tier === 'gauge' && samples.some(({gauges}) => name in gauges))
    .map(({name}) => name))
  return [...new Set(names)]
}

function warmUpBand({nodes}: LeakSection, cycles: readonly number[]): Chart['bands'] {
  const first = cycles[0] ?? 0
  const last = nodes.flatMap(({samples}) => samples)
    .reduce<number | undefined>((max, {cycle, isWarmUp}) =>
      isWarmUp ? Math.max(max ?? cycle, cycle) : max, undefined)
  return last === undefined ? [] : [{from: first, to: last, tone: 'outside'}]
}
