import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'
import type {TestClient} from '../helpers/test-client.js'

/** What became of messages at three real nodes, whose tabs come and go, until one node is killed. */
let mesh: ServeMesh
let nodes: readonly [ServeProcess, ServeProcess, ServeProcess]
let ids: readonly [string, string, string]
let tab: TestClient

interface Explained {
  messages: {
    id: string
    verdict: string
    connections: number
    byNode: {
      node: string
      state: string
      queued: number
      connections: {outcome: string; why: string | null; ended: {code: number} | null}[]
    }[]
  }[]
  complete: boolean
}

beforeAll(async () => {
  mesh = await ServeMesh.open()
  nodes = [await mesh.start(), await mesh.start(), await mesh.start()]
  ids = [nodes[0].ready.node, nodes[1].ready.node, nodes[2].ready.node]
  tab = await mesh.connect(nodes[0], '42')
  await mesh.connect(nodes[1], '7')
})
afterAll(() => mesh[Symbol.asyncDispose]())

async function explain(...args: string[]): Promise<Explained> {
  const {stdout} = await mesh.run('explain', '--json', ...args)
  return JSON.parse(stdout) as Explained
}

async function send(...args: string[]): Promise<string> {
  const {stdout} = await mesh.run('send', 'hello', 'Hi', '--json', ...args)
  return (JSON.parse(stdout) as {id: string}).id
}

/** Of the node in this place. */
function at(explained: Explained, index: 0 | 1 | 2) {
  return explained.messages[0]?.byNode.find(({node}) => node === ids[index])
}

describe('explain', () => {
  test('a message that was queued, and where', async () => {
    const id = await send('--user', '42')
    const explained = await explain(id)
    expect(explained).toMatchObject({
      messages: [{
        id, verdict: 'queued', connections: 1, action: 'hello', target: {user: ['42']}, bytes: 6,
      }],
      complete: true,
    })
    expect(at(explained, 0)).toMatchObject({
      state: 'delivered', queued: 1, connections: [{user: '42', outcome: 'queued', ended: null}],
    })
    expect(at(explained, 1)).toMatchObject({state: 'delivered', queued: 0, connections: []})
    const {stdout, stderr, exit} = await mesh.run('explain', id)
    expect(stdout).toMatch(/: queued to 1 connection on 1 node\n  hello, 6 B, for user 42\n/)
    expect(stdout).toMatch(/ delivered +42 +\S+-c1 +- +queued; its socket took all\n/)
    expect({stderr, exit}).toEqual({stderr: '', exit: 0})
  })

  test('a tab that came later, one that left before, one that it was not for', async () => {
    await tab.close()
    const id = await send('--user', '42')
    await mesh.connect(nodes[2], '42')
    const explained = await explain(id)
    expect(explained.messages[0]).toMatchObject({verdict: 'nobody', connections: 0})
    expect(at(explained, 0)?.connections).toMatchObject([{outcome: 'earlier', ended: {code: 1005}}])
    expect(at(explained, 2)?.connections).toMatchObject([{outcome: 'later', ended: null}])
    const notFor = await explain(id, '--user', '7')
    expect(at(notFor, 1)?.connections).toMatchObject([{outcome: 'not-meant', why: 'user 7'}])
    const {stdout, exit} = await mesh.run('explain', id)
    expect(stdout).toMatch(/: nobody got it\n/)
    expect(stdout).toMatch(/ ended [\d.]+ m?s before \(1005 closed by the client\)\n/)
    expect(stdout).toMatch(/ connected [\d.]+ m?s later\n/)
    expect(exit).toBe(5)
  })

  test('the last messages of a user', async () => {
    await send('--registered')
    await send('--filter', 'language=en')
    const {messages} = await explain('--user', '42', '--limit', '3')
    expect(messages.map(({verdict, connections}) => [verdict, connections])).toEqual([
      ['queued', 1], ['nobody', 0], ['queued', 1],
    ])
  })

  test('an id that nobody knows, and one that is nobody', async () => {
    const {stdout, exit} = await mesh.run('explain', `${ids[0]}-999`)
    expect(stdout).toContain('no node has heard of it')
    expect(exit).toBe(5)
    expect((await mesh.run('explain', '--user', 'nobody')).stdout).toContain('user nobody did not get it')
  })

  test.each([
    [[], 'Which message, or whose?'],
    [['--user', ''], '--user "" is no id'],
    [['x'.repeat(300)], 'MESSAGE-ID'],
    [['--user', '42', '--limit', '0'], '--limit'],
    [['--user', '42', '--limit', '51'], '--limit'],
    [['--user', '42', '--limit', 'all'], '--limit'],
  ])('bad input %j: 2', async (args, text) => {
    const {stderr, exit} = await mesh.run('explain', ...args)
    expect(stderr).toContain(text)
    expect(exit).toBe(2)
  })

  test('a node that hangs and a node that is dead', async () => {
    const id = await send('--user', '7')
    nodes[1].cli.child.kill('SIGSTOP')
    const hung = await mesh.run('explain', id)
    nodes[1].cli.child.kill('SIGCONT')
    expect(hung.stdout).toContain('nobody got it, as far as the nodes that answered know\n')
    expect(hung.stdout).toContain(`warning: incomplete: ${ids[1]} does not answer`)
    expect(hung.exit).toBe(3)
    await mesh.kill(nodes[0])
    await eventually(async () => (await explain(id)).complete, {timeoutMs: 20_000})
    const dead = await mesh.run('explain', id)
    expect(dead.stdout).toContain(': queued to 1 connection on 1 node\n')
    expect(dead.exit).toBe(0)
  })
})
