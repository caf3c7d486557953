/** `wsmesh simulate` as a process, with small figures. */
import {expect, test} from 'vitest'
import type {SimulationJson} from '../../src/lib/cli/simulate-view.js'
import {runCli, startCli} from '../helpers/cli.js'
import {within} from '../helpers/eventually.js'

const SMALL = ['simulate', '--nodes', '4', '--hours', '0.2', '--faults-per-hour', '60', '--seed', '7']
const RUN_MS = 60_000

async function simulated(args: readonly string[]): Promise<SimulationJson> {
  const run = await runCli([...args, '--json'], {timeoutMs: RUN_MS})
  expect(run.exit, run.stderr).toBe(0)
  return JSON.parse(run.stdout) as SimulationJson
}

test('the same flags give the same JSON, but for the time that it took', async () => {
  const {wallS: _, ...first} = await simulated(SMALL)
  expect(first).toMatchObject({
    schema: 'wsmesh.simulation/1', verdict: 'pass', exit: 0, invariants: {violation: null},
    config: {nodes: 4, hours: 0.2, seed: 7, ratePerS: 5, faultsPerHour: 60, faults: []},
  })
  expect(first.simulatedS).toBeGreaterThanOrEqual(720)
  expect(Object.keys(first.faults.begun).length).toBeGreaterThan(3)
  const {wallS: __, ...second} = await simulated(SMALL)
  expect(second).toEqual(first)
}, 2 * RUN_MS)

test('faults that are asked for come, a person sees the verdict first', async () => {
  const args = ['--hours', '0.1', '--fault', 'kill-master@2m', '--fault', 'store-outage@4m+20s']
  const run = await runCli(['simulate', ...args], {timeoutMs: RUN_MS})
  expect(run.stdout).toMatch(/^PASS 5 nodes, 6 m \d+ s, seed 1: all \d+ invariants held through 2 f/)
  expect(run.stdout).toMatch(/^kill +1 /m)
  expect(run.stdout).toMatch(/^store-outage +1 +0$/m)
  expect(run.exit).toBe(0)
}, RUN_MS)

test('Ctrl-C leaves what there is by then', async () => {
  await using run = startCli(['simulate', '--hours', '8000', '--json'])
  await run.says('Ctrl-C')
  run.child.kill('SIGINT')
  expect(await within(run.exit, 'the simulation to end', RUN_MS)).toBe(130)
  expect(JSON.parse(run.stdout())).toMatchObject({verdict: 'interrupted', exit: 130})
}, RUN_MS)

test('with --relay a size is priced: a person reads what fits, a spreadsheet a line for each', async () => {
  const asked = ['simulate', '--relay', 'master', '--nodes', '10..100']
  const run = await runCli(asked)
  expect(run.stdout).toMatch(/^FITS 10 to 100 nodes with a master: 100 000 users/)
  expect(run.exit, run.stderr).toBe(0)
  const csv = await runCli([...asked, '--csv'])
  expect(csv.stdout.split('\n')).toHaveLength(7)
  const full = await runCli([...asked, '--users', '20M', '--json'])
  expect(JSON.parse(full.stdout)).toMatchObject({schema: 'wsmesh.scale/1', fits: false, exit: 99})
  expect(full.exit).toBe(99)
})

test.each([
  [['--nodes', '1'], '--nodes'],
  [['--nodes', 'many'], '--nodes'],
  [['--hours', '0'], '--hours "0" is out of range'],
  [['--hours', 'a day'], '--hours "a day" is no number of hours'],
  [['--seed', '-1'], '--seed'],
  [['--rate', '5000'], '--rate'],
  [['--faults-per-hour', '1e9'], '--faults-per-hour'],
  [['--latency', '5'], '--latency is no duration'],
  [['--store-latency', '2s'], '--store-latency 2s is out of range'],
  [['--fault', 'kil'], 'no fault is called "kil"'],
  [['--hours', '1', '--fault', 'kill@2h'], 'comes when the run is over'],
  [['--nodes', '10..1000'], 'one life is of one number of nodes'],
  [['--users', '5'], '--relay'],
  [['--relay', 'redis'], '--relay'],
  [['--relay', 'master', '--hours', '3'], '--relay'],
  [['--relay', 'master', '--nodes', '1000..10'], 'is no range'],
  [['--relay', 'nats', '--replicas', '2'], '--replicas'],
  [['--relay', 'master', '--mix', 'user=90'], 'it comes to 90, not 100'],
])('simulate %j is a usage error', async (args, why) => {
  const {exit, stderr, stdout} = await runCli(['simulate', ...args])
  expect(stderr).toContain(why)
  expect(stderr).not.toContain('    at ')
  expect({exit, stdout}).toEqual({exit: 2, stdout: ''})
})
