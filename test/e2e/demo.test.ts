import {execFile} from 'node:child_process'
import {rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {expect, onTestFinished, test} from 'vitest'

import {openPoolStore} from '../../src/lib/pool/open-pool-store.js'
import {
  BIN, cleanEnvironment, nobodyRuns, startDemo, temporaryFolder,
} from '../helpers/demo-process.js'
import type {DemoNode, DemoProcess, DemoReady} from '../helpers/demo-process.js'
import {eventually, within} from '../helpers/eventually.js'
import {connectTestClient} from '../helpers/test-client.js'
import type {TestClient} from '../helpers/test-client.js'

async function wsmesh(demo: DemoProcess, ...args: readonly string[]): Promise<string> {
  const all = [BIN, ...args, '--data-dir', demo.dataDir]
  const {stdout} = await promisify(execFile)(process.execPath, all, {env: cleanEnvironment()})
  return stdout
}

function shell(command = ''): Promise<{stdout: string}> {
  return promisify(execFile)('sh', ['-c', command], {env: cleanEnvironment()})
}

async function look(ready: DemoReady): Promise<DemoReady> {
  const response = await fetch(`${ready.pageUrl}/demo.json`)
  expect(response.status).toBe(200)
  return (await response.json()) as DemoReady
}

async function tokenFor(ready: DemoReady, user: string): Promise<string> {
  const response = await fetch(`${ready.pageUrl}/token`, {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({user}),
  })
  expect(response.status).toBe(200)
  return ((await response.json()) as {token: string}).token
}

async function connectAs(ready: DemoReady, user: string, node: DemoNode): Promise<TestClient> {
  const client = await connectTestClient(node.clientUrl)
  client.send({action: 'Client/authentication', details: [{token: await tokenFor(ready, user)}]})
  expect(await client.next()).toMatchObject({action: 'Client/authentication', details: ['ok', {user}]})
  return client
}

function nodeAt(ready: DemoReady, index: number): DemoNode {
  const node = ready.nodes[index]
  if (node === undefined) throw new Error(`No node ${index}`)
  return node
}

test('two users on two nodes see each other; Ctrl-C ends everything, once', async () => {
  await using demo = await startDemo()
  const ready = await demo.ready()
  expect(ready.nodes.map(({role}) => role).toSorted()).toEqual(['follower', 'follower', 'master'])
  expect(new Set(ready.nodes.map(({master}) => master))).toEqual(new Set([ready.master]))
  expect(await (await fetch(ready.pageUrl ?? '')).text()).toContain('wsmesh')

  const ann = await connectAs(ready, '42', nodeAt(ready, 0))
  const bob = await connectAs(ready, '7', nodeAt(ready, 2))
  ann.send({action: 'hello', details: ['Hi', {to: {everyone: true}}]})
  const hello = {action: 'hello', details: ['Hi', {from: '42'}]}
  expect(await ann.next()).toEqual(hello)
  expect(await bob.next()).toEqual(hello)
  bob.send({action: 'hello', details: ['To 42 alone', {to: {user: 42}}]})
  expect(await ann.next()).toEqual({action: 'hello', details: ['To 42 alone', {from: '7'}]})
  bob.send({action: 'hello', details: ['To myself']})
  expect(await bob.next()).toEqual({action: 'hello', details: ['To myself']})

  const sent = JSON.parse(await wsmesh(demo, 'send', 'hello', 'Hi', '--user', '42', '--json')) as {
    connections: number
  }
  expect(sent.connections).toBe(1)
  expect(await ann.next()).toEqual({action: 'hello', details: ['Hi']})

  // What a terminal does: SIGINT to the whole group of processes.
  process.kill(-demo.pid, 'SIGINT')
  expect(await within(demo.ended, 'the demo to end', 30_000)).toEqual({code: 0, signal: null})
  expect((await within(ann.closed, 'the close of a client')).code).toBe(4000)
  expect(await nobodyRuns(ready.nodes.map(({pid}) => pid))).toBe(true)
  // A node that was told twice would have ended at once, with its row left behind.
  const store = await openPoolStore({url: 'sqlite:', prefix: 'wsmesh_', dataDir: demo.dataDir})
  await store.init()
  expect(await store.list()).toEqual([])
  expect((await store.readLease())?.holder).toBeUndefined()
  await store.close()
})

test('the commands it prints work as they stand', async () => {
  await using demo = await startDemo({asJson: false, args: ['--nodes', '2']})
  await eventually(() => demo.output.stdout.includes('Ctrl-C'), {timeoutMs: 60_000})
  const commands = demo.output.stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(node |kill )/.test(line) && line.includes('run.js'))
  expect(commands).toHaveLength(5)
  const [list, tail, send, token, kill] = commands.map((line) => line.replace(/\s+# .*/, ''))
  expect((await shell(list)).stdout).toContain('2 nodes, all up')
  const first = shell(`${tail} --count 1 --json`)
  // A tail sees what comes after it: messages go on until it has one.
  const seen = {isOne: false}
  void first.finally(() => (seen.isOne = true))
  while (!seen.isOne) await shell(`${send}; test $? = 5`)
  expect((await first).stdout).toContain('"action":"hello"')
  expect((await shell(token)).stdout.split('.')).toHaveLength(3)
  const [masterId] = /n-[0-9a-f]+(?= +master)/.exec(demo.output.stdout) ?? []
  const after = (await shell(kill)).stdout
  expect(after).toMatch(/master\*/)
  expect(after).not.toContain(`${masterId}  master`)
}, 60_000)

test('a node that dies is reported and replaced, and the mesh is whole again', async () => {
  await using demo = await startDemo()
  const ready = await demo.ready()
  const dead = nodeAt(ready, 0)
  process.kill(dead.pid, 'SIGKILL')
  await eventually(() => demo.output.stderr.includes(`node 1 (pid ${dead.pid}) died: killed by`))
  const whole = await eventually(
    async () => {
      const seen = await look(ready)
      const isWhole = seen.nodes.every(({role}) => role === 'master' || role === 'follower')
      return isWhole && seen
    },
    {timeoutMs: 30_000, what: 'three nodes again'},
  )
  expect(nodeAt(whole, 0).id).not.toBe(dead.id)
  expect(new Set(whole.nodes.map(({master}) => master))).toEqual(new Set([whole.master]))
  expect(demo.output.stderr).toContain('node 1 is back')
})

test('the page kills the master, no page else does, and not before all nodes are back', async () => {
  await using demo = await startDemo({args: ['--nodes', '2']})
  const ready = await demo.ready()
  const kill = (node: string, headers: Record<string, string>) =>
    fetch(`${ready.pageUrl}/kill`, {
      method: 'POST',
      headers: {'content-type': 'application/json', ...headers},
      body: JSON.stringify({node}),
    })
  const own = {origin: ready.pageUrl ?? ''}
  expect((await kill(ready.master, {})).status).toBe(403)
  expect((await kill(ready.master, {origin: 'http://evil.example'})).status).toBe(403)
  expect((await kill('n-00000000', own)).status).toBe(404)
  expect((await look(ready)).master).toBe(ready.master)

  const dead = ready.nodes.find(({id}) => id === ready.master)
  const answer = await kill(ready.master, own)
  expect(await answer.json()).toEqual({
    killed: {node: ready.master, name: dead?.name, pid: dead?.pid},
  })
  const heir = await eventually(async () => {
    const {master} = await look(ready)
    return master !== null && master !== ready.master && master
  })
  expect(await nobodyRuns([dead?.pid ?? 0])).toBe(true)
  // With it everything would be lost: the other one is not back yet.
  expect((await kill(heir, own)).status).toBe(409)
  expect((await kill(ready.master, own)).status).toBe(404)
})

test('one node alone is not killed', async () => {
  await using demo = await startDemo({args: ['--nodes', '1']})
  const ready = await demo.ready()
  const answer = await fetch(`${ready.pageUrl}/kill`, {
    method: 'POST',
    headers: {'content-type': 'application/json', origin: ready.pageUrl ?? ''},
    body: JSON.stringify({node: ready.master}),
  })
  expect(answer.status).toBe(409)
  expect(await answer.text()).toContain('No other node')
})

test('clients of the page are led to a node that lives, and hear why it leaves', async () => {
  await using demo = await startDemo({args: ['--nodes', '2']})
  const ready = await demo.ready()
  const door = (ready.pageUrl ?? '').replace('http:', 'ws:')
  const {id, name, pid} = nodeAt(ready, 1)
  const connectThere = async (): Promise<TestClient> => {
    const client = await connectTestClient(`${door}/WebSockets?node=${name}`)
    client.send({action: 'Client/authentication', details: [{token: await tokenFor(ready, '42')}]})
    return client
  }
  const first = await connectThere()
  expect(await first.next()).toMatchObject({details: ['ok', {user: '42', node: id}]})
  process.kill(pid, 'SIGKILL')
  expect((await within(first.closed, 'the close of a client')).code).toBe(1006)
  const second = await connectThere()
  expect(await second.next()).toMatchObject({details: ['ok', {node: nodeAt(ready, 0).id}]})
  process.kill(demo.pid, 'SIGINT')
  expect((await within(second.closed, 'the close of a client', 20_000)).code).toBe(4000)
  expect(await within(demo.ended, 'the demo to end', 30_000)).toEqual({code: 0, signal: null})
})

test('nodes end when the demo is killed, and leave the pool', async () => {
  await using demo = await startDemo({args: ['--nodes', '2', '--no-page']})
  const ready = await demo.ready()
  expect(ready.pageUrl).toBeNull()
  process.kill(demo.pid, 'SIGKILL')
  const pids = ready.nodes.map(({pid}) => pid)
  await eventually(() => nobodyRuns(pids), {timeoutMs: 30_000, what: 'the nodes to end'})
  const store = await openPoolStore({url: 'sqlite:', prefix: 'wsmesh_', dataDir: demo.dataDir})
  await store.init()
  expect(await store.list()).toEqual([])
  await store.close()
})

test('a second Ctrl-C ends everything at once', async () => {
  await using demo = await startDemo()
  const ready = await demo.ready()
  process.kill(demo.pid, 'SIGINT')
  await eventually(() => demo.output.stderr.includes('Stopping'))
  process.kill(demo.pid, 'SIGINT')
  expect((await within(demo.ended, 'the demo to end')).code).toBe(130)
  expect(await nobodyRuns(ready.nodes.map(({pid}) => pid))).toBe(true)
})

test('a busy port: who holds it and what to type; another port joins the same mesh', async () => {
  await using demo = await startDemo({args: ['--nodes', '1']})
  const ready = await demo.ready()
  const port = Number(new URL(ready.pageUrl ?? '').port)
  await using second = await startDemo({dataDir: demo.dataDir, port})
  expect((await second.ended).code).toBe(1)
  expect(second.output.stderr).toContain(`Port ${port} for the page is in use`)
  expect(second.output.stderr).toContain(`by process ${demo.pid}: `)
  expect(second.output.stderr).toContain(`demo --port ${port + 1}`)
  await using third = await startDemo({dataDir: demo.dataDir, args: ['--nodes', '2']})
  const joined = await third.ready()
  expect(joined.nodes.map(({role}) => role)).toEqual(['follower', 'follower'])
  expect(joined.master).toBe(ready.master)
})

test('--dir serves the modules of a folder, and what is dropped there at once', async () => {
  const folder = await temporaryFolder()
  onTestFinished(() => rm(folder, {recursive: true}))
  await using demo = await startDemo({args: ['--nodes', '1', '--dir', folder]})
  const ready = await demo.ready()
  const client = await connectAs(ready, '42', nodeAt(ready, 0))
  client.send({action: 'time', details: []})
  expect(await client.next()).toMatchObject({action: 'time:error', details: [404, expect.any(String)]})
  const source = "export default (mesh) => mesh.on('time', ({reply}) => reply('now'))\n"
  await writeFile(join(folder, 'time.mjs'), source)
  await eventually(() => demo.output.stderr.includes('Actions loaded'))
  client.send({action: 'time', details: []})
  expect(await client.next()).toEqual({action: 'time', details: ['now']})
})

test('nodes that cannot start: why, a status of its own, and nothing left running', async () => {
  await using demo = await startDemo({args: ['--no-page'], env: {WSMESH_SECRET: 'short'}})
  expect((await demo.ended).code).toBe(1)
  expect(demo.output.stderr).toContain('The mesh secret from WSMESH_SECRET has 5 bytes')
  expect(demo.output.stdout).toContain('NODE_FAILED')
})
