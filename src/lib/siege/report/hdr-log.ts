/**
 * Latencies as a HdrHistogram log (format 1.3), which HistogramLogAnalyzer, the libraries of
 * HdrHistogram and hdrhistogram.github.io/HdrHistogram/plotFiles.html read. A line for each kind of
 * latency and, in runs of several steps, each step; values are microseconds. Pure.
 */
import {WsmeshError} from '../../util/errors.js'
import {LATENCY_KINDS, type LatencySummary, type RunReport} from '../run-report.js'

const HEADER =
  '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'

interface Interval {
  readonly tag: string
  readonly fromS: number
  readonly lengthS: number
  readonly latency: LatencySummary
}

/** Throws INPUT_INVALID for a report whose histograms were left out. */
export function hdrLog(report: RunReport): string {
  const intervals = intervalsOf(report)
  const lines = intervals.flatMap(intervalLine)
  if (intervals.length > 0 && lines.length === 0) {
    throw new WsmeshError('INPUT_INVALID', 'This report has no histograms: they were left out', {
      suggestions: ['wsmesh siege … --hdr FILE   (writes them as the run ends)'],
    })
  }
  return [
    `#[Logged by wsmesh ${report.version} siege; values are microseconds]`,
    '#[Histogram log format version 1.3]',
    `#[StartTime: ${startS(report).toFixed(3)} (seconds since epoch), ${isoText(report)}]`,
    HEADER,
    ...lines,
    '',
  ].join('\n')
}

function intervalsOf({latency, phases, durationS}: RunReport): readonly Interval[] {
  return [
    ...LATENCY_KINDS.flatMap((kind) => {
      const summary = latency[kind]
      return summary === null
        ? []
        : [{tag: kind, fromS: 0, lengthS: durationS, latency: summary}]
    }),
    ...phases.flatMap(({name, fromS, toS, latency: summary}) =>
      summary === undefined || summary === null
        ? []
        : [{tag: `phase:${name}`, fromS, lengthS: toS - fromS, latency: summary}]),
  ]
}

/** A tag ends at a comma, and readers disagree about blanks. */
function intervalLine({tag, fromS, lengthS, latency}: Interval): readonly string[] {
  if (latency.histogram === undefined) return []
  const name = tag.replaceAll(/[^\w:.-]+/g, '-')
  const figures = [Math.max(0, fromS), lengthS, latency.maxUs / 1000].map((n) => n.toFixed(3))
  return [`Tag=${name},${figures.join(',')},${latency.histogram}`]
}

function startS({startedAt}: RunReport): number {
  const ms = Date.parse(startedAt)
  return Number.isNaN(ms) ? 0 : ms / 1000
}

function isoText({startedAt}: RunReport): string {
  return startedAt.replaceAll(/[^\w:.+-]/g, '')
}
