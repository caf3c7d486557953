import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {runCli, startCli, type CliResult} from '../helpers/cli.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'

/** What operators do in a terminal, on one mesh of two nodes. */
let mesh: ServeMesh
let nodes: readonly [ServeProcess, ServeProcess]

beforeAll(async () => {
  mesh = await ServeMesh.open()
  const actions = ['--actions', 'examples/actions/hello.mjs']
  nodes = [await mesh.start(...actions), await mesh.start(...actions)]
})
afterAll(() => mesh[Symbol.asyncDispose]())

function linesOf({stdout}: CliResult): readonly Record<string, unknown>[] {
  return stdout.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('ping', () => {
  test('asks all nodes, and the way of a client', async () => {
    const {ready} = nodes[1]
    const result = await mesh.run('ping', '--all', '--url', ready.clientUrl, '-c', '2', '-i', '10ms', '--json')
    expect(result).toMatchObject({exit: 0, stderr: ''})
    const lines = linesOf(result)
    const targets = [nodes[0].ready.node, ready.node, ready.clientUrl]
    for (const target of targets) {
      expect(lines.filter((line) => line['target'] === target).map(({type}) => type))
        .toEqual(['connected', 'reply', 'reply'])
    }
    expect(lines.at(-1)).toMatchObject({type: 'summary', sent: 6, answered: 6, lost: 0})
    expect(lines.find(({type, target}) => type === 'connected' && target === ready.clientUrl))
      .toMatchObject({node: ready.node})
  })

  test('a node that is not there is lost: 3', async () => {
    const {stdout, exit} = await mesh.run('ping', '--node', '127.0.0.1:9', '-c', '2', '-i', '10ms')
    expect(stdout).toMatch(/ {2}seq=2 {2}lost: nothing listens there/)
    expect(stdout).toContain('2 lost (100 %)')
    expect(exit).toBe(3)
  })

  test('who is refused is told so: 4', async () => {
    const token = join(mesh.folder, 'token')
    await writeFile(token, 'a.b.c')
    const {stderr, exit} = await mesh.run(
      'ping', '--url', nodes[0].ready.clientUrl, '--token-file', token, '-c', '1')
    expect(stderr).toContain('lets nobody in with this proof')
    expect(stderr).not.toContain('a.b.c')
    expect(exit).toBe(4)
  })

  test.each([
    [['n-0'], 3, 'No node of this pool is called n-0'],
    [['-c', '0'], 2, '--count'],
    [['-i', '1ms'], 2, '--interval 1ms is out of range'],
    [['--url', 'ftp://x'], 2, 'No URL for clients'],
    [['--token-file', '/nowhere', '--url', 'ws://127.0.0.1:9'], 1, '--token-file: cannot read'],
    [['--user', '1', '--token-file', 'x'], 2, 'cannot also be provided'],
  ])('bad input %j: %i', async (args, status, text) => {
    const {stderr, exit} = await mesh.run('ping', ...args)
    expect(stderr).toContain(text)
    expect(exit).toBe(status)
  })
})

describe('connect', () => {
  test('a script is answered, and says what it is shown', async () => {
    const script = 'hello "Hi" 42\n# a remark\n/ping\n{"action":"hello","details":"raw"}\n'
    const result = await mesh.stdin(script, 'connect', '--user', '5', '--json', '--wait', '300ms')
    expect(result).toMatchObject({exit: 0, stderr: ''})
    const lines = linesOf(result)
    const hellos = lines.filter(({type, action}) => type === 'received' && action === 'hello')
    expect(hellos.map(({details}) => details)).toEqual([['Hi', 42], ['raw']])
    expect(hellos[0]).toMatchObject({position: expect.stringMatching(/^\w+\.1\.\d+$/) as string})
    expect(lines.map(({type}) => type)).toEqual(expect.arrayContaining(['connected', 'sent', 'pong']))
  })

  test('comes back to another node, misses nothing, and ends when it is kicked: 4', async () => {
    await using cli = startCli(['connect', '--user', '6'], {env: mesh.env})
    await cli.says('connected to node')
    cli.child.stdin?.write('/reconnect\n')
    await cli.says(/! closed with 1000 .*\n[^]*connected again to node .*; what was missed follows/)
    await mesh.run('send', 'hello', 'there', '--user', '6', '--id', 'order-7')
    await cli.says(/< hello "there" {2}at \w+\.1\.\d+, id order-7/)
    await mesh.run('kick', '--user', '6')
    await cli.says('Error: Closed for good with 4501 kicked')
    expect(await cli.exit).toBe(4)
  })

  test.each([
    ['nothing proved', [], 4, 'does not let this client in: Give a token'],
    ['nobody there', ['ws://127.0.0.1:9'], 3, 'why: nothing listens there'],
    ['no URL', ['ftp://x'], 2, 'No URL for clients'],
    ['an answer that is an error', ['--user', '5', '-x', 'nope', '--wait', '200ms'], 1, ''],
    ['a wrong line', ['--user', '5', '-x', '/nope', '--wait', '0ms'], 1, ''],
    ['a frame that is none', ['--user', '5', '-x', '/raw nope', '--wait', '5s'], 2, 'Closed for good with 4502'],
  ])('%s: %j ends with %i', async (_what, args, status, text) => {
    const {stderr, exit} = await mesh.run('connect', ...args)
    expect(stderr).toContain(text)
    expect(exit).toBe(status)
  })
})

function inContexts(...args: string[]): Promise<CliResult> {
  return runCli(args, {env: {XDG_CONFIG_HOME: join(mesh.folder, 'config'), HOME: '/nowhere'}})
}

describe('contexts', () => {
  test('give a mesh a name, and production is asked for', async () => {
    const added = await inContexts('context', 'add', 'prod', '--data-dir', mesh.folder, '--production')
    expect(added).toMatchObject({exit: 0, stderr: ''})
    const nodes = await inContexts('pool', 'list', '--context', 'prod', '-o', 'name')
    expect(nodes).toMatchObject({exit: 0, stderr: ''})
    expect(nodes.stdout.trim().split('\n')).toHaveLength(2)

    await inContexts('context', 'use', 'prod')
    const kick = await inContexts('kick', '--user', 'nobody')
    expect(kick).toMatchObject({exit: 2, stdout: ''})
    expect(kick.stderr).toContain('This closes connections of users, and prod is production: give --yes')
    expect(await inContexts('kick', '--user', 'nobody', '--yes')).toMatchObject({exit: 5})

    const list = JSON.parse((await inContexts('context', 'list', '--json')).stdout) as unknown
    expect(list).toMatchObject({
      current: 'prod', contexts: [{name: 'prod', production: true, settings: {'data-dir': mesh.folder}}],
    })
    expect(await inContexts('context', 'remove', 'prod')).toMatchObject({exit: 0})
  })

  test.each([
    [['context', 'add', 'x'], 'A context has to say which mesh it is'],
    [['context', 'add', 'a b', '--node', 'x'], 'The name of a context'],
    [['context', 'add', 'x', '--pool', 'ftp://u:hunter2@h/d'], 'Cannot use the pool URL ftp://'],
    [['context', 'use', 'x'], 'There is no context "x"'],
    [['pool', 'list', '--context', 'x'], 'There is no context "x"'],
  ])('bad input %j: 2', async (args, text) => {
    const {stderr, exit} = await inContexts(...args)
    expect(stderr).toContain(text)
    expect(stderr).not.toContain('hunter2')
    expect(exit).toBe(2)
  })
})

describe('top', () => {
  test('is a snapshot where nobody looks, and a line each round as JSON', async () => {
    const text = await mesh.run('top', '--sort', 'clients')
    expect(text).toMatchObject({exit: 0, stderr: ''})
    expect(text.stdout).toMatch(/^2 nodes, all up; master \S+, term 1; 0 clients; in \d+\/s; out \d+\/s\n\nNODE /)
    expect(text.stdout).not.toContain('\u001B')
    const rounds = linesOf(await mesh.run('top', '--json', '-n', '2', '-i', '200ms'))
    expect(rounds).toHaveLength(2)
    expect(rounds[1]).toMatchObject({master: nodes[0].ready.node, nodes: [{slowConsumersNew: 0}, {role: 'follower'}]})
  })

  test.each([
    [['--sort', 'size'], 2, '--sort'],
    [['--interval', '1ms'], 2, '--interval 1ms is out of range'],
    [['--node', '127.0.0.1:9'], 3, 'is not in reach'],
  ])('bad input %j: %i', async (args, status, text) => {
    const {stderr, exit} = await mesh.run('top', ...args)
    expect(stderr).toContain(text)
    expect(exit).toBe(status)
  })
})
