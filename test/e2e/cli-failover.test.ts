import {once} from 'node:events'
import {createServer, type Socket} from 'node:net'
import {expect, test} from 'vitest'

import {openPoolStore} from '../../src/lib/pool/open-pool-store.js'
import {nodeId} from '../../src/lib/util/brand.js'
import {runCli, startCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import {startTestMesh, type TestMesh} from '../helpers/test-node.js'

function optionsFor(mesh: TestMesh) {
  const env = {WSMESH_DATA_DIR: mesh.folder, WSMESH_SECRET: 'a secret for tests only'}
  return {env, cwd: mesh.folder}
}

/** The node that a command is connected with. */
function nodeOfCommand(mesh: TestMesh, not?: string): string | undefined {
  return mesh.nodes.find((node) => node.id !== not && node.stats().operators > 0)?.id
}

async function kill(mesh: TestMesh, id: string | undefined): Promise<void> {
  const victim = mesh.nodes.find((node) => node.id === id)
  if (victim === undefined) throw new Error(`There is no node ${id}`)
  await victim.close()
}

test('tail moves to another node when its node dies, and says so', async () => {
  await using mesh = await startTestMesh(3)
  await using tail = startCli(['tail'], optionsFor(mesh))
  await tail.says(/is master \(term \d+\)/)
  const first = /tailing from (\S+)/.exec(tail.stderr())?.[1]
  await kill(mesh, first)
  await tail.says(`${first} went away`)
  await eventually(() => tail.stderr().match(/tailing from/g)?.length === 2)
  // The first node found is the master, so there is another one now.
  await eventually(() => tail.stderr().match(/is master \(term \d+\)/g)?.length === 2)
  await runCli(['send', 'after', 'it', '--everyone'], optionsFor(mesh))
  await tail.says('after')
  tail.child.kill('SIGINT')
  expect(await tail.exit).toBe(130)
})

test('tail ends with 3 when no node is left', async () => {
  await using mesh = await startTestMesh(1)
  await using tail = startCli(['tail', '--timeout', '3s'], optionsFor(mesh))
  await tail.says('tailing from')
  await kill(mesh, mesh.nodes[0]?.id)
  expect(await tail.exit).toBe(3)
  expect(tail.stderr()).toMatch(/Error: No node answered/)
})

test('send --stdin goes on through another node', async () => {
  await using mesh = await startTestMesh(3)
  await using send = startCli(['send', '--stdin', '--json'], optionsFor(mesh))
  const answers = () => send.stdout().trim().split('\n').filter((line) => line !== '')
  send.child.stdin?.write('{"action":"a","details":[1],"everyone":true}\n')
  await eventually(() => answers().length === 1, {timeoutMs: 15_000})
  const first = nodeOfCommand(mesh)
  await kill(mesh, first)
  // The others agree on a new master first; the message waits in its node's outbox for that.
  await eventually(() =>
    mesh.nodes.some((node) => node.id !== first && node.standing.state === 'mastering'),
  )
  send.child.stdin?.write('{"action":"a","details":[2],"everyone":true}\n')
  await eventually(() => nodeOfCommand(mesh, first), {timeoutMs: 15_000})
  send.child.stdin?.end()
  expect(await send.exit).toBe(5)
  expect(answers()).toHaveLength(2)
})

test('send --stdin ends with 3 when no node is left, and says what is unknown', async () => {
  await using mesh = await startTestMesh(1)
  await using send = startCli(['send', '--stdin', '--json', '--timeout', '3s'], optionsFor(mesh))
  send.child.stdin?.write('{"action":"a","everyone":true}\n')
  await send.says('position')
  await kill(mesh, mesh.nodes[0]?.id)
  send.child.stdin?.end('{"action":"b","everyone":true}\n')
  expect(await send.exit).toBe(3)
  expect(send.stdout()).toMatch(/"code":"NODE_UNREACHABLE"/)
})

test('a mesh that hangs altogether does not hang a command', async () => {
  await using mesh = await startTestMesh(0)
  const sockets: Socket[] = []
  const hung = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  await once(hung, 'listening')
  const address = hung.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const url = `ws://127.0.0.1:${address.port}/mesh`
  const store = await openPoolStore({url: 'sqlite:', dataDir: mesh.folder})
  try {
    await store.join({id: nodeId('hung'), url, clientUrl: '', version: '0', pid: 1})
    const hanging = [
      ['send', 'a', '--everyone'], ['tail'], ['send', 'a', '--everyone', '--node', url],
      ['pool', 'list', '--node', url],
    ]
    await Promise.all(hanging.map(async (args) => {
      const {exit, stderr} = await runCli([...args, '--timeout', '2s'], optionsFor(mesh))
      expect(stderr).toContain(url)
      expect(exit).toBe(3)
    }))
    const listing = ['pool', 'list', '--timeout', '3s', '--expect', '1']
    const list = await runCli(listing, optionsFor(mesh))
    expect(list.stdout).toMatch(/hung +\? +unreachable/)
    expect(list.exit).toBe(3)
  } finally {
    await store.close()
    for (const socket of sockets) socket.destroy()
    hung.close()
  }
})
