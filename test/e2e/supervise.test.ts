/** `wsmesh serve --supervise`: real processes that are killed, stopped and reloaded. */
import {once} from 'node:events'
import {readFile, rm, stat, writeFile} from 'node:fs/promises'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, it} from 'vitest'
import {isMarkAlive, markOf} from '../../src/lib/process/process-mark.js'
import type {ReloadJson} from '../../src/lib/supervisor/reload-all.js'
import {runCli, startCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import {listenForNotices, type NotifySocket} from '../helpers/notify-socket.js'
import {ServeMesh, type Ready, type ServeProcess} from '../helpers/serve-process.js'

/** A command alone takes 12 s where fifteen others want the processors. */
const BUSY_MS = 60_000

let mesh: ServeMesh
let supervisor: ServeProcess
let actions: string
let systemd: NotifySocket

beforeAll(async () => {
  systemd = await listenForNotices(join(tmpdir(), `wsmesh-notify-${process.pid}`))
  const env = {NOTIFY_SOCKET: systemd.path, WATCHDOG_USEC: '1000000', APP_PASSWORD: 'hunter2'}
  mesh = await ServeMesh.open(undefined, env)
  actions = join(mesh.folder, 'actions.mjs')
  await writeFile(actions, 'export default (mesh) => mesh.on("spin", function spin() { while (true); })')
  supervisor = await mesh.start(
    '--supervise', '--workers', '2', '--probe-interval', '1s', '--actions', actions)
  await supervisor.cli.says('All nodes are part of the mesh')
})
afterAll(async () => {
  await mesh[Symbol.asyncDispose]()
  systemd.close()
  await rm(systemd.path)
})

function workers(): readonly Ready[] {
  const lines = supervisor.cli.stdout().trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Ready)
}

it('names the pids of its nodes, which share one public address', () => {
  const [first, second] = workers()
  expect(first?.clientUrl).toBe(second?.clientUrl)
  expect(first?.nodeUrl).not.toBe(second?.nodeUrl)
  expect([first?.pid, second?.pid]).not.toContain(supervisor.cli.child.pid)
})

it('is a mesh like any other: what pool list shows can be dialled', async () => {
  const [, address = ''] = / (unix:\S+)/.exec((await runCli(['pool', 'list'], {env: mesh.env})).stdout) ?? []
  const sent = await runCli(['send', 'hello', '--user', '7', '--node', address], {env: mesh.env})
  expect(sent).toMatchObject({exit: 5, stdout: expect.stringContaining('delivered to nobody')})
})

/** What the supervisor says last of its nodes. */
function isWhole(): boolean {
  return systemd.notices().findLast((each) => each.startsWith('STATUS'))?.includes('2 of 2') ?? false
}

it('tells systemd when all is ready, and its nodes nothing of systemd', async () => {
  await systemd.says(`READY=1\nMAINPID=${supervisor.cli.child.pid}`)
  await systemd.says('STATUS=2 of 2 nodes run')
  await systemd.says('WATCHDOG=1')
  const [first] = workers()
  expect(await readFile(`/proc/${first?.pid}/environ`, 'utf8')).not.toMatch(/NOTIFY|WATCHDOG/)
})

it('replaces a killed node and a hung one; clients are never refused', async () => {
  const [first] = workers()
  process.kill(first?.pid ?? 0, 'SIGKILL')
  const client = await mesh.connect(supervisor, '42')
  await supervisor.cli.says(/was killed by SIGKILL[^\n]*started again at once/)
  await eventually(isWhole, {timeoutMs: 20_000})
  client.send({action: 'spin'})
  await supervisor.cli.says(/The node hung [^\n]* in spin [^\n]*, see [^\n]*started again/)
  const [, path = ''] = /, see (\S+\.json); started/.exec(supervisor.cli.stderr()) ?? []
  const report = await readFile(path, 'utf8')
  expect(JSON.parse(report)).toMatchObject({
    wsmesh: {
      stack: expect.arrayContaining([
        {name: 'spin', at: expect.stringMatching(/^file:.*\/actions\.mjs:1:\d+$/)},
      ]),
    },
    header: {nodejsVersion: process.version},
  })
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(report).not.toContain('hunter2')
  await client.close()
  expect((await mesh.connect(supervisor, '42')).ws.readyState).toBe(1)
})

it('reloads under load: nothing is lost, nobody refused, each node another', async () => {
  await eventually(isWhole, {timeoutMs: 20_000})
  const load = ['siege', '-c', '20', '-r', '100', '-t', '1m', '--drain', '2s', '--json']
  await using siege = startCli(load, {env: mesh.env})
  await siege.says('0 s: load')
  const reload = runCli(['reload', '--json'], {env: mesh.env, timeoutMs: BUSY_MS})
  const knocks = await knockUntil(supervisor.ready.httpUrl, reload)
  const {supervisors: [told]} = JSON.parse((await reload).stdout) as ReloadJson
  expect(told).toMatchObject({pid: supervisor.cli.child.pid, outcome: 'done', why: null})
  const ids = told?.replaced.flatMap(({before, now}) => [before, now])
  expect([ids?.length, new Set(ids).size]).toEqual([4, 4])
  const after = (await mesh.poolList()).nodes.map(({id}) => id)
  expect(after).toEqual(expect.arrayContaining(told?.replaced.map(({now}) => now) ?? ['none']))
  expect(knocks).toEqual([])
  await systemd.says('RELOADING=1\nMONOTONIC_USEC=')
  expect(systemd.notices().filter((each) => each.startsWith('READY=1'))).toHaveLength(2)
  // Each node has another address now: it looks for them, and goes on.
  await siege.says('nodes are now n-')
  siege.child.kill('SIGINT')
  await siege.exit
  const {counts} = JSON.parse(siege.stdout()) as {counts: Record<string, number>}
  expect(counts).toMatchObject({connectsFailed: 0, refused: 0, lost: 0, duplicated: 0, notRecovered: 0})
  // One whose answer went down with its connection may have been delivered all the same.
  expect(counts['delivered']).toBeGreaterThanOrEqual(counts['accepted'] ?? Infinity)
  expect(counts['delivered']).toBeGreaterThan(50)
  expect(counts['reconnects']).toBeGreaterThan(0)
}, 2 * BUSY_MS)

it('keeps what works when the new settings do not, and says why', async () => {
  await eventually(isWhole)
  // Those that were killed before may be listed for some seconds.
  await eventually(async () => (await mesh.poolList()).nodes.length === 2)
  const before = (await mesh.poolList()).nodes.map(({id}) => id)
  await writeFile(actions, 'this is no module')
  const result = await runCli(['reload'], {env: mesh.env, timeoutMs: BUSY_MS})
  expect(result.exit).toBe(1)
  expect(result.stdout).toContain('0 nodes replaced, then given up')
  expect(result.stdout).toContain(actions)
  const after = (await mesh.poolList()).nodes.map(({id}) => id)
  expect(before).toEqual(expect.arrayContaining(after))
  expect(after).toHaveLength(2)
}, 2 * BUSY_MS)

/** Connects again and again, each a connection of its own: what went wrong. */
async function knockUntil(url: string, end: Promise<unknown>): Promise<readonly string[]> {
  const {hostname, port} = new URL(url)
  const state = {isOver: false}
  void end.finally(() => (state.isOver = true))
  const refused: string[] = []
  while (!state.isOver) {
    const socket = connect(Number(port), hostname)
    await once(socket, 'connect').catch((error: Error) => refused.push(error.message))
    socket.destroy()
  }
  return refused
}

it('was probed all the time, and no log says so', () => {
  expect(supervisor.cli.stderr()).not.toContain('wsmesh/probe')
})

it('leaves nobody behind when it is killed itself', async () => {
  const pids = [...supervisor.cli.stderr().matchAll(/"text":"Ready"[^\n]*"pid":(\d+)/g)]
  const marks = pids.map(([, pid]) => markOf(Number(pid))).filter((mark) => mark !== undefined)
  expect(marks).toHaveLength(2)
  await mesh.kill(supervisor)
  await eventually(() => marks.every((mark) => !isMarkAlive(mark)), {timeoutMs: 10_000})
})

it.each([
  [['serve', '--supervise', '--workers', 'all'], 2, '--workers auto'],
  [['reload'], 3, 'wsmesh serve --supervise'],
  [['reload', '--supervisor', '1'], 3, 'Process 1 is no supervisor'],
  [['reload', '--supervisor', 'all'], 2, 'integer'],
])('refuses %j', async (args, exit, hint) => {
  const result = await runCli(args, {env: mesh.env})
  expect([result.exit, result.stdout]).toEqual([exit, ''])
  expect(result.stderr).toContain(hint)
})
