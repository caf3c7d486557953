import {expect, test} from 'vitest'

import {LATENCY_KINDS, RUN_REPORT_SCHEMA} from '../../../src/lib/siege/run-report.js'
import {fixtureReport} from './fixture-report.js'

test('the recorded report is of this schema, and adds up', () => {
  const report = fixtureReport()
  expect(report.schema).toBe(RUN_REPORT_SCHEMA)
  expect(Object.keys(report.latency)).toEqual([...LATENCY_KINDS])
  const {expected, delivered, lost} = report.counts
  expect(delivered + lost).toBe(expected)
})
