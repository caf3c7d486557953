import {request} from 'node:http'
import {connect, createServer} from 'node:net'
import type {AddressInfo, Socket} from 'node:net'
import {afterEach, beforeEach, describe, expect, onTestFinished, test} from 'vitest'

import {forwardUpgrade} from '../../../src/lib/demo/front-door.js'
import type {FleetNode} from '../../../src/lib/demo/node-fleet.js'
import type {Killing} from '../../../src/lib/demo/page-answers.js'
import {startPageServer} from '../../../src/lib/demo/page-server.js'
import type {PageServer, PageServerOptions} from '../../../src/lib/demo/page-server.js'
import {readPageFiles} from '../../../src/lib/demo/page-files.js'
import {withResolvers} from '../../../src/lib/operator/resolvers.js'
import {eventually} from '../../helpers/eventually.js'

let ready = withResolvers<void>()
let server: PageServer
/** Ids that were to be killed, and what became of that. */
let killed: string[]
let killing: Killing
let library: Buffer | undefined
let nodes: FleetNode[]
/** Those who watch, and whether they want numbers. */
let watchers: Map<(state: string) => void, boolean>
/** Sockets of clients: the server closes when they have ended. */
const opened: Socket[] = []

async function serverOptions(): Promise<PageServerOptions> {
  return {
    port: 0,
    files: await readPageFiles(),
    whenReady: ready.promise,
    describe: async () => ({nodes: []}),
    signToken: async (user, groups) => `token of ${user} ${groups.join('+')}`,
    kill: async (id) => {
      killed.push(id)
      return killing
    },
    library: async () => library,
    watch: (tell, withNumbers) => {
      watchers.set(tell, withNumbers)
      tell('{"term":1}')
      return () => watchers.delete(tell)
    },
    forward: (request, socket, head) => forwardUpgrade(request, socket, head, () => nodes),
  }
}

beforeEach(async () => {
  ready = withResolvers()
  killed = []
  killing = {type: 'killed', name: '1', pid: 7}
  library = Buffer.from('window.wsmesh = {}')
  nodes = []
  watchers = new Map()
  server = await startPageServer(await serverOptions())
})

afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy()
  await server.close()
})

interface Reply {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

/** As fetch, which does not let anybody lie about the host. */
function ask(
  method: string, path: string, headers: Record<string, string> = {}, body = '',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(`${server.url}${path}`, {method, headers}, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        resolve({status: response.statusCode ?? 0, body: text, headers: response.headers})
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const JSON_TYPE = {'content-type': 'application/json'}

test('answers wait until the mesh stands', async () => {
  let isAnswered = false
  const answer = ask('GET', '/').then((reply) => {
    isAnswered = true
    return reply
  })
  // A request that need not wait is answered on the way.
  expect((await ask('GET', '/', {host: 'evil.example'})).status).toBe(403)
  expect(isAnswered).toBe(false)
  ready.resolve()
  expect((await answer).status).toBe(200)
})

test('a mesh that never stands ends the answers', async () => {
  const answer = ask('GET', '/demo.json')
  answer.catch(() => {})
  ready.promise.catch(() => {})
  await server.close()
  await expect(answer).rejects.toThrow(/socket hang up|ECONNRESET|ECONNREFUSED/)
})

describe('once it stands', () => {
  beforeEach(() => ready.resolve())

  test('every file that the page names is there, under a strict policy', async () => {
    const page = await ask('GET', '/')
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'self'; connect-src 'self'/)
    const named = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '')
    const script = await ask('GET', '/page.js')
    const imported = [...script.body.matchAll(/from '\.(\/[^']+)'/g)].map(([, path]) => path ?? '')
    expect([...named, ...imported].length).toBeGreaterThan(5)
    const paths = new Set([...named, ...imported])
    // A set that grows while it is walked through: what modules import, too.
    for (const path of paths) {
      const file = await ask('GET', path)
      expect([path, file.status]).toEqual([path, 200])
      for (const [, next] of file.body.matchAll(/from '\.(\/[^']+)'/g)) paths.add(next ?? '')
    }
    expect(paths).toContain('/tally.js')
    // The policy would block these.
    expect(page.body).not.toMatch(/<script>|<style| style=| on\w+=/)
  })

  test.each([
    ['GET', '/nothing', {}, '', 404],
    ['GET', '/../package.json', {}, '', 404],
    ['PUT', '/', {}, '', 405],
    ['GET', '/token', {}, '', 405],
    ['GET', '/', {host: 'evil.example'}, '', 403],
    ['GET', '/demo.json', {origin: 'http://evil.example'}, '', 403],
    ['POST', '/token', {...JSON_TYPE, origin: 'http://evil.example'}, '{"user":"1"}', 403],
    ['POST', '/token', {...JSON_TYPE, host: 'evil.example'}, '{"user":"1"}', 403],
    ['POST', '/token', {'content-type': 'text/plain'}, '{"user":"1"}', 415],
    ['POST', '/token', JSON_TYPE, '{', 400],
    ['POST', '/token', JSON_TYPE, '[]', 400],
    ['POST', '/token', JSON_TYPE, '{}', 400],
    ['POST', '/token', JSON_TYPE, '{"user":{}}', 400],
    ['POST', '/token', JSON_TYPE, '{"user":"1","groups":"staff"}', 400],
    ['POST', '/token', JSON_TYPE, '{"user":"1","groups":[{}]}', 400],
    ['POST', '/token', JSON_TYPE, `{"user":"${'x'.repeat(5000)}"}`, 413],
    ['GET', '/kill', {}, '', 405],
    ['POST', '/kill', JSON_TYPE, '{"node":"n-1"}', 403],
    ['POST', '/kill', {...JSON_TYPE, origin: 'null'}, '{"node":"n-1"}', 403],
    ['POST', '/kill', {...JSON_TYPE, origin: 'http://evil.example'}, '{"node":"n-1"}', 403],
    ['POST', '/kill', {...JSON_TYPE, host: 'evil.example'}, '{"node":"n-1"}', 403],
    ['OPTIONS', '/kill', {}, '', 405],
    ['GET', '/events', {origin: 'http://evil.example'}, '', 403],
  ])('%s %s %o is refused', async (method, path, headers, body, status) => {
    expect((await ask(method, path, headers, body)).status).toBe(status)
  })

  test('a token for a user, a number or text, and groups', async () => {
    const number = await ask('POST', '/token', JSON_TYPE, '{"user":42}')
    expect(JSON.parse(number.body)).toEqual({token: 'token of 42 '})
    const text = await ask('POST', '/token', JSON_TYPE, '{"user":"ann","groups":["a","b"]}')
    expect(JSON.parse(text.body)).toEqual({token: 'token of ann a+b'})
  })

  test('the page may be called by either of its names', async () => {
    const {port} = new URL(server.url)
    expect((await ask('GET', '/demo.json', {host: `localhost:${port}`})).status).toBe(200)
    expect((await ask('GET', '/demo.json', {origin: server.url})).status).toBe(200)
  })
})

function kill(body: string, headers: Record<string, string> = {}): Promise<Reply> {
  return ask('POST', '/kill', {...JSON_TYPE, origin: server.url, ...headers}, body)
}

describe('the end of a node', () => {
  beforeEach(() => ready.resolve())

  test('for the page itself', async () => {
    const answer = await kill('{"node":"n-1"}')
    expect(JSON.parse(answer.body)).toEqual({killed: {node: 'n-1', name: '1', pid: 7}})
    expect(killed).toEqual(['n-1'])
  })

  test.each([
    ['another origin', '{"node":"n-1"}', {origin: 'http://evil.example'}, 403],
    ['the other name of the same page', '{"node":"n-1"}', {origin: 'http://localhost:1'}, 403],
    ['https of the same host', '{"node":"n-1"}', {origin: 'https://127.0.0.1:1'}, 403],
    ['what a form can send', '{"node":"n-1"}', {'content-type': 'text/plain'}, 415],
    ['no type', '{"node":"n-1"}', {'content-type': ''}, 415],
    ['no JSON', 'node=n-1', {}, 400],
    ['no node', '{}', {}, 400],
    ['a node that is no text', '{"node":["n-1"]}', {}, 400],
    ['too much', `{"node":"${'x'.repeat(5000)}"}`, {}, 413],
  ])('not for %s', async (_what, body, headers, status) => {
    expect((await kill(body, headers)).status).toBe(status)
    expect(killed).toEqual([])
  })

  test.each([
    [{type: 'unknown'}, 404, 'No process of this demo'],
    [{type: 'refused', why: 'Wait a moment'}, 409, 'Wait a moment'],
  ] as const)('when it cannot be: %o', async (outcome, status, words) => {
    killing = outcome
    const answer = await kill('{"node":"n-1"}')
    expect(answer.status).toBe(status)
    expect(answer.body).toContain(words)
  })
})

async function watch(path: string): Promise<{read(): Promise<string>; end(): Promise<void>}> {
  const response = await fetch(`${server.url}${path}`)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) throw new Error('No body')
  let all = ''
  return {
    async read() {
      const {value = ''} = await reader.read()
      return (all += value)
    },
    end: () => reader.cancel(),
  }
}

describe('the state as it changes', () => {
  beforeEach(() => ready.resolve())

  test('is told at once and later, with numbers, until the page goes', async () => {
    const page = await watch('/events')
    await eventually(async () => (await page.read()).includes('data: {"term":1}\n\n'))
    expect([...watchers.values()]).toEqual([true])
    for (const tell of watchers.keys()) tell('{"term":2}')
    await eventually(async () => (await page.read()).endsWith('data: {"term":2}\n\n'))
    await page.end()
    await eventually(() => watchers.size === 0)
  })

  test('without numbers, if the page does not want them', async () => {
    const page = await watch('/events?quiet')
    expect([...watchers.values()]).toEqual([false])
    await page.end()
  })
})

async function upgrade(path: string, headers: Record<string, string> = {}) {
  const {host, port} = new URL(server.url)
  const socket = connect(Number(port), '127.0.0.1')
  opened.push(socket)
  const said = {text: ''}
  socket.setEncoding('latin1').on('data', (text: string) => (said.text += text))
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const all = {host, connection: 'upgrade', upgrade: 'websocket', ...headers}
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  socket.write([`GET ${path} HTTP/1.1`, ...lines, '', 'first bytes'].join('\r\n'))
  return {socket, said, closed}
}

function fleetNode(name: string, port: number): FleetNode {
  const httpUrl = `http://127.0.0.1:${port}`
  const ready = {
    node: `n-${name}`, role: 'follower', term: 1, clientUrl: '', nodeUrl: '', apiUrl: '', httpUrl,
    pool: 'p', pid: 1,
  }
  return {name, ready}
}

/** Stands for a node: says what it was asked for, and then all that it is told. */
async function echo(name: string): Promise<FleetNode> {
  const listener = createServer((socket) => {
    socket.write(`I am ${name}\n`)
    socket.pipe(socket)
  })
  onTestFinished(() => void listener.close())
  const port = await new Promise<number>((resolve) => {
    listener.listen(0, '127.0.0.1', () => resolve((listener.address() as AddressInfo).port))
  })
  return fleetNode(name, port)
}

describe('a socket of the page', () => {
  beforeEach(() => ready.resolve())

  test('is led to the node that it wishes, with every byte of its request', async () => {
    nodes = [await echo('1'), await echo('2'), await echo('3')]
    const {socket, said} = await upgrade('/WebSockets?node=2', {'x-header': 'kept as it is'})
    await eventually(() => said.text.includes('first bytes'))
    expect(said.text).toMatch(/^I am 2\nGET \/WebSockets\?node=2 HTTP\/1\.1\r\n/)
    expect(said.text).toContain('x-header: kept as it is\r\n')
    socket.write('and more')
    await eventually(() => said.text.endsWith('and more'))
  })

  test('is led to another when that one is dead', async () => {
    nodes = [await echo('1'), {name: '2', ready: undefined}]
    const first = await upgrade('/WebSockets?node=2')
    await eventually(() => first.said.text.startsWith('I am 1'))
    // It was ready a moment ago, and nobody listens there any more.
    nodes = [await echo('1'), fleetNode('2', 1)]
    const second = await upgrade('/WebSockets?node=2')
    await eventually(() => second.said.text.startsWith('I am 1'))
  })

  test('is led to another when that one took it and died', async () => {
    const asked: string[] = []
    const dying = createServer((socket) => {
      socket.once('data', (data) => {
        asked.push(data.toString('latin1'))
        socket.resetAndDestroy()
      })
    })
    onTestFinished(() => void dying.close())
    await new Promise<void>((resolve) => dying.listen(0, '127.0.0.1', resolve))
    nodes = [await echo('1'), fleetNode('2', (dying.address() as AddressInfo).port)]
    const {said} = await upgrade('/WebSockets?node=2')
    await eventually(() => said.text.endsWith('first bytes'))
    expect(said.text).toBe(`I am 1\n${asked.join('')}`)
  })

  test.each([
    ['no node lives', '/WebSockets', {}, 503],
    ['nodes have another path', '/mesh', {}, 404],
    ['it is of another page', '/WebSockets', {origin: 'http://evil.example'}, 403],
    ['it knows the page by another name', '/WebSockets', {host: 'evil.example'}, 403],
  ])('is refused when %s', async (_why, path, headers, status) => {
    const {said, closed} = await upgrade(path, headers)
    await closed
    expect(said.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  })
})

test('a library that no node gives', async () => {
  ready.resolve()
  expect((await ask('GET', '/wsmesh.js')).body).toBe('window.wsmesh = {}')
  library = undefined
  expect((await ask('GET', '/wsmesh.js')).status).toBe(503)
})

test('a port that is taken', async () => {
  const options = {...(await serverOptions()), port: Number(new URL(server.url).port)}
  await expect(startPageServer(options)).rejects.toMatchObject({code: 'ADDRESS_IN_USE'})
})
