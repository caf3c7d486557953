import * as hdr from 'hdr-histogram-js'
import {expect, test} from 'vitest'

import {hdrLog} from '../../../../src/lib/siege/report/hdr-log.js'
import {LATENCY_KINDS} from '../../../../src/lib/siege/run-report.js'
import type {LatencySummary, RunReport} from '../../../../src/lib/siege/run-report.js'
import {fixtureReport} from '../fixture-report.js'

/** 180, 183, … 3177 and 63350 µs, as HdrHistogramJS encodes them. */
const HISTOGRAM =
  'HISTFAAAADx4nJNpmSzMwMAuwcDAwMjAwMDMAAEgNgPz5HYGGP85ExPzKByFo3AUDkPIwMTANIpGEWmo240JAJ0ZE18='

function withHistograms(): RunReport {
  const report = fixtureReport()
  const latency = Object.fromEntries(LATENCY_KINDS.map((kind) => {
    const summary: LatencySummary | null = report.latency[kind]
    return [kind, summary === null ? null : {...summary, histogram: HISTOGRAM}]
  })) as RunReport['latency']
  return {...report, latency}
}

test('the head that readers of the format look for, then a line for each kind', () => {
  const lines = hdrLog(withHistograms()).split('\n')
  expect(lines.slice(1, 4)).toEqual([
    '#[Histogram log format version 1.3]',
    '#[StartTime: 1763842500.000 (seconds since epoch), 2026-11-22T20:15:00.000Z]'
      .replace('1763842500', String(Date.UTC(2026, 10, 22, 20, 15) / 1000)),
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
  ])
  expect(lines[4]).toBe(`Tag=message,0.000,30.000,63.350,${HISTOGRAM}`)
  expect(lines.slice(4, -1).map((line) => /^Tag=(\w+)/.exec(line)?.[1])).toEqual([...LATENCY_KINDS])
  expect(lines.at(-1)).toBe('')
})

test('others read it: HdrHistogramJS, tag by tag', () => {
  const reader = new hdr.HistogramLogReader(hdrLog(withHistograms()))
  const read = LATENCY_KINDS.map(() => reader.nextIntervalHistogram())
  expect(read.map((histogram) => histogram?.tag)).toEqual([...LATENCY_KINDS])
  const [message] = read
  if (message === null || message === undefined) throw new Error('There is a first one')
  expect(message.totalCount).toBe(1001)
  // Three digits count: a bucket there is 32 wide.
  expect(Math.abs(message.maxValue - 63_350)).toBeLessThan(32)
  expect(message.getValueAtPercentile(50)).toBe(1680)
  expect(reader.nextIntervalHistogram()).toBeNull()
})

test('steps of a run have lines of their own, under names that need no quoting', () => {
  const report = withHistograms()
  const phases = [{
    name: 'step 3, 500/s', fromS: 20, toS: 30, ratePerS: 500, latency: report.latency.message,
  }]
  expect(hdrLog({...report, phases})).toContain(
    `\nTag=phase:step-3-500-s,20.000,10.000,63.350,${HISTOGRAM}\n`,
  )
})

test('a report without histograms is refused with what writes them', () => {
  expect(() => hdrLog(fixtureReport())).toThrow(
    expect.objectContaining({code: 'INPUT_INVALID', message: expect.stringContaining('left out')}),
  )
})

test('a run that measured nothing is a log without intervals', () => {
  const none = Object.fromEntries(LATENCY_KINDS.map((kind) => [kind, null]))
  const log = hdrLog({...fixtureReport(), latency: none as RunReport['latency']})
  expect(log.split('\n')).toHaveLength(5)
})
