import {request} from 'node:http'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'

import {startPageServer} from '../../../src/lib/demo/page-server.js'
import type {PageServer} from '../../../src/lib/demo/page-server.js'
import {readPageFiles} from '../../../src/lib/demo/page-files.js'
import {withResolvers} from '../../../src/lib/operator/resolvers.js'

let ready = withResolvers<void>()
let server: PageServer

beforeEach(async () => {
  ready = withResolvers()
  server = await startPageServer({
    port: 0,
    files: await readPageFiles(),
    whenReady: ready.promise,
    describe: async () => ({nodes: []}),
    signToken: async (user, groups) => `token of ${user} ${groups.join('+')}`,
  })
})

afterEach(async () => {
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
    for (const path of [...named, ...imported]) {
      expect([path, (await ask('GET', path)).status]).toEqual([path, 200])
    }
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

test('a port that is taken', async () => {
  const options = {
    port: Number(new URL(server.url).port),
    files: new Map(),
    whenReady: ready.promise,
    describe: async () => ({}),
    signToken: async () => '',
  }
  await expect(startPageServer(options)).rejects.toMatchObject({code: 'ADDRESS_IN_USE'})
})
