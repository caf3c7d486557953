/**
 * Everything that goes over the network of a mesh in a short run, recorded byte by byte: links,
 * operators, viewers, clients that are let in or not. None of it has a secret, or a key made of one.
 */
import {connect, createServer, type AddressInfo, type Server} from 'node:net'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {afterEach, expect, test} from 'vitest'
import {deriveKey, viewerSecret} from '../../src/lib/auth/keys.js'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {runCli} from '../helpers/cli.js'
import {eventually} from '../helpers/eventually.js'
import {ServeMesh} from '../helpers/serve-process.js'
import {connectTestClient} from '../helpers/test-client.js'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A port that passes everything on to where `to` says, and keeps a copy. */
async function recorder(to: () => number, copy: Buffer[]): Promise<number> {
  const server = createServer((socket) => {
    const onward = connect(to(), '127.0.0.1')
    for (const [from, other] of [[socket, onward], [onward, socket]] as const) {
      from.on('data', (chunk) => {
        copy.push(chunk)
        other.write(chunk)
      })
      from.on('close', () => other.destroy()).on('error', () => undefined)
    }
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

test('strings over the bytes of a whole run find no secret', async () => {
  await using mesh = await ServeMesh.open()
  const copy: Buffer[] = []
  const ports = [0, 0]
  const doors = await Promise.all([0, 1].map((n) => recorder(() => ports[n] ?? 0, copy)))
  for (const n of [0, 1]) {
    const node = await mesh.start('--node-url', `ws://127.0.0.1:${doors[n]}`)
    ports[n] = Number(new URL(node.ready.httpUrl).port)
    // The first was master before anybody could dial it; the second waits for its own door.
  }
  const [first, second] = mesh.nodes
  if (first === undefined || second === undefined) throw new Error('Two nodes were started')
  await eventually(async () => (await second.stats()).links === 1, {what: 'the nodes to be linked'})
  const secret = await loadSecret({env: {}, dataDir: mesh.folder})
  const client = await connectTestClient(`ws://127.0.0.1:${doors[0]}/WebSockets`)
  const {stdout: token} = await mesh.run('token', '--user', '42')
  client.send({action: 'Client/authentication', details: [{token: token.trim()}]})
  await client.next()
  const wrong = await connectTestClient(`ws://127.0.0.1:${doors[0]}/WebSockets`)
  wrong.send({action: 'Client/authentication', details: [{token: 'a.b.c'}]})
  await wrong.closed
  expect((await mesh.run('send', 'hello', 'Hi', '--user', '42')).exit).toBe(0)
  const {stdout} = await mesh.run('secret', 'viewer')
  const viewer = await runCli(['who'], {env: {...mesh.env, WSMESH_SECRET: stdout.trim()}})
  expect(viewer.exit, viewer.stderr).toBe(0)
  const other = {...mesh.env, WSMESH_SECRET: 'a secret of another mesh'}
  expect((await runCli(['send', 'hello', '--everyone'], {env: other})).exit).toBe(4)
  expect((await mesh.run('secret', 'rotate')).exit).toBe(0)
  await client.close()

  const seen = Buffer.concat(copy)
  // The run was recorded at all, from the handshakes on.
  expect(seen.includes('"challenge"')).toBe(true)
  expect(seen.includes('"proved"')).toBe(true)
  const file = await readFile(join(mesh.folder, 'secret'), 'utf8')
  const purposes = ['link', 'token', 'viewer', 'viewer-link', 'webhook'] as const
  const keys = purposes.map((purpose) => Buffer.from(deriveKey(secret, purpose)))
  const texts = [
    ...file.split('\n').filter(Boolean).map((line) => line.replace(/^next:/, '')),
    viewerSecret(secret),
    'a secret of another mesh',
    ...keys.flatMap((key) => [key.toString('hex'), key.toString('base64'), key.toString('base64url')]),
  ]
  for (const text of texts) {
    expect(seen.includes(text), text.slice(0, 4)).toBe(false)
    expect(seen.includes(Buffer.from(text).toString('base64').replace(/=+$/, ''))).toBe(false)
  }
  for (const key of keys) expect(seen.includes(key)).toBe(false)
  for (const {cli} of mesh.nodes) {
    for (const text of texts) expect(cli.stderr().includes(text)).toBe(false)
  }
}, 180_000)
