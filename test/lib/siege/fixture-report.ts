/** A run as a report file holds it: three nodes, 30 s, the master killed at 10 s. */
import {readFileSync} from 'node:fs'
import type {RunReport} from '../../../src/lib/siege/run-report.js'

export function fixtureReport(): RunReport {
  return JSON.parse(readFileSync(new URL('fixture-report.json', import.meta.url), 'utf8')) as RunReport
}
