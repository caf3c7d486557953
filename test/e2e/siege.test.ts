/** `wsmesh siege` as people run it, on real nodes. */
import {mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import type {RunReport} from '../../src/lib/siege/run-report.js'
import {runCli, startCli} from '../helpers/cli.js'
import {FaultyServer} from '../helpers/faulty-server.js'
import {ServeMesh} from '../helpers/serve-process.js'

const ROOT = join(import.meta.dirname, '..', '..')
const SHORT = ['-t', '1s', '--drain', '3s', '--timeout', '20s'] as const

test('the mesh of the pool: every message reaches every connection that it is for', async () => {
  await using mesh = await ServeMesh.open()
  await mesh.start()
  await mesh.start()
  const {exit, stdout} = await mesh.run('siege', '-c', '30', '--tabs', '3', '-r', '100', ...SHORT,
    '--target', 'mix', '--slow-readers', '10', '--churn', '120', '--processes', '2', '--json')
  const report = JSON.parse(stdout) as RunReport
  expect(report.reasons.filter((reason) => reason.includes('hold'))).toEqual([])
  expect(exit).toBe(0)
  expect(report.counts).toMatchObject({sent: 100, accepted: 100, lost: 0, misdelivered: 0})
  expect(report.counts.delivered).toBe(report.counts.expected)
  expect(report.counts.delivered).toBeGreaterThan(100)
  expect(report.latency.local?.count).toBeGreaterThan(0)
  expect(report.latency.relayed?.count).toBeGreaterThan(0)
  expect(new Set(report.nodes.map(({pid}) => pid))).toEqual(
    new Set(mesh.nodes.map(({ready}) => ready.pid)))
  expect(report.generator.processes).toBe(2)
})

test('a siege with a fault: the master is killed, nothing is lost, and it says how long', async () => {
  const {exit, stdout} = await runCli(['siege', '--nodes', '2', '-c', '10', '-r', '60', '-t', '6s',
    '--fault', 'kill-master@2s', '--drain', '10s', '--json'], {timeoutMs: 60_000})
  const report = JSON.parse(stdout) as RunReport
  const [fault] = report.faults
  expect(fault?.name).toBe('kill-master')
  expect(fault?.atS).toBeGreaterThanOrEqual(2)
  expect(fault?.gapMs).toBeGreaterThan(0)
  expect(report.counts).toMatchObject({lost: 0, duplicated: 0, reordered: 0, misdelivered: 0})
  expect(report.counts.closedByServer).toBeGreaterThan(0)
  expect(report.seconds.flatMap(({marks}) => marks)[0]).toBe('kill-master')
  // How fast it goes on a busy machine is judged by the machine.
  expect([0, 98]).toContain(exit)
}, 90_000)

test('a fault in a mesh of somebody else: only when it is said twice', async () => {
  await using mesh = await ServeMesh.open()
  const master = await mesh.start()
  await mesh.start()
  const flags = ['-c', '6', '-r', '40', '-t', '5s', '--drain', '10s', '--fault', 'kill-master@2s']
  const once = await mesh.run('siege', ...flags)
  expect(once.exit).toBe(2)
  expect(once.stderr).toContain('--yes')
  const {stdout} = await mesh.run('siege', ...flags, '--yes', '--json')
  const report = JSON.parse(stdout) as RunReport
  expect(report.faults[0]?.atS).toBeGreaterThanOrEqual(2)
  expect(report.counts).toMatchObject({lost: 0, duplicated: 0, reordered: 0})
  expect(await master.cli.exit).toBe(137)
}, 90_000)

test('exit statuses: 99 for a threshold, 3 for nobody there, 2 for a wrong flag', async () => {
  await using server = await FaultyServer.start({fault: 'none'})
  const plain = ['siege', '--protocol', 'plain', '-c', '5', '-r', '50', '-t', '300ms']
  const failed = await runCli([...plain, '--threshold', 'latency.p50<0us', server.url])
  expect(failed.exit).toBe(99)
  expect(failed.stdout.split('\n')[0]).toMatch(/^FAIL {2}latency\.p50<0us does not hold: /)
  const nobody = await runCli([...plain, '--timeout', '500ms', 'ws://127.0.0.1:9/'])
  expect(nobody.exit).toBe(3)
  expect(nobody.stderr).toContain('connection refused: nothing listens there')
  const wrong = await runCli([...plain, '--threshold', 'speed<5', server.url])
  expect(wrong.exit).toBe(2)
  expect(wrong.stderr).toContain('there is no metric speed')
}, 60_000)

test('by HTTP: messages by POST /publish, and what /healthz bears', async () => {
  await using mesh = await ServeMesh.open()
  const node = await mesh.start()
  await mesh.start('--api-listen', `unix:${mesh.folder}/api.sock`)
  const published = await mesh.run('siege', '-c', '10', '-r', '60', ...SHORT, '--from', 'http', '--json')
  const report = JSON.parse(published.stdout) as RunReport
  expect(report.counts).toMatchObject({sent: 60, accepted: 60, delivered: 60, lost: 0, reordered: 0})
  const asked = await mesh.run('siege', '-c', '4', '-t', '1s', `${node.ready.httpUrl}/healthz`, '--json')
  const pages = JSON.parse(asked.stdout) as RunReport
  expect(asked.exit).toBe(0)
  expect(pages.counts).toMatchObject({accepted: pages.counts.sent, refused: 0, unanswered: 0})
  expect(pages.counts.accepted).toBeGreaterThan(10)
  expect(pages.latency.service?.count).toBe(pages.counts.accepted)
  const lost = await mesh.run('siege', '-c', '2', '-t', '1s', `${node.ready.httpUrl}/nothing`, '--json')
  expect(lost.exit).toBe(99)
  expect(lost.stdout).toContain('answered with HTTP 404')
}, 60_000)

test('by the outbox: messages are rows that an application commits', async () => {
  await using mesh = await ServeMesh.open()
  const none = await mesh.run('siege', '-c', '2', ...SHORT, '--from', 'outbox')
  expect(none.exit).toBe(3)
  await mesh.start('--outbox')
  const siege = ['siege', '-c', '10', '-r', '60', ...SHORT, '--from', 'outbox', '--json']
  const published = await mesh.run(...siege)
  const report = JSON.parse(published.stdout) as RunReport
  expect(report.config.from).toBe('outbox')
  expect(report.counts).toMatchObject({sent: 60, accepted: 60, delivered: 60, lost: 0, reordered: 0})
  const elsewhere = await mesh.run(...siege, '--pool-prefix', 'other_', report.config.targets[0] ?? '')
  expect([elsewhere.exit, elsewhere.stdout]).toEqual([1, expect.stringContaining('no outbox')])
}, 60_000)

test('clients with tokens of others, whose own action answers', async () => {
  await using mesh = await ServeMesh.open()
  const node = await mesh.start('--actions', join(ROOT, 'examples', 'actions', 'echo.mjs'))
  const secret = await loadSecret({env: {}, dataDir: mesh.folder})
  const lines = await Promise.all(['ann', 'bob', 'cid'].map(async (user) =>
    JSON.stringify({user, token: await signToken({user, ttlMs: 60_000}, secret)})))
  const users = join(mesh.folder, 'users.ndjson')
  await writeFile(users, lines.join('\n'))
  // Without the secret of the mesh: its data folder is another one.
  const empty = join(mesh.folder, 'empty')
  const run = (...flags: string[]) => runCli(
    ['siege', '--users-file', users, '--users', '3', '-t', '1s', '--timeout', '20s', '--json',
      ...flags, node.ready.clientUrl], {env: {WSMESH_DATA_DIR: empty}})
  const echo = ['-c', '6', '--target', 'echo', '--action']
  const echoed = JSON.parse((await run(...echo, 'echo', '-r', '50')).stdout) as RunReport
  expect(echoed.counts).toMatchObject({sent: 50, delivered: 50, lost: 0, connected: 6})
  const mute = await run(...echo, 'nobody', '-r', '10', '--drain', '200ms')
  expect(mute.exit).toBe(99)
  expect(mute.stdout).toContain('nobody:error')
  const operators = await run('-c', '3', '-r', '10')
  expect(operators.stdout).toContain('Who publishes must have the secret')
}, 60_000)

test('without a mesh: exit status 3, and what to do', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-siege-'))
  const {exit, stderr} = await runCli(['siege'], {env: {WSMESH_DATA_DIR: folder}})
  expect({exit, stderr}).toMatchObject({exit: 3, stderr: expect.stringContaining('wsmesh serve')})
  expect(stderr).toMatch(/^Error: There is no mesh here \[NODE_UNREACHABLE\]/)
  await rm(folder, {recursive: true})
})

test('a scenario is a module, in TypeScript too', async () => {
  await using server = await FaultyServer.start({fault: 'none'})
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-siege-'))
  const text = "{phases: [{name: 'ramp', for: '300ms', rate: [0, 90]}, {for: '400ms', rate: 90}]}"
  const run = async (name: string, content: string) => {
    const file = join(folder, name)
    await writeFile(file, content)
    return runCli(['siege', '--protocol', 'plain', '-c', '3', '--scenario', file, '--json',
      server.url])
  }
  const {exit, stdout} = await run('rush.mjs', `export default ${text}`)
  expect(exit).toBe(0)
  expect((JSON.parse(stdout) as RunReport).phases.map(({name}) => name)).toEqual(
    ['connect', 'ramp', 'phase 2', 'drain'])
  const typed = await run('rush.ts', `const all: {phases: object[]} = ${text}\nexport default all`)
  expect(typed.exit, typed.stderr).toBe(0)
  const broken = await run('broken.ts', 'export default {phases: [')
  expect([broken.exit, broken.stdout]).toEqual([1, expect.stringContaining('Cannot load the scenario')])
  await rm(folder, {recursive: true})
}, 60_000)

test('to a reader that has seen enough the exit status is the verdict all the same', async () => {
  await using server = await FaultyServer.start({fault: 'duplicate', every: 10})
  await using cli = startCli(['siege', '--protocol', 'plain', '-c', '3', '-r', '50', '-t', '300ms',
    server.url])
  cli.child.stdout?.destroy()
  expect(await cli.exit).toBe(99)
}, 60_000)

test('--abort-on-fail: ended by what cannot hold any more, and said once', async () => {
  await using server = await FaultyServer.start({fault: 'duplicate', every: 10})
  const {exit, stderr} = await runCli(['siege', '--protocol', 'plain', '-c', '3', '-r', '50',
    '-t', '1h', '--abort-on-fail', server.url])
  expect(exit).toBe(99)
  expect(stderr.split('ended: duplicated==0 does not hold')).toHaveLength(2)
}, 60_000)

test('files are refused before the load begins, and written after it', async () => {
  await using server = await FaultyServer.start({fault: 'none'})
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-siege-'))
  const at = (name: string): string => join(folder, name)
  const plain = ['siege', '--protocol', 'plain', '-c', '5', '-r', '50', server.url]
  // An hour of load, were it not refused at once.
  const refused = await runCli([...plain, '-t', '1h', '--html', at('none/siege.html')])
  expect(refused.exit).toBe(1)
  expect(refused.stderr).toContain('cannot write')
  const {exit, stdout, stderr} = await runCli([...plain, '-t', '300ms',
    '--html', at('siege.html'), '--junit', at('siege.xml'), '--hdr', at('siege.hlog')])
  expect({exit, stderr}).toMatchObject({exit: 0, stderr: expect.stringContaining('0 s: load')})
  expect(stderr).toContain(`written: ${at('siege.hlog')}`)
  // On a machine that is busy with something else the generator may say so.
  expect(stdout).toMatch(/^(PASS|INVALID) {2}/)
  expect(await readFile(at('siege.html'), 'utf8')).toMatch(/<strong>(PASS|INVALID)<\/strong>/)
  expect(await readFile(at('siege.xml'), 'utf8')).toContain('failures="0" errors="0"')
  expect(await readFile(at('siege.hlog'), 'utf8')).toMatch(/^Tag=message,0\.000,\d/m)
  await rm(folder, {recursive: true})
}, 60_000)

test('Ctrl-C: the report of what was done so far, and 130', async () => {
  await using server = await FaultyServer.start({fault: 'none'})
  await using cli = startCli(['siege', '--protocol', 'plain', '-c', '5', '-r', '50', '-t', '1h',
    '--ndjson', server.url])
  await cli.says('"type":"second"')
  cli.child.kill('SIGINT')
  expect(await cli.exit).toBe(130)
  const lines = cli.stdout().trim().split('\n').map((line) => JSON.parse(line) as {type: string})
  expect(lines[0]?.type).toBe('started')
  const last = lines.at(-1) as {type: string; report: RunReport}
  expect(last.type).toBe('report')
  expect(last.report.verdict).toBe('interrupted')
  expect(last.report.counts.delivered).toBe(last.report.counts.sent)
}, 60_000)
