/** The short form of every drill: real processes, real faults, the whole ledger. */
import {mkdtemp, readdir, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {DRILL_NAMES} from '../../src/lib/drill/drill-names.js'
import type {DrillsResult} from '../../src/lib/drill/run-drills.js'
import {runCli, startCli} from '../helpers/cli.js'
import {eventually, within} from '../helpers/eventually.js'

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

test('Ctrl-C ends a drill at once, with all its nodes and its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-drill-test-'))
  try {
    await using drill = startCli(['drill', 'pause-master'], {env: {TMPDIR: folder}})
    await eventually(async () => {
      const [own] = await readdir(folder)
      return own !== undefined && (await readdir(join(folder, own))).includes('pool')
    }, {what: 'the folder of the drill', timeoutMs: 20_000})
    drill.child.kill('SIGINT')
    expect(await within(drill.exit, 'the drill to end', 10_000)).toBe(130)
    expect(await readdir(folder)).toEqual([])
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
})

test('a name that is no drill is a usage error that lists them', async () => {
  const {exit, stderr} = await runCli(['drill', 'kill-everyone'])
  expect(exit).toBe(2)
  expect(stderr).toContain('kill-master')
})
