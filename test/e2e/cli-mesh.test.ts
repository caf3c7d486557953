import {createServer, type Server} from 'node:net'
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {openPoolStore} from '../../src/lib/pool/open-pool-store.js'
import {nodeId} from '../../src/lib/util/brand.js'
import {type CliOptions, type CliResult, runCli, startCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import type {TestClient} from '../helpers/test-client.js'
import {startTestMesh, type TestMesh} from '../helpers/test-node.js'

const SECRET = 'a secret for tests only'

let mesh: TestMesh
let env: Record<string, string> = {}
let tabs: TestClient[] = []
let other: TestClient
let elsewhere = ''

beforeAll(async () => {
  mesh = await startTestMesh(3)
  env = {WSMESH_DATA_DIR: mesh.folder, WSMESH_SECRET: SECRET}
  const [a, b] = mesh.nodes
  if (!a || !b) throw new Error('no nodes')
  tabs = [
    await mesh.client(a, '42'),
    await mesh.client(a, '42', {groups: ['staff'], session: 's1'}),
    await mesh.client(b, '42', {language: 'en'}),
  ]
  other = await mesh.client(b, '7')
  elsewhere = await mkdtemp(join(tmpdir(), 'wsmesh-elsewhere-'))
})
afterAll(async () => {
  await mesh[Symbol.asyncDispose]()
  await rm(elsewhere, {recursive: true, force: true})
})

function cli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runCli(args, {cwd: mesh.folder, ...options, env: {...env, ...options.env}})
}

function json(result: CliResult): Record<string, unknown> {
  return JSON.parse(result.stdout) as Record<string, unknown>
}

describe('send', () => {
  test('reaches every tab of the user on every node, others not', async () => {
    const counts = tabs.map(({texts}) => texts.length)
    const before = other.texts.length
    const result = await cli(['send', 'hello', 'Hi', '--user', '42', '--json'])
    expect(json(result)).toEqual({
      id: expect.any(String),
      position: expect.stringMatching(/^[a-z0-9]+\.\d+\.\d+$/),
      connections: 3,
      nodes: 2,
      ms: expect.any(Number),
      byNode: {[mesh.nodes[0]?.id ?? '']: 2, [mesh.nodes[1]?.id ?? '']: 1},
    })
    expect(result).toMatchObject({exit: 0, stderr: ''})
    for (const [index, tab] of tabs.entries()) {
      await eventually(() => tab.texts.length > (counts[index] ?? 0))
      expect(tab.texts.at(-1)).toBe('{"action":"hello","details":["Hi"]}')
    }
    expect(other.texts.length).toBe(before)
  })

  test.each([
    [['--user', '42'], 3],
    [['--to-user', '42', '--user', '7'], 4],
    [['-u', '7'], 1],
    [['--group', 'staff'], 1],
    [['--session', 's1'], 1],
    [['--filter', 'language=en'], 1],
    [['--registered'], 4],
    [['--everyone'], 4],
  ])('%j reaches %i connections', async (target, count) => {
    const {stdout, exit} = await cli(['send', ...target, 'hello', 'Hi'])
    expect(stdout).toMatch(
      new RegExp(`^delivered to ${count} connections? on \\d nodes? in [\\d.]+ m?s\\n$`),
    )
    expect(exit).toBe(0)
  })

  test.each([
    [['1', 'two'], {}, ['1', 'two']],
    [['--json-details', '1', '{"a":[true]}'], {}, [1, {a: [true]}]],
    [['--details', '-'], {input: '[1, "ž"]'}, [1, 'ž']],
    [[], {}, []],
  ])('details %j arrive as meant', async (args, options, details) => {
    const count = other.texts.length
    await cli(['send', 'x', ...args, '--user', '7'], options)
    await eventually(() => other.texts.length > count)
    expect(JSON.parse(other.texts.at(-1) ?? '')).toEqual({action: 'x', details})
  })

  test('nobody there: 5, with --json too', async () => {
    const plain = await cli(['send', 'hello', '--user', 'nobody'])
    expect(plain.stdout).toMatch(/^delivered to nobody: no connection of user nobody/)
    expect(plain.exit).toBe(5)
    const asJson = await cli(['send', 'hello', '--user', 'nobody', '--json'])
    expect(json(asJson)).toMatchObject({connections: 0, nodes: 0, byNode: {}})
    expect(asJson.exit).toBe(5)
  })

  test('another secret: 4, with --json too', async () => {
    const options = {env: {WSMESH_SECRET: 'quite another secret'}}
    const plain = await cli(['send', 'hello', '--everyone'], options)
    expect(plain.stderr).toContain('[AUTH_REJECTED]')
    expect(plain.exit).toBe(4)
    const asJson = await cli(['pool', 'list', '--json'], options)
    expect(json(asJson)).toMatchObject({error: {code: 'AUTH_REJECTED', exit: 4}})
    expect(asJson.exit).toBe(4)
  })

  test('--node goes past the pool', async () => {
    const url = mesh.nodes[1]?.addresses.nodeUrl ?? ''
    const options = {env: {WSMESH_POOL: 'mysql://nobody@127.0.0.1:1/x', WSMESH_DATA_DIR: elsewhere}}
    const host = new URL(url).host
    for (const node of [url, host, `http://${host}`]) {
      const {exit} = await cli(['send', 'hello', '--user', '7', '--node', node], options)
      expect(exit).toBe(0)
    }
  })

  test('--stdin sends a stream in order and answers each line in order', async () => {
    const count = other.texts.length
    const lines = Array.from({length: 2000}, (_, index) =>
      JSON.stringify({action: 'n', details: [index], user: [7]}),
    )
    const result = await cli(['send', '--stdin', '--json'], {input: lines.join('\n')})
    const answers = result.stdout.trim().split('\n')
      .map((line) => JSON.parse(line) as {position: string})
    expect(answers).toHaveLength(2000)
    const seqs = answers.map(({position}) => Number(position.split('.')[2]))
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    await eventually(() => other.texts.length === count + 2000)
    const got = other.texts.slice(count)
      .map((text) => (JSON.parse(text) as {details: number[]}).details[0])
    expect(got).toEqual(lines.map((_, index) => index))
    expect(result.exit).toBe(0)
  })

  test('--stdin ends with the worst of its lines', async () => {
    const input = '{"action":"a","user":7}\nrubbish\n{"action":"a","user":"nobody"}\n'
    const asJson = await cli(['send', '--stdin', '--json'], {input})
    const lines = asJson.stdout.trim().split('\n').map((line) => JSON.parse(line) as object)
    expect(lines).toEqual([
      expect.objectContaining({connections: 1}),
      {
        error: {
          code: 'INPUT_INVALID', message: 'Line 2 is not JSON', exit: 2,
          why: expect.stringContaining('JSON'), hint: 'wsmesh errors lookup INPUT_INVALID',
        },
        line: 2,
      },
      expect.objectContaining({connections: 0}),
    ])
    expect(asJson.exit).toBe(2)
    const plain = await cli(['send', '--stdin'], {input})
    expect(plain.stdout).toMatch(
      /^sent 3 messages in .*, delivered to 1 connection, 1 to nobody, 1 failed\n$/,
    )
    expect(plain.stderr).toContain('Line 2 is not JSON')
    expect(plain.exit).toBe(2)
  })
})

describe('pool list', () => {
  test('--json has every field of every node', async () => {
    const result = await cli(['pool', 'list', '--json'])
    const pool = json(result) as {master: string; term: number; nodes: Record<string, unknown>[]}
    expect(pool.nodes.map(({role}) => role)).toEqual(['master', 'follower', 'follower'])
    expect(pool.master).toBe(mesh.nodes[0]?.id)
    expect(pool.term).toBeGreaterThan(0)
    expect(pool.nodes[0]).toMatchObject({
      id: mesh.nodes[0]?.id,
      state: 'up',
      nodeUrl: mesh.nodes[0]?.addresses.nodeUrl,
      clientUrl: mesh.nodes[0]?.addresses.clientUrl,
      clients: 2,
      users: 1,
    })
    for (const field of ['order', 'rttMs', 'uptimeS', 'rssBytes', 'pid']) {
      expect(pool.nodes[0]?.[field]).toEqual(expect.any(Number))
    }
  })

  test('wsmesh pool is the same', async () => {
    const {stdout, exit} = await cli(['pool'])
    expect(stdout.split('\n')[0]).toMatch(/^NODE +ROLE +STATE +ADDRESS/)
    expect(stdout).toMatch(/ master\* +up /)
    expect(stdout).toMatch(/^3 nodes, all up; 4 clients/m)
    expect(exit).toBe(0)
  })

  test('-o name prints addresses', async () => {
    const {stdout} = await cli(['pool', 'list', '-o', 'name'])
    expect(stdout.trim().split('\n')).toEqual(mesh.nodes.map(({addresses}) => addresses.nodeUrl))
  })

  test('--expect', async () => {
    expect(await cli(['pool', 'list', '--expect', '3'])).toMatchObject({exit: 0})
    const missing = await cli(['pool', 'list', '--expect', '4', '--json'])
    expect(json(missing)).toMatchObject({nodes: [{}, {}, {}]})
    expect(missing.stderr).toContain('3 nodes of 4 expected answer')
    expect(missing.exit).toBe(3)
  })

  test('--watch --json is NDJSON', async () => {
    const args = ['pool', 'list', '--watch', '--interval', '100ms', '--json']
    await using watch = startCli(args, {env, cwd: mesh.folder})
    await eventually(() => watch.stdout().split('\n').length > 3)
    for (const line of watch.stdout().split('\n').slice(0, 3)) {
      expect(JSON.parse(line)).toMatchObject({master: mesh.nodes[0]?.id})
    }
    watch.child.kill('SIGINT')
    expect(await watch.exit).toBe(130)
  })
})

describe('rows of nodes that are gone, and of one that hangs', () => {
  let hung: Server
  let store: Awaited<ReturnType<typeof openPoolStore>>
  let beating: NodeJS.Timeout

  beforeAll(async () => {
    hung = createServer(() => undefined).listen(0, '127.0.0.1')
    await once(hung, 'listening')
    const address = hung.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    store = await openPoolStore({url: 'sqlite:', dataDir: mesh.folder})
    const info = {clientUrl: '', version: '0', pid: 1}
    await store.join({...info, id: nodeId('gone'), url: 'ws://127.0.0.1:9/mesh'})
    await store.join({...info, id: nodeId('hangs'), url: `ws://127.0.0.1:${address.port}/mesh`})
    // Another node answers where this one was.
    await store.join({...info, id: nodeId('moved'), url: mesh.nodes[1]?.addresses.nodeUrl ?? ''})
    // The master removes rows of the dead that beat no more: these are to stay until they are pruned.
    beating = setInterval(() => {
      for (const id of ['gone', 'hangs', 'moved']) void store.heartbeat(nodeId(id))
    }, 300)
  })
  afterAll(async () => {
    clearInterval(beating)
    for (const id of ['gone', 'hangs', 'moved']) await store.remove(nodeId(id))
    await store.close()
    hung.close()
  })

  test('send goes around them', async () => {
    expect(await cli(['send', 'hello', '--user', '7'])).toMatchObject({exit: 0})
  })

  test('pool list says what each is, and why', async () => {
    const result = await cli(['pool', 'list', '--json'])
    const {nodes, warnings} = json(result) as {nodes: Record<string, unknown>[]; warnings: string[]}
    expect(nodes.slice(3).map(({id, state, role}) => [id, state, role])).toEqual([
      ['gone', 'stale', 'unknown'],
      ['hangs', 'unreachable', 'unknown'],
      ['moved', 'stale', 'unknown'],
    ])
    expect(warnings.join('\n')).toMatch(/gone.*refused[^]*hangs.*no answer[^]*moved.*answers there/)
    expect(result.exit).toBe(0)
  })

  test('pool prune removes them, when told to', async () => {
    const removed = ['gone', 'hangs', 'moved']
    const dry = await cli(['pool', 'prune', '--dry-run', '--json'])
    expect(json(dry)).toMatchObject({removed, dryRun: true})
    expect(await store.list()).toHaveLength(6)
    const real = await cli(['pool', 'prune', '--yes'])
    expect(real.stdout).toContain('removed gone, hangs, moved. Next: wsmesh pool list')
    const left = await store.list()
    expect(left.map(({id}) => id)).toEqual(mesh.nodes.map(({id}) => id))
  })
})

describe('tail', () => {
  test('shows what is relayed, filtered, and ends by --count', async () => {
    const args = ['tail', '--json', '--count', '2', '--action', 'shop/*', '--user', '42']
    await using tail = startCli([...args, '--grep', 'yes'], {env, cwd: mesh.folder})
    await tail.says('tailing from')
    for (const [action, detail, user] of [
      ['shop/a', 'yes', '7'], ['other', 'yes', '42'], ['shop/a', 'no', '42'],
      ['shop/a', 'yes 1', '42'], ['shop/b', 'yes 2', '42'],
    ] as const) {
      await cli(['send', action, detail, '--user', user])
    }
    expect(await tail.exit).toBe(0)
    const lines = tail.stdout().trim().split('\n').map((line) => JSON.parse(line) as object)
    expect(lines).toMatchObject([
      {action: 'shop/a', details: ['yes 1'], target: {user: ['42']}},
      {action: 'shop/b', details: ['yes 2'], target: {user: ['42']}},
    ])
    expect(Object.keys(lines[0] ?? {})).toEqual([
      'at', 'position', 'id', 'origin', 'target', 'action', 'details',
    ])
  })

  test('a reader that goes away ends it quietly with 0', async () => {
    await using tail = startCli(['tail'], {env, cwd: mesh.folder})
    await tail.says('tailing from')
    tail.child.stdout?.destroy()
    const sender = cli(['send', '--stdin'], {
      input: Array.from({length: 50}, () => '{"action":"a","everyone":true}\n').join(''),
    })
    expect(await tail.exit).toBe(0)
    expect(tail.stderr()).not.toMatch(/Error|EPIPE/)
    await sender
  })
})
