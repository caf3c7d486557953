/** `wsmesh serve` as a process: its start, its refusals, its end. */
import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, it} from 'vitest'
import {eventually, within} from '../helpers/eventually.js'
import {startCli} from '../helpers/cli.js'
import {ServeMesh} from '../helpers/serve-process.js'

describe('a node that starts', () => {
  it('says one line when it is ready, and logs NDJSON on stderr', async () => {
    await using mesh = await ServeMesh.open()
    const node = await mesh.start()
    expect(Object.keys(node.ready)).toEqual([
      'type', 'node', 'role', 'term', 'clientUrl', 'nodeUrl', 'httpUrl', 'apiUrl', 'pool', 'pid',
    ])
    expect(node.ready).toMatchObject({type: 'ready', role: 'master', pid: node.cli.child.pid})
    expect(node.ready.pool).toBe(`sqlite:${join(mesh.folder, 'pool.db')}`)
    const health = await fetch(`${node.ready.httpUrl}/healthz`)
    expect([health.status, await health.json()]).toEqual([200, {status: 'ok', role: 'master'}])
    expect(node.cli.stdout().split('\n')).toHaveLength(2)
    for (const line of node.cli.stderr().trim().split('\n')) {
      expect(JSON.parse(line)).toMatchObject({at: expect.any(String), text: expect.any(String)})
    }
  })

  it.each([
    [['--port', '70000'], 2, '70000'],
    [['--port', 'http'], 2, 'http'],
    [['--node-url', 'http://10.0.0.5'], 2, '--node-url ws://10.0.0.5:8080'],
    [['--public-url', 'example.com'], 2, '--public-url wss://'],
    [['--path', '/mesh'], 2, '/mesh'],
    [['--path', 'no path'], 2, '--path /WebSockets'],
    [['--guests', 'some'], 2, 'allow, deny'],
    [['--log-level', 'loud'], 2, 'debug, info, warn, error'],
    [['--handler-timeout', '5 apples'], 2, 'Error: --handler-timeout is no duration'],
    [['--handler-timeout', '5 apples'], 2, 'try: --handler-timeout 5s'],
    [['--host', ''], 2, '--host 127.0.0.1'],
    [['--pool', 'redis://x'], 2, 'sqlite:'],
    [['--host', '203.0.113.1'], 1, '--host 127.0.0.1'],
    [['--actions', 'no-such-file.mjs'], 1, 'no-such-file.mjs'],
    [['--secret-file', 'no-such-file'], 1, 'no-such-file'],
  ])('refuses %j with status %i', async (args, exit, hint) => {
    await using mesh = await ServeMesh.open()
    const port = args.includes('--port') ? [] : ['--port', '0']
    const result = await mesh.run('serve', ...port, ...args)
    expect(result.exit).toBe(exit)
    expect(result.stdout).toBe('')
    expect(result.stderr).toContain(hint)
  })

  it('names who holds its port, and what to type', async () => {
    await using mesh = await ServeMesh.open()
    const {ready} = await mesh.start()
    const result = await mesh.run('serve', '--port', new URL(ready.httpUrl).port, '--json')
    expect(result.exit).toBe(1)
    expect(result.stderr).toContain(`process ${ready.pid}:`)
    expect(JSON.parse(result.stdout)).toMatchObject({
      error: {code: 'ADDRESS_IN_USE', hint: 'Take any free port: --port 0'},
    })
  })

  it('shows no flags of who holds its port: they may have a password', async () => {
    await using mesh = await ServeMesh.open()
    const {ready} = await mesh.start('--pool-prefix', 'pa55word_')
    const result = await mesh.run('serve', '--port', new URL(ready.httpUrl).port)
    expect(result.stderr).toMatch(/run\.js serve \[ADDRESS_IN_USE\]/)
    expect(result.stderr).not.toContain('pa55word')
  })

  it('says that the other node has another secret, once', async () => {
    await using mesh = await ServeMesh.open()
    await mesh.start()
    const env = {...mesh.env, WSMESH_SECRET: 'the secret of another mesh'}
    await using stranger = startCli(['serve', '--port', '0', '--json'], {env})
    await eventually(() => stranger.stderr().includes('Not linked yet'), {timeoutMs: 20_000})
    expect(stranger.stderr().split('it has another mesh secret')).toHaveLength(2)
    expect(stranger.stdout()).toBe('')
  })

  it('names a module whose exports are wrong', async () => {
    await using mesh = await ServeMesh.open()
    const path = join(mesh.folder, 'wrong.mjs')
    await writeFile(path, 'export const hello = 1')
    const result = await mesh.run('serve', '--port', '0', '--actions', path)
    expect(result.exit).toBe(1)
    expect(result.stderr).toContain(`${path}: it has exports named hello`)
    expect(result.stderr).toContain('export default (mesh) =>')
  })
})

describe('a node whose action modules let go of promises', () => {
  it('lives on and says what happened', async () => {
    await using mesh = await ServeMesh.open()
    const path = join(mesh.folder, 'loose.mjs')
    await writeFile(path, `export default (mesh) => {
      mesh.on('loose', () => { Promise.reject(new Error('let go')) })
      mesh.on('empty', () => { Promise.reject(null) })
      mesh.on('fine', ({reply}) => reply('here'))
    }`)
    const node = await mesh.start('--actions', path)
    const client = await mesh.connect(node, '42')
    client.send({action: 'loose'})
    client.send({action: 'empty'})
    await eventually(() => node.cli.stderr().split('left a rejected promise').length === 3)
    expect(node.cli.stderr()).toContain('let go')
    client.send({action: 'fine'})
    await eventually(() => client.texts.length === 1)
    expect(client.texts).toEqual(['{"action":"fine","details":["here"]}'])
  })
})

describe('a node that is stopped', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('by %s drains and ends with 0', async (signal) => {
    await using mesh = await ServeMesh.open()
    const first = await mesh.start()
    const second = await mesh.start()
    const client = await mesh.connect(first, '42')
    first.cli.child.kill(signal)
    expect(await within(client.closed, 'close')).toEqual({
      code: 4000, reason: 'drain: within 500 ms',
    })
    expect(await within(first.cli.exit, 'the end of the first')).toBe(0)
    await eventually(async () => (await second.stats()).role === 'master')
    const list = await mesh.poolList()
    expect(list.nodes.map(({id}) => id)).toEqual([second.ready.node])
  })

  it('by a second signal ends at once', async () => {
    await using mesh = await ServeMesh.open()
    const node = await mesh.start()
    // Each takes 20 ms of the drain: long enough for a second signal.
    const clients = await Promise.all(
      Array.from({length: 200}, (_, index) => mesh.connect(node, String(index))),
    )
    node.cli.child.kill('SIGTERM')
    await eventually(() => node.cli.stderr().includes('Draining'))
    node.cli.child.kill('SIGTERM')
    expect(await within(node.cli.exit, 'the end')).toBe(143)
    const codes = await Promise.all(clients.map(async ({closed}) => (await closed).code))
    expect(codes).toContain(1006)
  })
})

describe('a handler', () => {
  it('does what the article shows, on every tab of every node', async () => {
    await using mesh = await ServeMesh.open()
    const hello = join(import.meta.dirname, '../../examples/actions/hello.mjs')
    const first = await mesh.start('--actions', hello)
    const second = await mesh.start('--actions', hello)
    const tabs = [await mesh.connect(first, '42'), await mesh.connect(second, '42')]
    const other = await mesh.connect(first, '7')
    tabs[0]?.send({action: 'hello', details: 'Hello, world!'})
    for (const tab of tabs) {
      await eventually(() => tab.texts.length === 1)
      expect(tab.texts).toEqual(['{"action":"hello","details":["Hello, world!"]}'])
    }
    other.send({action: 'hello'})
    await eventually(() => other.texts.length === 1)
    expect(other.texts).toEqual(['{"action":"hello:error","details":[400,"No hello message:("]}'])
  })
})
