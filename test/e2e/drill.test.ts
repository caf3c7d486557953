/** The short form of every drill: real processes, real faults, the whole ledger. */
import {expect, test} from 'vitest'
import {DRILL_NAMES} from '../../src/lib/drill/drill-names.js'
import type {DrillsResult} from '../../src/lib/drill/run-drills.js'
import {runCli} from '../helpers/cli.js'

const DRILL_MS = 120_000
const NAMES = DRILL_NAMES.filter((name) => name !== 'all')

test.each(NAMES)('drill %s --short: every promise holds', async (name) => {
  const run = await runCli(['drill', name, '--short', '--json'], {timeoutMs: DRILL_MS})
  const {drills} = JSON.parse(run.stdout) as DrillsResult
  const [drill] = drills
  expect(drill, run.stderr).toMatchObject({drill: name, verdict: 'pass', reasons: [], troubles: []})
  expect(run.exit).toBe(0)
  expect(drill?.nodes).toBeGreaterThanOrEqual(3)
  expect(drill?.ratePerS).toBeGreaterThanOrEqual(200)
  const {tally, connections} = drill ?? {}
  expect(tally).toMatchObject({
    lost: 0, duplicated: 0, reordered: 0, misdelivered: 0, positionsTwice: 0, wrongReceipts: 0,
  })
  expect(tally?.receipted).toBeGreaterThan(200)
  expect(connections?.filter(({delivered}) => delivered === 0)).toEqual([])
}, DRILL_MS)
