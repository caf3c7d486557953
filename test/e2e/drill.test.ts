/** The short form of every drill: real processes, real faults, the whole ledger. */
import {readFileSync} from 'node:fs'
import {mkdtemp, readdir, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {DRILL_NAMES} from '../../src/lib/drill/drill-names.js'
import type {DrillResult} from '../../src/lib/drill/run-drill.js'
import type {DrillsResult} from '../../src/lib/drill/run-drills.js'
import {isMarkAlive, readMark} from '../../src/lib/process/process-mark.js'
import {runCli, startCli} from '../helpers/cli.js'
import {eventually, within} from '../helpers/eventually.js'
import {Seats} from '../helpers/seats.js'

const DRILL_MS = 300_000
/** NATS needs its 4 to 9 s for another leader each time: one of its drills is enough here. */
const TOO_LONG: readonly string[] = ['all', 'nats-each', 'nats-restart']
const NAMES = DRILL_NAMES.filter((name) => !TOO_LONG.includes(name))

/** Drills wait more than they work: two at once fit on two cores, beside the tests of another file. */
const atOnce = new Seats(2)

/** What these look at counts on from one time to the next. */
const TWICE: readonly string[] = ['slow-client', 'kill-master']

test.concurrent.each(NAMES)('drill %s --short: every promise holds', async (name) => {
  await atOnce.take(() => holds(name, '--repeat', TWICE.includes(name) ? '2' : '1'))
}, DRILL_MS)

// Where namespaces can be made, the drills above use them.
const BY_PROXIES = ['cut-one-way', 'split']

test.concurrent.each(BY_PROXIES)('drill %s --short, links cut by proxies', async (name) => {
  const drill = await atOnce.take(() => holds(name, '--network', 'proxies'))
  expect(drill).toMatchObject({network: 'proxies'})
}, DRILL_MS)

async function holds(name: string, ...flags: string[]): Promise<DrillResult | undefined> {
  const args = ['drill', name, '--short', '--json', ...flags]
  const run = await runCli(args, {timeoutMs: DRILL_MS})
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
  return drill
}

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

test('what a killed drill leaves is removed by the next: nodes that stand, folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-drill-test-'))
  const env = {TMPDIR: folder}
  try {
    await using drill = startCli(['drill', 'pause-master', '--short', '--time', '1h'], {env})
    const children = async (): Promise<readonly string[]> => {
      const [own] = await readdir(folder)
      if (own === undefined) return []
      return readdir(join(folder, own, 'children')).catch(() => [])
    }
    const stopped = await eventually(async () => (await children()).find((mark) => {
      const pid = mark.split('-')[0] ?? ''
      return /\) T/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    }), {what: 'a node that is stopped', timeoutMs: 60_000})
    drill.child.kill('SIGKILL')
    await drill.exit
    const next = await runCli(['drill', 'kill-follower', '--short'], {env, timeoutMs: DRILL_MS})
    expect(next.exit, next.stderr).toBe(0)
    expect(readMark(stopped ?? '')).toBeDefined()
    expect(isMarkAlive(readMark(stopped ?? '') ?? '1-1')).toBe(false)
    expect(await readdir(folder)).toEqual([])
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}, DRILL_MS)

test('namespaces that are asked for and cannot be made are an error', async () => {
  const args = ['drill', 'split', '--short', '--network', 'namespaces']
  const {exit, stderr} = await runCli(args, {env: {PATH: '/nonexistent'}})
  expect(exit).toBe(1)
  expect(stderr).toContain('No network namespaces can be made')
  expect(stderr).toContain('--network proxies')
})

test('a name that is no drill is a usage error that lists them', async () => {
  const {exit, stderr} = await runCli(['drill', 'kill-everyone'])
  expect(exit).toBe(2)
  expect(stderr).toContain('kill-master')
})
