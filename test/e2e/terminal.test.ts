import {execFile} from 'node:child_process'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
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

type Failing = readonly [args: readonly string[], exit: number, text: string]

/** Side by side: each is a process. */
async function failing(cases: readonly Failing[]): Promise<void> {
  const results = await Promise.all(cases.map(([args]) => mesh.run(...args)))
  expect(results.map(({exit}) => exit)).toEqual(cases.map(([, exit]) => exit))
  for (const [index, [, , text]] of cases.entries()) expect(results[index]?.stderr).toContain(text)
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

  test('what cannot be done says so', async () => {
    await failing([
      [['ping', 'n-0'], 3, 'No node of this pool is called n-0'],
      [['ping', '--token-file', '/nowhere', '--url', 'ws://127.0.0.1:9'], 1, '--token-file: cannot read'],
      [['ping', '--user', '1', '--token-file', 'x'], 2, 'cannot also be provided'],
    ])
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

  test('what cannot be done says so', async () => {
    await failing([
      [['connect'], 4, 'does not let this client in: Give a token'],
      [['connect', 'ws://127.0.0.1:9'], 3, 'why: nothing listens there'],
      [['connect', '--user', '5', '-x', 'nope', '-x', '/nope', '--wait', '100ms'], 1, ''],
      [['connect', '--user', '5', '-x', '/raw nope', '--wait', '9s'], 2, 'Closed for good with 4502'],
    ])
  })
})

function inContexts(...args: string[]): Promise<CliResult> {
  return runCli(args, {env: {XDG_CONFIG_HOME: join(mesh.folder, 'config'), HOME: '/nowhere'}})
}

test('a context gives a mesh a name, and in production --yes is wanted', async () => {
  const context = await inContexts('context', 'add', 'prod', '--data-dir', mesh.folder, '--production')
  expect(context).toMatchObject({exit: 0, stderr: ''})
  const [nodes, kick, kicked] = await Promise.all([
    inContexts('pool', 'list', '--context', 'prod', '-o', 'name'),
    inContexts('kick', '--user', 'nobody', '--context', 'prod'),
    inContexts('kick', '--user', 'nobody', '--context', 'prod', '--yes'),
  ])
  expect(nodes).toMatchObject({exit: 0, stderr: ''})
  expect(nodes.stdout.trim().split('\n')).toHaveLength(2)
  expect(kick).toMatchObject({exit: 2, stdout: ''})
  expect(kick.stderr).toContain('This closes connections of users, and prod is production: give --yes')
  expect(kicked).toMatchObject({exit: 5})
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
    await failing([[['top', '--node', '127.0.0.1:9'], 3, 'is not in reach']])
  })
})

test('bash completes by the script of wsmesh completion', async () => {
  const bin = join(mesh.folder, 'bin')
  await mkdir(bin)
  const program = process.env['WSMESH_TEST_BIN'] ?? join(import.meta.dirname, '..', '..', 'bin', 'run.js')
  await writeFile(join(bin, 'wsmesh'), `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`, {mode: 0o755})
  const script = 'source <(wsmesh completion bash); COMP_WORDS=(wsmesh pool list --output ""); COMP_CWORD=4; '
    + '_wsmesh; echo "${COMPREPLY[@]}"'
  const env = {...process.env, PATH: `${bin}:${process.env['PATH']}`}
  const {stdout} = await promisify(execFile)('bash', ['-c', script], {env})
  expect(stdout).toBe('table name\n')
})
