/**
 * The holes of the origin that concern identity, tried from outside on a real node: each was open
 * in the module that wsmesh comes from.
 */
import {createHmac} from 'node:crypto'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {afterAll, afterEach, beforeAll, describe, expect, it} from 'vitest'
import {loadSecret} from '../../src/lib/auth/secret.js'
import {signToken} from '../../src/lib/auth/token.js'
import {eventually, within} from '../helpers/eventually.js'
import {ServeMesh, type ServeProcess} from '../helpers/serve-process.js'
import {connectTestClient, type TestClient} from '../helpers/test-client.js'

const HERE = 'https://shop.example.com'
const SESSION = 'a-session-that-is-a-secret-17'
const ACTIONS = `export default (mesh) => {
  mesh.on('Client/disconnection', ({user}) => mesh.send('gone', [user ?? null], {everyone: true}))
  mesh.on('sneak', async ({details, error}) => {
    try {
      await mesh.send(details[0], [{}], {user: 42})
    } catch {
      error(400, 'refused')
    }
  })
}`

let mesh: ServeMesh
let application: Server
/** `lastsS`: each answer puts the end off by so much. */
let sessions: Map<string, {user: number; groups?: string[]; lastsS?: number}>
/** By tokens, behind no proxy that it trusts. */
let plain: ServeProcess
/** By cookie, behind a proxy on loopback. */
let proxied: ServeProcess
const clients: TestClient[] = []

beforeAll(async () => {
  sessions = new Map([[SESSION, {user: 42}]])
  application = createServer((request, response) => {
    void text(request).then((body) => {
      const {session} = JSON.parse(body) as {session: string}
      const known = sessions.get(session)
      const {user, groups, lastsS} = known ?? {}
      const session_expire = lastsS === undefined ? undefined : inSeconds(lastsS)
      const answer = JSON.stringify({user, groups, session_expire})
      return response.writeHead(known ? 200 : 403).end(answer)
    })
  })
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  const {port} = application.address() as AddressInfo
  mesh = await ServeMesh.open()
  const actions = join(mesh.folder, 'actions.mjs')
  await writeFile(actions, ACTIONS)
  plain = await mesh.start('--log-level', 'debug', '--actions', actions)
  proxied = await mesh.start(
    '--log-level', 'debug', '--auth-url', `http://127.0.0.1:${port}/`, '--auth-cache', '0s',
    '--session-cookie', 'sid', '--origin', HERE, '--trust-proxy', '127.0.0.1',
  )
}, 60_000)

afterEach(() => {
  for (const client of clients.splice(0)) client.ws.terminate()
})

afterAll(async () => {
  await mesh[Symbol.asyncDispose]()
  application.closeAllConnections()
  await new Promise((resolve) => application.close(resolve))
})

async function open(
  node: ServeProcess,
  headers: Record<string, string> = {},
  path = '',
): Promise<TestClient> {
  const client = await connectTestClient(node.ready.clientUrl + path, [], headers)
  clients.push(client)
  return client
}

/** As nginx passes a browser on: from loopback, with the browser's address and cookies. */
function asBrowser(headers: Record<string, string> = {}): Record<string, string> {
  const from = {'x-forwarded-for': '203.0.113.9', origin: HERE}
  return {...from, cookie: `theme=dark; sid="${SESSION}"; a=b`, ...headers}
}

async function user42(): Promise<TestClient> {
  const tab = await open(proxied, asBrowser())
  tab.send({action: 'Client/authentication'})
  expect(await tab.next()).toMatchObject({details: ['ok', {user: '42'}]})
  return tab
}

/** A user with a token of the mesh, at the node without proxy. */
async function known(user: string): Promise<TestClient> {
  const secret = await loadSecret({env: {}, dataDir: mesh.folder})
  const token = await signToken({user, ttlMs: 600_000}, secret)
  const client = await open(plain)
  client.send({action: 'Client/authentication', details: [{token}]})
  expect(await client.next()).toMatchObject({details: ['ok', {user}]})
  return client
}

/** A part of a JWT. */
function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Connections of this address that a message reaches. */
async function reached(address: string): Promise<number> {
  const {stdout} = await mesh.run('send', 'x', '--filter', `address=${address}`, '--json')
  return (JSON.parse(stdout) as {connections: number}).connections
}

async function ignored(): Promise<number> {
  return (await plain.stats()).counters['actionsIgnored'] ?? 0
}

function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds
}

/** Everything that was sent before has had its effect: this comes after it. */
async function hasOnly(tab: TestClient): Promise<void> {
  const before = tab.texts.length
  await mesh.run('send', 'marker', '--user', '42')
  await eventually(() => tab.texts.length > before, {what: 'the marker'})
  expect(tab.texts.slice(before).map((t) => (JSON.parse(t) as {action: string}).action)).toEqual([
    'marker',
  ])
}

describe('trust in whoever comes from this machine', () => {
  it.each<[string, unknown]>([
    ['the message of a page', ['Application/Internal', '["x", [], 1, false]']],
    ['the same with an empty key', ['Application/Internal:', '["x", [], 1, false]']],
    ['a server that registers', ['Server/connect:', {to_master: 'ws://a', from_slave: 'ws://b'}]],
    ['a server that closes', ['Server/close_by_user', 42, 0, false]],
    ['the same as an object', {action: 'Application/Internal', details: ['["x", [], 1, false]']}],
    ['an operator\'s request', {id: 1, op: 'publish', action: 'x', target: {everyone: true}}],
    ['an operator\'s kick', {id: 1, op: 'kick', target: {user: 42}}],
  ])('there is none: %s does nothing', async (_name, message) => {
    const tab = await user42()
    for (const headers of [{}, {'x-forwarded-for': '127.0.0.1'}]) {
      const stranger = await open(plain, headers)
      const before = await ignored()
      stranger.send(message)
      // In the form of 2015 a stranger is not even answered.
      await eventually(async () => stranger.texts.length > 0 || stranger.ws.readyState > 1
        || (await ignored()) > before, {what: 'a refusal'})
    }
    await hasOnly(tab)
    expect(tab.ws.readyState).toBe(1)
  })

  it('numbers are for the machine itself, not for who comes through its proxy', async () => {
    const url = `${plain.ready.httpUrl}/stats`
    expect((await fetch(url, {headers: {'x-forwarded-for': '203.0.113.9'}})).status).toBe(403)
  })
})

describe('an empty secret', () => {
  it.each(['', ' ', 'secret', 'null', 'undefined'])('signs no token: %j', async (key) => {
    const claims = {sub: '42', exp: Math.floor(Date.now() / 1000) + 600}
    const signed = `${part({alg: 'HS256', typ: 'JWT'})}.${part(claims)}`
    const mac = createHmac('sha256', key).update(signed).digest('base64url')
    const client = await open(plain)
    client.send({action: 'Client/authentication', details: [{token: `${signed}.${mac}`}]})
    expect(await client.next()).toMatchObject({details: [403, expect.any(String)]})
    expect((await within(client.closed, 'the close')).code).toBe(4500)
  })

  it('is none that an operator could have', async () => {
    const {exit} = await mesh.run('send', 'x', '--everyone', '--secret-file', '/dev/null')
    expect(exit).not.toBe(0)
  })
})

describe('the origin of a page', () => {
  it.each([
    ['a foreign one', {origin: 'https://evil.example'}],
    ['one that looks alike', {origin: 'https://shop.example.com.evil.example'}],
    ['the same by http', {origin: 'http://shop.example.com'}],
    ['a hidden one', {origin: 'null'}],
    ['an empty one', {origin: ''}],
  ])('that is %s gets 403, whatever its cookie', async (_name, headers) => {
    await expect(open(proxied, asBrowser(headers))).rejects.toThrow('403')
  })

  it('that is missing gets 403 where a cookie is the proof', async () => {
    const {origin: _origin, ...headers} = asBrowser()
    await expect(open(proxied, headers)).rejects.toThrow('403')
  })

  it('is counted when it is refused, and named in the log', async () => {
    const before = (await proxied.stats()).counters['clientsRefusedOrigin'] ?? 0
    await open(proxied, asBrowser({origin: 'https://counted.example'})).catch(() => {})
    expect((await proxied.stats()).counters['clientsRefusedOrigin']).toBe(before + 1)
    await proxied.cli.says('https://counted.example')
  })

  it('may be missing where the proof is in the first message', async () => {
    const tab = await known('42')
    expect(tab.ws.readyState).toBe(1)
  })

  it.each(['https://evil.example', HERE])('never opens the door of nodes: %s', async (origin) => {
    const url = plain.ready.nodeUrl
    await expect(connectTestClient(url, ['wsmesh.operator.v1'], {origin})).rejects.toThrow('403')
  })
})

describe('X-Forwarded-For', () => {
  it('of who is no trusted proxy says nothing', async () => {
    const token = (await mesh.run('token', '--user', '42')).stdout.trim()
    const client = await open(plain, {'x-forwarded-for': '198.51.100.7', forwarded: 'for=1.1.1.1'})
    client.send({action: 'Client/authentication', details: [{token}]})
    await client.next()
    expect(await reached('198.51.100.7')).toBe(0)
    expect(await reached('127.0.0.1')).toBe(1)
  })

  it('of a trusted proxy counts, but not what the client wrote before it', async () => {
    const headers = asBrowser({
      'x-forwarded-for': '198.51.100.66, 198.51.100.7', 'client-ip': '198.51.100.66',
      'x-real-ip': '198.51.100.66', 'forwarded-for': '198.51.100.66',
    })
    const client = await open(proxied, headers)
    client.send({action: 'Client/authentication'})
    await client.next()
    expect(await reached('198.51.100.66')).toBe(0)
    expect(await reached('198.51.100.7')).toBe(1)
  })
})

describe('an event or order of the node', () => {
  it.each(['Client/disconnection', 'Client/kick', 'Client/refresh', 'Client/position', 'Client/x'])(
    'cannot be sent by a client: %s',
    async (action) => {
      const tab = await user42()
      const rogue = await known('7')
      rogue.send({action, details: [{user: '42'}]})
      expect(await rogue.next()).toMatchObject({
        action: `${action}:error`, details: [403, expect.any(String)],
      })
      await hasOnly(tab)
      expect(tab.ws.readyState).toBe(1)
    },
  )

  it.each(['Client/kick', 'Client/disconnection'])(
    'cannot be sent by an operator or a handler: %s',
    async (action) => {
      const tab = await user42()
      const {exit, stderr} = await mesh.run('send', action, '--user', '42')
      expect([exit, stderr]).toEqual([2, expect.stringContaining('cannot be sent')])
      const rogue = await known('7')
      rogue.send({action: 'sneak', details: [action]})
      expect(await rogue.next()).toMatchObject({action: 'sneak:error', details: [400, 'refused']})
      await hasOnly(tab)
      expect(tab.ws.readyState).toBe(1)
    },
  )

  it('comes once, when it is true', async () => {
    const watching = await known('1')
    const leaving = await known('9')
    leaving.send({action: 'Client/disconnection', details: ['9']})
    await leaving.next()
    // Tabs of the tests before this one may still be going.
    const gone = () => watching.texts.filter((text) => text.includes('"gone","details":["9"]'))
    expect(gone()).toEqual([])
    leaving.ws.terminate()
    await eventually(() => gone().length > 0)
    watching.send({action: 'Client/position'})
    await eventually(() => watching.texts.at(-1)?.includes('Client/position') === true)
    expect(gone()).toHaveLength(1)
  })
})

describe('a session is as it is now', () => {
  it('one that was put off keeps its tab, one that has ended loses it', async () => {
    sessions.set('brief', {user: 5, lastsS: 3})
    const headers = asBrowser({cookie: 'sid=brief'})
    const tab = await open(proxied, headers)
    tab.send({action: 'Client/authentication'})
    await tab.next()
    const reread = (await proxied.stats()).counters['identitiesReread'] ?? 0
    await eventually(
      async () => ((await proxied.stats()).counters['identitiesReread'] ?? 0) > reread,
      {what: 'the session to be read again', timeoutMs: 10_000},
    )
    expect(tab.ws.readyState).toBe(1)
    sessions.delete('brief')
    expect(await within(tab.closed, 'the end', 15_000)).toEqual({
      code: 4006, reason: 'session-expired',
    })
  })

  it('messages to a group reach who is in it now', async () => {
    const tab = await user42()
    expect((await mesh.run('send', 'x', '--group', 'staff')).exit).toBe(5)
    sessions.set(SESSION, {user: 42, groups: ['staff']})
    expect((await mesh.run('refresh', '--user', '42')).exit).toBe(0)
    await eventually(async () => (await mesh.run('send', 'x', '--group', 'staff')).exit === 0, {
      what: 'the group to be known', timeoutMs: 15_000,
    })
    expect(await tab.next()).toMatchObject({action: 'x'})
  })
})

it('no log line and no frame has had a secret', async () => {
  const secret = await readFile(join(mesh.folder, 'secret'), 'utf8')
  const token = (await mesh.run('token', '--user', '42')).stdout.trim()
  const client = await open(plain)
  client.send({action: 'Client/authentication', details: [{token}]})
  await client.next()
  const wrong = await open(plain)
  wrong.send({action: 'Client/authentication', details: [{token: `${token}x`}]})
  await within(wrong.closed, 'the close')
  await mesh.run('kick', '--session', SESSION)
  const said = [plain, proxied].map(({cli}) => cli.stderr() + cli.stdout()).join('')
  const frames = clients.flatMap(({texts}) => texts).join('')
  for (const each of [secret.trim(), token, SESSION]) {
    expect(said).not.toContain(each)
    expect(frames).not.toContain(each)
  }
})
