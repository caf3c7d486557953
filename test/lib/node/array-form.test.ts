import {describe, expect, it} from 'vitest'
import {refused} from '../../../src/lib/auth/authenticator.js'
import type {Authenticator, Proof} from '../../../src/lib/auth/authenticator.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {ClientBench, type BenchClient, type BenchOptions} from '../../helpers/client-bench.js'
import {eventually} from '../../helpers/eventually.js'
import {
  ARTICLE_PROOF,
  COOKIE_PROOF,
  PROOFS,
  REFUSED_FRAMES,
} from '../protocol/frames-of-2015.js'

const OK = ['Client/authentication', 'ok']
const BAD_REQUEST = ['Client/authentication:error', [400, '400 Bad Request']]
const FORBIDDEN = ['Client/authentication:error', [403, '403 Forbidden']]

/** Sessions as the application has them: each is of one user and one browser. */
function sessions(users: Readonly<Record<string, string>>): Authenticator & {asked: Proof[]} {
  const asked: Proof[] = []
  return {
    asked,
    wants: 'a session',
    async check(proof) {
      asked.push(proof)
      const {session, userAgent} = proof
      if (session === undefined) return {type: 'not-mine'}
      if (session === 'down') return {type: 'unavailable', reason: 'The database is away'}
      const user = users[session]
      if (user === undefined || userAgent === 'another') return refused(403, 'no such session')
      const claims = {user, groups: ['members'], session, language: 'ru', properties: {}}
      return {type: 'known', claims, expiresAtMs: Number.POSITIVE_INFINITY, isLive: true}
    },
  }
}

const SESSION = '0123456789abcdef0123456789abcdef'
const known = {[SESSION]: '42', other: '7'}

function openBench(options: BenchOptions = {}): ClientBench {
  return new ClientBench({authenticators: [sessions(known)], ...options})
}

function raw(client: BenchClient, text: string): void {
  client.handler.onMessage(Buffer.from(text), false)
}

async function answersOf(client: BenchClient): Promise<unknown[]> {
  await eventually(() => client.socket.texts.length > 0, {what: 'an answer'})
  return client.socket.take()
}

function proofOf(session: string, userAgent = 'Mozilla/5.0'): string {
  const proof = {session, user_agent: userAgent, language: 'English'}
  return JSON.stringify(['Client/authentication', proof])
}

/** A front end of 2015 that is known as user 42. */
async function connected(bench: ClientBench): Promise<BenchClient> {
  const client = bench.connect(undefined, {session: SESSION})
  raw(client, COOKIE_PROOF)
  expect(await answersOf(client)).toEqual([OK])
  return client
}

describe('authentication in the array form', () => {
  it('of the article’s era: session, browser and language in the frame', async () => {
    const authenticator = sessions(known)
    const bench = openBench({authenticators: [authenticator]})
    const client = bench.connect(undefined, {userAgent: 'of the header'})
    raw(client, ARTICLE_PROOF)
    expect(await answersOf(client)).toEqual([OK])
    expect(authenticator.asked).toMatchObject([
      {session: SESSION, userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', language: 'English'},
    ])
    expect(bench.deliver('x', null, {filter: {language: 'English', user: 42}})).toBe(1)
  })

  it('of the cookie’s era: null, and all of it is in the upgrade request', async () => {
    const authenticator = sessions(known)
    const bench = openBench({authenticators: [authenticator]})
    const client = bench.connect(undefined, {session: SESSION, userAgent: 'of the header'})
    raw(client, COOKIE_PROOF)
    expect(await answersOf(client)).toEqual([OK])
    expect(authenticator.asked).toMatchObject([
      {session: SESSION, userAgent: 'of the header', language: undefined},
    ])
    expect(bench.deliver('x', null, {filter: {language: 'ru', user: 42}})).toBe(1)
  })

  it('by a token', async () => {
    const bench = new ClientBench()
    const client = bench.connect()
    client.say(['Client/authentication', {token: await bench.token('42')}])
    expect(await answersOf(client)).toEqual([OK])
  })

  it.each(PROOFS.filter(({proof}) => proof === undefined))(
    '$what: 400, and it may try again',
    async ({frame}) => {
      const bench = openBench()
      const client = bench.connect(undefined, {session: SESSION})
      raw(client, frame)
      expect(client.socket.take()).toEqual([BAD_REQUEST])
      expect(client.socket.closed).toBeUndefined()
      raw(client, ARTICLE_PROOF)
      expect(await answersOf(client)).toEqual([OK])
    },
  )

  it.each([
    ['a session that nobody has', proofOf('f'.repeat(32))],
    ['the session of another browser', proofOf(SESSION, 'another')],
    ['an empty session', proofOf('')],
    ['null without a cookie', COOKIE_PROOF],
  ])('%s: 403, and closed as ever', async (_, frame) => {
    const bench = openBench()
    const client = bench.connect()
    raw(client, frame)
    expect(await answersOf(client)).toEqual([FORBIDDEN])
    expect(client.socket.closed).toEqual({code: 1000, reason: 'unauthenticated'})
    expect(bench.counters.get('authenticationsFailed')).toBe(1)
  })

  it('a node that checks no sessions says in its log, once, what it lacks', async () => {
    const bench = new ClientBench()
    for (const frame of [ARTICLE_PROOF, COOKIE_PROOF, ARTICLE_PROOF]) {
      const client = bench.connect()
      raw(client, frame)
      expect(await answersOf(client)).toEqual([FORBIDDEN])
    }
    const why = 'Sessions are not checked here: give a token'
    expect(bench.logged).toMatchObject([{fields: {why, try: expect.stringContaining('--auth-sql')}}])
    expect(bench.counters.get('clientsOf2015')).toBe(3)
  })

  it('nobody can say: 503, and closed: it comes back', async () => {
    const bench = openBench()
    const client = bench.connect()
    raw(client, proofOf('down'))
    const error = [503, '503 Service Unavailable']
    expect(await answersOf(client)).toEqual([['Client/authentication:error', error]])
    expect(client.socket.closed).toEqual({code: 1000, reason: 'unavailable'})
  })

  it('too many of one user: 429, and closed', async () => {
    const bench = openBench({limits: {connectionsPerUser: 1}})
    await connected(bench)
    const second = bench.connect()
    raw(second, ARTICLE_PROOF)
    const error = [429, '429 Too Many Requests']
    expect(await answersOf(second)).toEqual([['Client/authentication:error', error]])
    expect(second.socket.closed).toEqual({code: 1000, reason: 'too-many'})
  })

  it('again as the same user is welcome; as another it is refused and changes nothing', async () => {
    const bench = openBench()
    const client = await connected(bench)
    raw(client, ARTICLE_PROOF)
    expect(await answersOf(client)).toEqual([OK])
    raw(client, proofOf('other'))
    expect(await answersOf(client)).toEqual([FORBIDDEN])
    expect(client.socket.closed).toBeUndefined()
    expect(bench.deliver('x', null, {user: 42})).toBe(1)
  })

  it('guests, where they are let in, are told ok', async () => {
    const bench = openBench({guests: 'allow'})
    const client = bench.connect()
    raw(client, COOKIE_PROOF)
    expect(await answersOf(client)).toEqual([OK])
    expect(bench.registry.guests).toBe(1)
  })

  it('a place to go on from is not looked at: such a client knows no positions', async () => {
    const bench = new ClientBench()
    bench.recover = () => {
      throw new Error('Nobody comes back in this form')
    }
    const client = bench.connect()
    client.say(['Client/authentication', {token: await bench.token('42'), resume: 'e.1.1'}])
    expect(await answersOf(client)).toEqual([OK])
  })

  it('none in time: closed', () => {
    const bench = openBench()
    const client = bench.connect()
    raw(client, '["hello","Hi"]')
    bench.nowMs = LIMITS.handshakeMs
    bench.clients.sweep(bench.nowMs)
    expect(client.socket.closed).toEqual({code: 1000, reason: 'authentication-timeout'})
  })
})

describe('actions in the array form', () => {
  const handlers: BenchOptions['handlers'] = {
    echo: ({details, reply}) => reply(details),
    one: ({details, reply}) => reply(details[0]),
    back: ({details, send}) => send('back', details, {user: '42'}),
    none: ({reply}) => reply(),
    hello: ({details, reply, error}) => {
      if (details.some(Boolean)) reply(details)
      else error(400, 'No hello message:(')
    },
    other: ({connection}) => connection.send('notice', {a: 1}),
    broken: () => {
      throw new Error('inside')
    },
  }

  it.each([
    ['["hello","Hello, world!"]', ['hello', 'Hello, world!']],
    ['["hello",null]', ['hello:error', [400, 'No hello message:(']]],
    ['["hello",""]', ['hello:error', [400, 'No hello message:(']]],
    ['["one","Hi"]', ['one', 'Hi']],
    ['["one",false]', ['one', false]],
    ['["one",{"a":[1]}]', ['one', {a: [1]}]],
    ['["none",null]', ['none', null]],
    ['["echo",["a","b"],1,false]', ['echo', ['a', 'b']]],
    ['["other",null]', ['notice', {a: 1}]],
    ['["broken",null]', ['broken:error', [500, 'Internal error']]],
    ['["nobody","x"]', ['nobody:error', [404, 'No such action: nobody']]],
    ['["Client/disconnection",null]', ['Client/disconnection:error', [403, expect.any(String)]]],
  ])('%s', async (frame, answer) => {
    const bench = openBench({handlers})
    const client = await connected(bench)
    raw(client, frame)
    expect(await answersOf(client)).toEqual([answer])
    expect(client.socket.closed).toBeUndefined()
  })

  it('sent on as they came are published as they came', async () => {
    const sent: unknown[] = []
    const send = (_: string, details: unknown): Promise<never> => {
      sent.push(details)
      return Promise.reject(new Error('No mesh here'))
    }
    const bench = openBench({send, handlers})
    const client = await connected(bench)
    for (const given of ['Hi', null, {a: 1}, ['Hi']]) raw(client, JSON.stringify(['back', given]))
    expect(sent).toEqual(['Hi', null, {a: 1}, ['Hi']])
  })

  it('before the authentication are ignored, whatever they are', async () => {
    const bench = openBench({handlers})
    const client = bench.connect()
    for (const frame of ['["hello","Hi"]', '["nobody",null]', '["Client/position",[1]]']) {
      raw(client, frame)
    }
    expect([client.socket.take(), client.socket.closed]).toEqual([[], undefined])
    expect(bench.counters.get('actionsIgnored')).toBe(3)
    raw(client, ARTICLE_PROOF)
    expect(await answersOf(client)).toEqual([OK])
  })

  it('that follow the authentication at once wait for its outcome', async () => {
    const bench = openBench({handlers})
    const client = bench.connect()
    raw(client, ARTICLE_PROOF)
    raw(client, '["one","Hi"]')
    await eventually(() => client.socket.texts.length === 2, {what: 'both answers'})
    expect(client.socket.take()).toEqual([OK, ['one', 'Hi']])
  })

  it('encoded twice, as a queue is, end nothing, however long', async () => {
    const bench = openBench({handlers})
    const client = await connected(bench)
    const queued = JSON.stringify(['one', 'q'])
    raw(client, JSON.stringify([queued, null]))
    expect(client.socket.take()).toEqual([[`${queued}:error`, [404, expect.any(String)]]])
    raw(client, JSON.stringify([JSON.stringify(['one', 'q'.repeat(5000)]), null]))
    for (const frame of ['["",null]', '["one:error",[400,"x"]]', '["a\\nb",null]']) raw(client, frame)
    expect([client.socket.take(), client.socket.closed]).toEqual([[], undefined])
    expect(bench.counters.get('actionsIgnored')).toBe(4)
    raw(client, '["one","Hi"]')
    expect(client.socket.take()).toEqual([['one', 'Hi']])
  })

  it('too many a second: 429, then closed', async () => {
    const bench = openBench({handlers, limits: {actionsPerSecond: 2}})
    const client = await connected(bench)
    raw(client, '["one",1]')
    raw(client, '["one",2]')
    expect(client.socket.take()).toEqual([['one', 1], ['one:error', [429, expect.any(String)]]])
    raw(client, '["one",3]')
    raw(client, '["one",4]')
    expect(client.socket.closed).toEqual({code: 1000, reason: 'too-many'})
  })
})

describe('what breaks the form', () => {
  it.each(REFUSED_FRAMES.filter(({frame}) => frame !== ''))(
    '$what ends a connection that is known',
    async ({frame}) => {
      const bench = openBench()
      const client = await connected(bench)
      raw(client, frame)
      expect(client.socket.closed).toEqual({code: 1000, reason: 'bad-frame'})
      expect(client.socket.take()).toEqual([])
      expect(bench.counters.get('clientViolations')).toBe(1)
    },
  )

  it.each([
    ['an empty array', '[]', 1000],
    ['one element', '["hello"]', 1000],
    ['an array that is none', '["hello",', 1000],
    ['too deep an array', `["a",${'['.repeat(64)}${']'.repeat(64)}]`, 1000],
    ['an object that is none', '{"action":', 4502],
    ['a text', '"Server/close"', 4502],
  ])('%s as the first frame', (_, frame, code) => {
    const bench = openBench()
    const client = bench.connect()
    raw(client, frame)
    expect(client.socket.closed).toEqual({code, reason: 'bad-frame'})
  })

  it('a binary frame, and one that is too big', async () => {
    const bench = openBench()
    const binary = await connected(bench)
    binary.handler.onMessage(Buffer.from('["hello",null]'), true)
    expect(binary.socket.closed).toEqual({code: 1000, reason: 'bad-frame'})
    const big = bench.connect()
    raw(big, JSON.stringify(['hello', 'x'.repeat(LIMITS.unauthenticatedFrameBytes)]))
    expect(big.socket.closed).toEqual({code: 1000, reason: 'too-big'})
    expect(bench.counters.get('framesTooBig')).toBe(1)
  })

  it('the other form: a connection keeps to that of its first frame', async () => {
    const bench = openBench()
    const array = await connected(bench)
    array.say({action: 'hello', details: []})
    expect(array.socket.closed).toEqual({code: 1000, reason: 'bad-frame'})
    const object = bench.connect()
    object.say({action: 'Client/authentication', details: [{session: SESSION}]})
    await answersOf(object)
    object.say(['hello', null])
    expect(object.socket.closed).toEqual({code: 4502, reason: 'bad-frame'})
    const v1 = bench.connect('v1')
    raw(v1, ARTICLE_PROOF)
    expect(v1.socket.closed).toEqual({code: 4502, reason: 'bad-frame'})
  })
})

describe('what it is told', () => {
  it('messages with their details as published', async () => {
    const bench = openBench()
    const client = await connected(bench)
    const published = [null, 'Hi', 0, false, '', [], {}, ['Hi', {a: 1}], {a: [1]}]
    for (const details of published) expect(bench.deliver('x', details, {user: 42})).toBe(1)
    expect(client.socket.take()).toEqual(published.map((details) => ['x', details]))
  })

  it('nothing that it does not know: no positions', async () => {
    const bench = openBench()
    const client = await connected(bench)
    bench.position = {epoch: 'e', term: 1, seq: 900}
    bench.clients.sweep(LIMITS.positionMs + 1000)
    expect(client.socket.take()).toEqual([])
  })

  it('not to come back, when it is kicked', async () => {
    const left: unknown[] = []
    const bench = openBench({
      handlers: {
        'Client/disconnection': ({details}) => left.push(details[0]),
        leave: ({connection}) => connection.close(),
      },
    })
    const kicked = await connected(bench)
    for (const connection of bench.registry.ofUser('42')) connection.close('kicked', 'logged out')
    expect(kicked.socket.take()).toEqual([['Server/close', null]])
    expect(kicked.socket.closed).toEqual({code: 1000, reason: 'kicked: logged out'})
    kicked.handler.onClose(1000, 'kicked: logged out')
    expect(left).toEqual([4501])
    const leaving = await connected(bench)
    raw(leaving, '["leave",null]')
    expect(leaving.socket.take()).toEqual([['Server/close', null]])
  })

  it.each(['drain', 'isolated', 'insufficientState', 'sessionExpired'] as const)(
    'nothing before a close after which it shall come back: %s',
    async (close) => {
      const bench = openBench()
      const client = await connected(bench)
      bench.clients.closeAll(close)
      expect(client.socket.take()).toEqual([])
      expect(client.socket.closed?.code).toBe(1000)
    },
  )

  it('too much at once: closed, and counted', async () => {
    const bench = openBench({limits: {clientQueueBytes: 2000}})
    const client = await connected(bench)
    client.socket.stuckBytes = 1500
    expect(bench.deliver('x', 'y'.repeat(1000), {user: 42})).toBe(0)
    expect(client.socket.closed).toEqual({code: 1000, reason: 'slow-consumer'})
    expect(bench.counters.get('slowConsumers')).toBe(1)
  })
})
