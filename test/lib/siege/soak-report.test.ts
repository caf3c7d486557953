import {expect, test} from 'vitest'
import {judgeServers, soakReport} from '../../../src/lib/siege/soak/soak-report.js'
import type {SoakRun} from '../../../src/lib/siege/soak/run-soak.js'
import {fixtureReport} from './fixture-report.js'

test('ended before its first sample: a report of nothing, which can be read again', () => {
  const run: SoakRun = {
    records: [{name: 'a', samples: [], lost: undefined, unrest: []}],
    work: {messages: 0, tried: 3, failed: 0, byTarget: new Map(), errors: new Map()},
    isInterrupted: true, durationS: 1, targets: [], failovers: [],
  }
  const {config, environment} = fixtureReport()
  const report = soakReport({
    run, servers: judgeServers(run, {detectionLimitBytes: 60}), version: '0', startedAt: new Date(),
    config, environment, notes: [], isStrict: false,
  })
  expect(report).toMatchObject({verdict: 'interrupted', exit: 130})
  expect(report.leak).toMatchObject({cycles: 0, warmUpCycles: 0, messagesPerCycle: 0})
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
})
