/** `wsmesh node …` on processes, as a person or a script at night uses it. */
import {afterAll, beforeAll, expect, it} from 'vitest'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'

let mesh: ServeMesh
let [first, second, third] = [] as unknown as [ServeProcess, ServeProcess, ServeProcess]

beforeAll(async () => {
  mesh = await ServeMesh.open()
  first = await mesh.start()
  // One after the other: the second is the one that takes over.
  second = await mesh.start()
  third = await mesh.start('--drain-seconds', '0')
  await eventually(async () => (await first.stats()).view.length === 3)
}, 60_000)
afterAll(() => mesh[Symbol.asyncDispose]())

const json = async (...args: string[]): Promise<Record<string, unknown>> => {
  const {stdout} = await mesh.run('node', ...args, '--json')
  return JSON.parse(stdout) as Record<string, unknown>
}

it('one after the other steps down, restarts, drains and stops; each says what came of it', async () => {
  const client = await mesh.connect(third, '42')
  const stepped = await mesh.run('node', 'step-down', first.ready.node.slice(2))
  expect(stepped.stdout).toMatch(/^n-\w+ stepped down: n-\w+ is master, term 2, after \d+(\.\d)? ms\n$/)
  const [again, refused, unknown, several, late] = await Promise.all([
    mesh.run('node', 'step-down', first.ready.node),
    mesh.run('node', 'restart', third.ready.node),
    mesh.run('node', 'drain', 'n-nobody'),
    mesh.run('node', 'stop', 'n-'),
    mesh.run('node', 'drain', third.ready.node, '--drain-seconds', '3601'),
  ])
  expect(again).toMatchObject({exit: 0, stdout: expect.stringContaining('is no master')})
  expect(refused.stderr).toContain('it runs under no supervisor')
  expect(refused.stderr).toContain(`wsmesh node restart ${third.ready.node} --yes`)
  expect(unknown.stderr).toContain(`${second.ready.node} at ws://`)
  expect(several.stderr).toContain('3 nodes begin with n-')
  expect([refused, unknown, several, late].map(({exit}) => exit)).toEqual([1, 3, 2, 2])

  expect(await json('restart', third.ready.node, '--yes')).toMatchObject({
    node: third.ready.node, act: 'restart', wasMaster: false, clients: 1, supervisor: null,
  })
  expect(await third.cli.exit).toBe(75)
  expect(await client.closed).toEqual({code: 4000, reason: 'drain: within 500 ms'})

  const {nodes, master} = await mesh.poolList()
  expect(nodes).toHaveLength(2)
  const [leader, other] = first.ready.node === master ? [first, second] : [second, first]
  expect(await json('drain', leader.ready.node)).toMatchObject({
    wasMaster: true, master: other.ready.node, handoverMs: expect.any(Number),
  })
  expect(await leader.cli.exit).toBe(0)

  // As a container's hook does it: by its own address, whoever it is, and also when it is the last.
  const address = other.ready.nodeUrl.replace(/^ws:\/\/|\/mesh$/g, '')
  const last = await mesh.run('node', 'stop', address, '--node', address)
  expect([last.exit, last.stderr.includes('is the only node')]).toEqual([1, true])
  const end = await mesh.run('node', 'stop', address, '--yes', '--node', address)
  expect(end.stdout).toContain(`${other.ready.node} was the last master; it had no clients`)
  expect(await other.cli.exit).toBe(0)
}, 60_000)
