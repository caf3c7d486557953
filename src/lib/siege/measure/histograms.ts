/** Latencies in microseconds, three digits exact (HdrHistogram). */
import {build, decodeFromCompressedBase64, encodeIntoCompressedBase64} from 'hdr-histogram-js'
import type {Histogram} from 'hdr-histogram-js'
import type {LatencySummary} from '../run-report.js'

export type {Histogram}

/** An hour: what takes longer counts as an hour. */
export const LATENCY_MAX_US = 3_600_000_000

export function newHistogram(): Histogram {
  return histogramOf(3)
}

/** Two digits: an eighth of the size and of the work, for what is summed up while load goes on. */
export function newSmallHistogram(): Histogram {
  return histogramOf(2)
}

function histogramOf(numberOfSignificantValueDigits: 2 | 3): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_MAX_US,
    numberOfSignificantValueDigits,
  })
}

export function record(histogram: Histogram, us: number): void {
  const value = us < 0 ? 0 : us > LATENCY_MAX_US ? LATENCY_MAX_US : Math.round(us)
  histogram.recordValue(value)
}

export function encode(histogram: Histogram): string {
  return histogram.totalCount === 0 ? '' : encodeIntoCompressedBase64(histogram)
}

export function decode(text: string): Histogram {
  return text === '' ? newHistogram() : decodeFromCompressedBase64(text, 32, false)
}

export function sumOf(histograms: readonly Histogram[], sum = newHistogram()): Histogram {
  for (const histogram of histograms) if (histogram.totalCount > 0) sum.add(histogram)
  return sum
}

/** Null for nothing measured. */
export function summaryOf(histogram: Histogram, withHistogram = true): LatencySummary | null {
  if (histogram.totalCount === 0) return null
  const at = (percentile: number): number => histogram.getValueAtPercentile(percentile)
  return {
    count: histogram.totalCount,
    minUs: at(0),
    meanUs: Math.round(histogram.mean),
    stdDevUs: Math.round(histogram.stdDeviation),
    p50Us: at(50),
    p75Us: at(75),
    p90Us: at(90),
    p95Us: at(95),
    p99Us: at(99),
    p999Us: at(99.9),
    maxUs: at(100),
    ...(withHistogram ? {histogram: encode(histogram)} : {}),
  }
}
