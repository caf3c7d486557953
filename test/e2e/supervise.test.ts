/** `wsmesh serve --supervise`: real processes that are killed, stopped and reloaded. */
import {afterAll, beforeAll, expect, it} from 'vitest'
import {isMarkAlive, markOf} from '../../src/lib/process/process-mark.js'
import {runCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type Ready, type ServeProcess} from '../helpers/serve-process.js'

let mesh: ServeMesh
let supervisor: ServeProcess

beforeAll(async () => {
  mesh = await ServeMesh.open()
  supervisor = await mesh.start('--supervise', '--workers', '2', '--probe-interval', '1s')
  await supervisor.cli.says('All nodes are part of the mesh')
})
afterAll(() => mesh[Symbol.asyncDispose]())

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

it('is a mesh like any other: a siege passes, and what pool list shows can be dialled', async () => {
  const siege = await runCli(
    ['siege', '-c', '20', '-r', '100', '-t', '1s', '--json', '--threshold', 'lost==0'],
    {env: mesh.env})
  const {counts} = JSON.parse(siege.stdout) as {counts: {delivered: number; lost: number}}
  expect(counts.lost).toBe(0)
  expect(counts.delivered).toBeGreaterThan(50)
  const [, address = ''] = / (unix:\S+)/.exec((await runCli(['pool', 'list'], {env: mesh.env})).stdout) ?? []
  const sent = await runCli(['send', 'hello', '--everyone', '--node', address], {env: mesh.env})
  expect(sent).toMatchObject({exit: 5, stdout: expect.stringContaining('delivered to nobody')})
})

it('replaces a killed node and a hung one; clients are never refused', async () => {
  const [first, second] = workers()
  process.kill(first?.pid ?? 0, 'SIGKILL')
  const client = await mesh.connect(supervisor, '42')
  await supervisor.cli.says(/was killed by SIGKILL[^\n]*started again at once/)
  await eventually(async () => (await mesh.poolList()).nodes.length === 2, {timeoutMs: 10_000})
  process.kill(second?.pid ?? 0, 'SIGSTOP')
  await supervisor.cli.says(/The node hangs [^\n]*killed and replaced/)
  await client.close()
  expect((await mesh.connect(supervisor, '42')).ws.readyState).toBe(1)
})

it('reloads by replacing one node after another', async () => {
  await eventually(async () => (await mesh.poolList()).nodes.length === 2, {timeoutMs: 10_000})
  const before = (await mesh.poolList()).nodes.map(({id}) => id)
  supervisor.cli.child.kill('SIGHUP')
  await supervisor.cli.says('Reload: done')
  const after = (await mesh.poolList()).nodes.map(({id}) => id)
  expect(after).toHaveLength(2)
  expect(after.filter((id) => before.includes(id))).toEqual([])
})

it('leaves nobody behind when it is killed itself', async () => {
  const pids = [...supervisor.cli.stderr().matchAll(/"text":"Ready"[^\n]*"pid":(\d+)/g)]
  const marks = pids.map(([, pid]) => markOf(Number(pid))).filter((mark) => mark !== undefined)
  expect(marks).toHaveLength(2)
  await mesh.kill(supervisor)
  await eventually(() => marks.every((mark) => !isMarkAlive(mark)), {timeoutMs: 10_000})
})

it.each([
  [['--workers', '2'], '--workers needs --supervise'],
  [['--supervise', '--workers', '0'], '1 to 64'],
  [['--supervise', '--workers', 'all'], '--workers auto'],
  [['--supervise', '--max-rss', '1'], 'is no size'],
  [['--supervise', '--max-rss', '1M'], 'less than a node needs'],
  [['--supervise', '--probe-interval', '1ms'], 'out of range'],
  [['--supervise', '--node-url', 'ws://a:1', '--workers', '2'], 'the address of one node'],
  [['--supervise', '--guests', 'some'], 'allow, deny'],
])('refuses %j', async (args, hint) => {
  const result = await runCli(['serve', '--port', '0', ...args], {env: mesh.env})
  expect([result.exit, result.stdout]).toEqual([2, ''])
  expect(result.stderr).toContain(hint)
})
