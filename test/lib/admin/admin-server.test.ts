import {request as httpRequest} from 'node:http'
import {WebSocket} from 'ws'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'

import {startAdminServer, type AdminServer} from '../../../src/lib/admin/admin-server.js'
import {Door} from '../../../src/lib/admin/door.js'
import {Visitors} from '../../../src/lib/admin/visitors.js'
import {within} from '../../helpers/eventually.js'

const lines: string[] = []
let server: AdminServer
let port: number

beforeAll(async () => {
  server = await startAdminServer({
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    publicUrl: 'https://admin.example',
    isReadOnly: false,
    files: new Map([['/', {type: 'text/html; charset=utf-8', body: Buffer.from('the page')}]]),
    now: () => Date.now(),
    onPage: (socket, visitor) => {
      socket.send(visitor.role)
      return {onMessage() {}, onClose() {}}
    },
    report: (run) => (run === 7 ? Buffer.from('<script>alert(1)</script>') : undefined),
    notice: (line) => lines.push(line),
  })
  port = server.port
})

afterAll(() => server.close())

interface Asked {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** As `fetch` could not: with any Host. */
function ask(
  path: string,
  options: {method?: string; headers?: Record<string, string>; body?: string} = {},
): Promise<Asked> {
  const {method = 'GET', headers = {}, body} = options
  const host = `127.0.0.1:${port}`
  return new Promise((resolve, reject) => {
    const request = httpRequest({port, host: '127.0.0.1', path, method, headers: {host, ...headers}})
    request.once('error', reject)
    request.once('response', (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.once('end', () =>
        resolve({status: response.statusCode ?? 0, headers: response.headers, body: text}))
    })
    request.end(body)
  })
}

function own(): Record<string, string> {
  return {origin: `http://127.0.0.1:${port}`, 'content-type': 'application/json'}
}

function logIn(token: string | undefined, headers: Record<string, string> = own()): Promise<Asked> {
  return ask('/session', {method: 'POST', headers, body: JSON.stringify({token})})
}

async function cookieOf(token: string | undefined): Promise<string> {
  const [cookie = ''] = String((await logIn(token)).headers['set-cookie']).split(';')
  return cookie
}

/** The first message, or the status of the refusal. */
function openSocket(headers: Record<string, string>, path = '/live'): Promise<string | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {headers})
  const said = new Promise<string | number>((resolve) => {
    socket.once('message', (data: Buffer) => resolve(data.toString()))
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.once('error', () => {})
  })
  return within(said, 'an answer').finally(() => socket.terminate())
}

test('the page is given to anybody of this machine, and its policy lets nothing else in', async () => {
  const {status, headers, body} = await ask('/')
  expect([status, body]).toEqual([200, 'the page'])
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
  expect(headers['content-security-policy']).toBe("default-src 'none'; script-src 'self'; "
    + "style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    + "frame-ancestors 'none'")
  expect((await ask('/nothing')).status).toBe(404)
  expect((await ask('/', {method: 'PUT'})).status).toBe(405)
})

test('whoever comes by another name is refused: DNS rebinding', async () => {
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', '10.0.0.1:80']) {
    expect([host, (await ask('/', {headers: {host}})).status]).toEqual([host, 403])
  }
  for (const host of [`localhost:${port}`, `[::1]:${port}`, 'admin.example']) {
    expect([host, (await ask('/', {headers: {host}})).status]).toEqual([host, 200])
  }
})

test('pages of other origins can neither ask nor post', async () => {
  expect((await ask('/', {headers: {origin: 'http://evil.example'}})).status).toBe(403)
  const {operator} = server.visitors.tokens
  for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${port}`, '']) {
    expect((await logIn(operator, {...own(), origin})).status).toBe(403)
  }
  const other = {'sec-fetch-site': 'same-site'}
  expect((await ask('/session', {headers: other})).status).toBe(403)
  // A link from a wiki leads to the page.
  expect((await ask('/', {headers: {'sec-fetch-site': 'cross-site'}})).status).toBe(200)
})

test('a form of another page could not log in even with a token', async () => {
  const headers = {...own(), 'content-type': 'text/plain'}
  expect((await logIn(server.visitors.tokens.operator, headers)).status).toBe(415)
})

test('a token is exchanged for a cookie that no script can read', async () => {
  const {status, headers, body} = await logIn(server.visitors.tokens.operator)
  expect([status, JSON.parse(body)]).toEqual([200, {role: 'operator'}])
  expect(String(headers['set-cookie'])).toMatch(
    new RegExp(`^wsmesh-admin-${port}=[\\w-]{32}; HttpOnly; SameSite=Strict; Path=/$`))
  const cookie = await cookieOf(server.visitors.tokens.viewer)
  expect(JSON.parse((await ask('/session', {headers: {cookie}})).body)).toEqual({role: 'viewer'})
  expect(JSON.parse((await ask('/session')).body)).toEqual({role: null})
  // The admin's own secrets are in nothing that is written down.
  expect(lines.join('\n')).not.toContain(server.visitors.tokens.viewer)
})

test('behind a proxy with TLS the cookie is for TLS alone', async () => {
  const headers = {...own(), host: 'admin.example', origin: 'https://admin.example'}
  const {status, headers: answered} = await logIn(server.visitors.tokens.viewer, headers)
  expect([status, String(answered['set-cookie'])]).toEqual([200, expect.stringMatching(/; Secure$/)])
})

test.each(['', 'x', 'x'.repeat(5000), 'ünï', '{"a":1}'])('%j is no token', async (token) => {
  const {status, headers} = await logIn(token)
  expect(status).toBeGreaterThanOrEqual(400)
  expect(headers['set-cookie']).toBeUndefined()
})

test('the socket is for whoever is logged in, from this page', async () => {
  const {operator, viewer} = server.visitors.tokens
  const origin = `http://127.0.0.1:${port}`
  const cookie = await cookieOf(operator)
  expect(await openSocket({origin, cookie})).toBe('operator')
  expect(await openSocket({origin, cookie: await cookieOf(viewer)})).toBe('viewer')
  expect(await openSocket({origin})).toBe(401)
  expect(await openSocket({origin, cookie: `wsmesh-admin-${port}=${operator}`})).toBe(401)
  expect(await openSocket({cookie})).toBe(403)
  expect(await openSocket({origin: 'http://evil.example', cookie})).toBe(403)
  expect(await openSocket({origin, cookie}, '/other')).toBe(404)
})

test('a report is a file to keep, for who is logged in, and runs no script here', async () => {
  const cookie = await cookieOf(server.visitors.tokens.viewer)
  expect((await ask('/reports/7.html')).status).toBe(401)
  expect((await ask('/reports/8.html', {headers: {cookie}})).status).toBe(404)
  expect((await ask('/reports/7.html', {headers: {cookie}})).headers).toMatchObject({
    'content-disposition': 'attachment; filename="wsmesh-siege-7.html"',
    'content-security-policy': 'sandbox',
  })
})

describe('elsewhere than on loopback', () => {
  const options = {host: '0.0.0.0', port: 8890, isTls: true, publicUrl: undefined}
  const door = new Door(options)
  const refused = (host: string) => door.refusal({host}, '/', false) !== undefined

  test('an address is a name of this server, a name is not', () => {
    expect(refused('10.1.2.3:8890')).toBe(false)
    expect(refused('[fe80::1]:8890')).toBe(false)
    expect(refused('10.1.2.3:80')).toBe(true)
    expect(refused('999.1.2.3:8890')).toBe(true)
    expect(refused('evil.example:8890')).toBe(true)
    expect(refused('')).toBe(true)
  })

  test('the origin is https, and the cookie is for it alone', () => {
    const host = '10.1.2.3:8890'
    expect(door.refusal({host, origin: `https://${host}`}, '/live', true)).toBeUndefined()
    expect(door.refusal({host, origin: `http://${host}`}, '/live', true)).toBeDefined()
    expect(door.isSecure({host})).toBe(true)
  })

  test.each(['x', 'ftp://a', 'https://a/path', ''])('%j is no public address', (publicUrl) => {
    expect(() => new Door({...options, publicUrl})).toThrow('--public-url')
  })
})

describe('visitors', () => {
  test('who may only look has no link to act with', () => {
    const visitors = new Visitors({isReadOnly: true, port: 1, now: () => 0})
    expect(visitors.tokens.operator).toBeUndefined()
    expect(visitors.logIn(visitors.tokens.viewer, false)?.visitor.role).toBe('viewer')
  })

  test('a login ends after twelve hours, and the hundredth drives the first out', () => {
    let nowMs = 0
    const visitors = new Visitors({isReadOnly: false, port: 1, now: () => nowMs})
    const enter = () => visitors.logIn(visitors.tokens.viewer, false)?.setCookie.split(';')[0]
    const first = enter()
    expect(visitors.of(first)?.label).toBe('viewer 1')
    for (let n = 0; n < 100; n += 1) enter()
    expect(visitors.of(first)).toBeUndefined()
    const last = enter()
    nowMs = 12 * 3_600_000 - 1
    expect(visitors.of(last)).toBeDefined()
    nowMs += 2
    expect(visitors.of(last)).toBeUndefined()
  })
})
