import {Chalk} from 'chalk'
import {expect, test} from 'vitest'

import {compareRuns} from '../../../../src/lib/siege/report/compare-runs.js'
import {compareScreen, ratioText} from '../../../../src/lib/siege/report/compare-screen.js'
import type {RunReport} from '../../../../src/lib/siege/run-report.js'
import {fixtureReport} from '../fixture-report.js'

const plain = {colours: new Chalk({level: 0}), widthMax: undefined}

function changed(lost: number, p99Us: number, deliveredPerS: number): RunReport {
  const report = fixtureReport()
  const {message} = report.latency
  if (message === null) throw new Error('The fixture has latencies')
  return {
    ...report,
    counts: {...report.counts, lost},
    rates: {...report.rates, deliveredPerS},
    latency: {...report.latency, message: {...message, p99Us}},
  }
}

function changes(after: RunReport): Record<string, string> {
  const {metrics} = compareRuns([
    {file: 'a.json', report: fixtureReport()}, {file: 'b.json', report: after},
  ])
  return Object.fromEntries(metrics.map(({name, change}) => [name, change]))
}

test('a run beside itself: all the same, nothing differs', () => {
  expect(new Set(Object.values(changes(fixtureReport())))).toEqual(new Set(['same']))
  const report = fixtureReport()
  expect(compareRuns([{file: 'a', report}, {file: 'b', report}]).differences).toEqual([])
})

test('one lost message is worse, a tenth of latency is noise, fewer deliveries are worse', () => {
  expect(changes(changed(1, 5000, 4000))).toMatchObject({lost: 'worse', 'message p99': 'same'})
  expect(changes(changed(0, 5100, 3500))).toMatchObject({
    lost: 'same', 'message p99': 'worse', 'delivered/s': 'worse',
  })
  expect(changes(changed(0, 4000, 4500))).toMatchObject({
    'message p99': 'better', 'delivered/s': 'better',
  })
})

test('where less was asked for, fewer deliveries and less CPU say nothing', () => {
  const report = changed(1, 4620, 2000)
  const seconds = report.seconds.map((second) => ({...second, offered: second.offered / 2}))
  const {generator} = report
  const lighter = {...report, seconds, generator: {...generator, nodesCpuPercent: 1}}
  expect(changes(lighter)).toMatchObject({
    'delivered/s': 'unknown', 'nodes CPU': 'unknown', lost: 'worse', 'message p99': 'same',
  })
  expect(changes({...lighter, seconds: report.seconds})).toMatchObject({
    'delivered/s': 'worse', 'nodes CPU': 'better',
  })
})

test('nor where they went to fewer connections', () => {
  const report = changed(0, 4620, 2000)
  const narrower = {...report, config: {...report.config, connections: 10}}
  expect(changes(narrower)['delivered/s']).toBe('unknown')
})

test('what one run did not measure is told as unknown, what none did is left out', () => {
  const report = fixtureReport()
  const without = {...report, latency: {...report.latency, accept: null}, faults: []}
  expect(changes(without)).toMatchObject({'accept p99': 'unknown', 'longest gap': 'unknown'})
  const {metrics} = compareRuns([{file: 'a', report: without}, {file: 'b', report: without}])
  expect(metrics.map(({name}) => name)).not.toContain('longest gap')
})

test('on a screen: the runs, the metrics, and that the load was another', () => {
  const report = changed(3, 11_540, 4000)
  const after = {...report, config: {...report.config, ratePerS: 4000}}
  const compared = compareRuns([
    {file: 'a.json', report: fixtureReport()}, {file: 'b.json', report: after},
  ])
  const lines = compareScreen(compared, plain)
  expect(lines[0]).toBe('A  a.json  FAIL  2026-11-22T20:15:00.000Z')
  expect(lines).toContain('lost                     0         3       -  worse')
  expect(lines).toContain('message p99        4.62 ms   11.5 ms   x 2.5  worse')
  expect(lines.slice(-2)).toEqual(['These runs are not alike:', '  ratePerS: 2000, 4000'])
})

test('of many runs the first and the last stay on a narrow screen', () => {
  const named = Array.from({length: 9}, (_, index) => ({
    file: `${index}.json`, report: fixtureReport(),
  }))
  const lines = compareScreen(compareRuns(named), {...plain, widthMax: 60})
  const head = lines.find((line) => line.startsWith('METRIC'))
  expect(head?.split(/ +/)).toEqual(expect.arrayContaining(['METRIC', 'A', 'I', 'CHANGE']))
  expect(lines.filter((line) => line.length > 60)).toEqual([])
})

test.each([
  [null, ''], [1, '0 %'], [1.12, '+12 %'], [0.5, '-50 %'], [2.498, 'x 2.5'], [140, 'x 140'],
  [1.001, '0 %'], [0, '-100 %'],
])('a ratio of %s is %j', (ratio, text) => expect(ratioText(ratio)).toBe(text))
