import type {ServerResponse} from 'node:http'
import {describe, expect, it} from 'vitest'
import type {Authenticator} from '../../../src/lib/auth/authenticator.js'
import {urlAuthenticator} from '../../../src/lib/auth/url-authenticator.js'
import {
  authenticatorContract,
  proof,
  type AuthenticatorBench,
} from '../../contract/authenticator-contract.js'
import {Application, type Asked} from '../../helpers/application.js'
import {testCache, testGuard} from '../../helpers/auth-bench.js'
import {eventually} from '../../helpers/eventually.js'

interface Options {
  readonly method?: 'post' | 'get'
  readonly timeoutMs?: number
  readonly atOnce?: number
  readonly waitingMax?: number
}

function authenticatorOf(url: string, options: Options = {}): Authenticator {
  const {method = 'post', timeoutMs = 2000, ...limits} = options
  return urlAuthenticator({
    url, method, timeoutMs, guard: testGuard(limits), cache: testCache(),
    wallClock: () => Date.now(),
  })
}

describe('with POST', () => {
  authenticatorContract(() => open('post'))
})

describe('with GET', () => {
  authenticatorContract(() => open('get'))
})

async function open(method: 'post' | 'get'): Promise<AuthenticatorBench> {
  const application = new Application()
  const url = await application.listen()
  const sessions = new Map<string, unknown>()
  let isDown = false
  const sessionOf = ({body, headers}: Asked): string =>
    method === 'post'
      ? (JSON.parse(body) as {session: string}).session
      : String(headers['x-session'])
  application.answer = (asked, response) => {
    const known = isDown ? undefined : sessions.get(sessionOf(asked))
    const status = isDown ? 500 : known === undefined ? 403 : 200
    response.writeHead(status).end(known === undefined ? '' : JSON.stringify(known))
  }
  return {
    authenticator: authenticatorOf(url, {method}),
    async logIn({endsInMs = 60_000, session = `s-${sessions.size}`, ...spec}) {
      const session_expire = Math.floor((Date.now() + endsInMs) / 1000)
      sessions.set(session, {...spec, session, session_expire})
      return {session}
    },
    wrong: {session: 'a-session-of-nobody'},
    async nonsense() {
      sessions.set('odd', {user: {name: 'Ann'}})
      return {session: 'odd'}
    },
    async down() {
      isDown = true
    },
    async up() {
      isDown = false
    },
    [Symbol.asyncDispose]: () => application[Symbol.asyncDispose](),
  }
}

describe('the question', () => {
  const given = proof({
    session: 's1', token: 't.t.t', userAgent: 'Firefox', language: 'de', cookie: 'a=1; sid=s1',
  })

  it('by POST is all that is known of the client, as JSON', async () => {
    await using application = new Application()
    const url = await application.listen()
    application.says(200, {user: 42})
    await authenticatorOf(url).check(given)
    const [asked] = application.asked
    expect(asked?.method).toBe('POST')
    expect(asked?.headers['content-type']).toBe('application/json')
    expect(JSON.parse(asked?.body ?? '')).toEqual({
      session: 's1', token: 't.t.t', user_agent: 'Firefox', language: 'de',
      ip: '203.0.113.9', cookie: 'a=1; sid=s1', path: '/WebSockets',
    })
  })

  it('by POST has no field of what is not known', async () => {
    await using application = new Application()
    const url = await application.listen()
    await authenticatorOf(url).check(proof({session: 's1'}))
    expect(JSON.parse(application.asked[0]?.body ?? '')).toEqual({
      session: 's1', ip: '203.0.113.9', path: '/WebSockets',
    })
  })

  it("by GET has the client's own headers, as auth_request sends them", async () => {
    await using application = new Application()
    const url = await application.listen()
    await authenticatorOf(url, {method: 'get'}).check(given)
    const [asked] = application.asked
    expect(asked).toMatchObject({method: 'GET', body: ''})
    expect(asked?.headers).toMatchObject({
      cookie: 'a=1; sid=s1', 'user-agent': 'Firefox', 'accept-language': 'de',
      authorization: 'Bearer t.t.t', 'x-real-ip': '203.0.113.9', 'x-original-uri': '/WebSockets',
    })
  })

  it('leaves out what cannot stand in a header', async () => {
    await using application = new Application()
    const url = await application.listen()
    application.says(200, {user: 42})
    const verdict = await authenticatorOf(url, {method: 'get'}).check(
      proof({session: 'a\r\nx-admin: 1', userAgent: 'Ünï'}),
    )
    expect(verdict.type).toBe('known')
    const [asked] = application.asked
    expect(asked?.headers).not.toHaveProperty('x-admin')
    expect(asked?.headers).not.toHaveProperty('x-session')
  })
})

describe('an answer', () => {
  it.each([
    [401, '', {type: 'refused', status: 401}],
    [403, '{"user": 42}', {type: 'refused', status: 403}],
    [200, {user: null}, {type: 'not-mine'}],
    [200, {user: 42, session_expire: 1}, {type: 'refused'}],
    [200, {}, {type: 'unavailable'}],
    [200, {user: ''}, {type: 'unavailable'}],
    [200, {user: 42, groups: 'staff'}, {type: 'unavailable'}],
    [200, {user: 42, groups: [{}]}, {type: 'unavailable'}],
    [200, {user: 42, session_expire: 'tomorrow'}, {type: 'unavailable'}],
    [200, {user: 42, session_expire: Date.now()}, {type: 'unavailable'}],
    [200, {user: 42, properties: {address: '10.0.0.1'}}, {type: 'unavailable'}],
    [200, {user: 42, properties: []}, {type: 'unavailable'}],
    [200, '[42]', {type: 'unavailable'}],
    [200, 'Welcome back!', {type: 'unavailable'}],
    [200, `{"user": "${'x'.repeat(70_000)}"}`, {type: 'unavailable'}],
    [204, '', {type: 'unavailable'}],
    [302, '', {type: 'unavailable'}],
    [404, '', {type: 'unavailable'}],
    [500, '{"user": 42}', {type: 'unavailable'}],
  ])('of %s %s is understood', async (status, body, expected) => {
    await using application = new Application()
    const url = await application.listen()
    application.says(status, body)
    expect(await authenticatorOf(url).check(proof({session: 's1'}))).toMatchObject(expected)
  })

  it('that does not come is given up', async () => {
    await using application = new Application()
    const url = await application.listen()
    application.answer = () => {}
    const verdict = await authenticatorOf(url, {timeoutMs: 50}).check(proof({session: 's1'}))
    expect(verdict.type).toBe('unavailable')
  })

  it('whose body does not end is given up as well', async () => {
    await using application = new Application()
    const url = await application.listen()
    application.answer = (_asked, response) => void response.writeHead(200).write('{')
    const verdict = await authenticatorOf(url, {timeoutMs: 50}).check(proof({session: 's1'}))
    expect(verdict.type).toBe('unavailable')
  })

  it('names no session that cannot be an id', async () => {
    await using application = new Application()
    const url = await application.listen()
    application.says(200, {user: 42})
    const verdict = await authenticatorOf(url).check(proof({session: 'x'.repeat(1000)}))
    expect(verdict).toMatchObject({type: 'known', claims: {user: '42', session: undefined}})
  })
})

it('asks so many at once, keeps so many waiting, and turns the others away', async () => {
  await using application = new Application()
  const url = await application.listen()
  const held: ServerResponse[] = []
  application.answer = (_asked, response) => void held.push(response)
  const authenticator = authenticatorOf(url, {atOnce: 2, waitingMax: 3})
  const checks = Array.from({length: 7}, (_, n) => authenticator.check(proof({session: `s${n}`})))
  const [sixth, seventh] = await Promise.all(checks.slice(5))
  expect([sixth?.type, seventh?.type]).toEqual(['unavailable', 'unavailable'])
  await eventually(() => held.length === 2, {what: 'two questions'})
  expect(application.asked).toHaveLength(2)
  for (let n = 0; n < 5; n += 1) {
    await eventually(() => held.length > n, {what: `question ${n + 1}`})
    held[n]?.writeHead(200).end('{"user": 42}')
  }
  const verdicts = await Promise.all(checks.slice(0, 5))
  expect(verdicts.map(({type}) => type)).toEqual(Array.from({length: 5}, () => 'known'))
})
