import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {eventually} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'

/** Who is connected where, asked of real nodes, one of which hangs and then dies. */
let mesh: ServeMesh
let nodes: readonly [ServeProcess, ServeProcess, ServeProcess]
let ids: readonly [string, string, string]

interface Who {
  users: {user: string | null; connections: number; byNode: Record<string, number>}[]
  connections: number
  complete: boolean
  nodes: {id: string; state: string; connections: number | null; why: string | null}[]
}

beforeAll(async () => {
  mesh = await ServeMesh.open()
  nodes = [await mesh.start(), await mesh.start(), await mesh.start()]
  ids = [nodes[0].ready.node, nodes[1].ready.node, nodes[2].ready.node]
  for (const node of [nodes[0], nodes[0], nodes[1]]) await mesh.connect(node, '42')
  await mesh.connect(nodes[2], '7')
  await mesh.connect(nodes[2], 'ann')
})
afterAll(() => mesh[Symbol.asyncDispose]())

async function who(...args: string[]): Promise<Who> {
  const {stdout} = await mesh.run('who', '--json', ...args)
  return JSON.parse(stdout) as Who
}

describe('who', () => {
  test('lists users of all nodes with their tabs', async () => {
    expect(await who()).toMatchObject({
      users: [
        {user: '7', connections: 1, byNode: {[ids[2]]: 1}},
        {user: '42', connections: 3, byNode: {[ids[0]]: 2, [ids[1]]: 1}},
        {user: 'ann', connections: 1, byNode: {[ids[2]]: 1}},
      ],
      connections: 5,
      complete: true,
      truncated: false,
    })
    const {stdout, stderr, exit} = await mesh.run('who')
    expect(stdout).toMatch(/^USER +TABS +NODES /)
    expect(stdout).toContain('3 users; 5 connections on 3 nodes; 3 nodes, all answered')
    expect({stderr, exit}).toEqual({stderr: '', exit: 0})
  })

  test('lists the tabs of one user', async () => {
    const {stdout, exit} = await mesh.run('who', '--user', '42')
    expect(stdout.match(new RegExp(`${ids[0]}-c\\d`, 'g'))).toHaveLength(2)
    expect(stdout).toContain('1 user; 3 connections on 2 nodes; 3 nodes, all answered')
    expect(exit).toBe(0)
  })

  test.each([
    [['--limit', '0'], '--limit'],
    [['--limit', '100001'], '--limit'],
    [['--limit', 'many'], '--limit'],
    [['--expect', '-1'], '--expect'],
    [['--user', ''], '--user "" is no id'],
    [['--group', 'x'.repeat(256)], 'is no id'],
    [['--session', ''], '--session "" is no id'],
    [['--node', 'a', '--node', 'b'], '--node takes one id'],
    [['somebody'], 'no command "who somebody"'],
  ])('bad input %j: 2', async (args, text) => {
    const {stderr, exit} = await mesh.run('who', ...args)
    expect(stderr).toContain(text)
    expect(exit).toBe(2)
  })

  test('pages through many users and says when it cut', async () => {
    const cut = await who('--limit', '2')
    expect(cut).toMatchObject({truncated: true, connections: 5, users: [{user: '7'}, {user: '42'}]})
  })

  test('nobody there: 5', async () => {
    const {stdout, exit} = await mesh.run('who', '--user', 'nobody')
    expect(stdout).toBe('no connection of user nobody; 3 nodes, all answered\n')
    expect(exit).toBe(5)
  })

  test('--node asks one node by its id or its address', async () => {
    for (const node of [ids[2], nodes[2].ready.nodeUrl]) {
      const answer = await who('--node', node)
      expect(answer.users.map(({user}) => user)).toEqual(['7', 'ann'])
    }
    const {stderr, exit} = await mesh.run('who', '--node', 'n-nobody')
    expect(stderr).toContain('No node of this pool is called n-nobody')
    expect(exit).toBe(3)
  })

  test('a node that hangs is named, the others are shown', async () => {
    nodes[1].cli.child.kill('SIGSTOP')
    try {
      const [answer, {stdout, stderr, exit}, nobody] = await Promise.all([
        who('--expect', '2'), mesh.run('who', '--expect', '3'), mesh.run('who', '--user', 'nobody'),
      ])
      expect(answer).toMatchObject({complete: false, connections: 4})
      expect(answer.nodes.find(({id}) => id === ids[1])).toMatchObject({
        state: 'unreachable', connections: null,
      })
      expect(stdout).toContain(`warning: incomplete: ${ids[1]} does not answer`)
      expect(stderr).toContain('2 nodes of 3 expected answer')
      expect(exit).toBe(3)
      expect(nobody.exit).toBe(3)
    } finally {
      nodes[1].cli.child.kill('SIGCONT')
    }
    await eventually(async () => (await who()).complete, {timeoutMs: 20_000})
  })

  test('the users of a dead node are gone at once, and that is the whole truth', async () => {
    await mesh.kill(nodes[0])
    const answer = await who('--user', '42')
    expect(answer.users).toMatchObject([{connections: 1, byNode: {[ids[1]]: 1}}])
    expect(answer.complete).toBe(true)
  })
})
