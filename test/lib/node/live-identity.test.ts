/** Identities while they are connected: who keeps them changes them, and every target follows. */
import {describe, expect, it} from 'vitest'
import type {Authenticator, Proof, Verdict} from '../../../src/lib/auth/authenticator.js'
import {VerdictCache} from '../../../src/lib/auth/verdict-cache.js'
import {RETRY_MS} from '../../../src/lib/node/live-identity.js'
import {encodeControl} from '../../../src/lib/protocol/control.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {targetFromJson, type TargetJson} from '../../../src/lib/protocol/target.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {ClientBench, type BenchClient, type BenchOptions} from '../../helpers/client-bench.js'
import {eventually} from '../../helpers/eventually.js'

interface Session {
  readonly user: string
  readonly groups?: readonly string[]
  readonly endsInMs?: number
}

/** An application's sessions, and a node that asks for them. */
class Bench extends ClientBench {
  readonly sessions: Map<string, Session>
  readonly held: (() => void)[]
  readonly state: {isDown: boolean; holds: boolean; asked: number}

  constructor(options: BenchOptions & {readonly cacheMs?: number} = {}) {
    const sessions = new Map<string, Session>()
    const held: (() => void)[] = []
    const state = {isDown: false, holds: false, asked: 0}
    const cache = new VerdictCache({
      ttlMs: options.cacheMs ?? 0, entriesMax: 100,
      now: () => performance.now(), wallClock: () => Date.now(),
    })
    const read = async ({session = ''}: Proof): Promise<Verdict> => {
      state.asked += 1
      const verdict = verdictOf(state.isDown ? 'down' : sessions.get(session), session)
      if (state.holds) await new Promise<void>((resolve) => held.push(resolve))
      return verdict
    }
    const authenticator: Authenticator = {
      wants: 'a session',
      check: (proof) => cache.get([proof.session], () => read(proof)),
      forget: (isMeant) => cache.forget(isMeant),
    }
    super({...options, authenticators: [authenticator]})
    this.sessions = sessions
    this.held = held
    this.state = state
  }

  async open(session: string): Promise<BenchClient> {
    const client = this.connect()
    client.say({action: 'Client/authentication', details: [{session}]})
    await eventually(() => client.socket.texts.length > 0, {what: 'an answer'})
    client.socket.take()
    return client
  }

  control(op: 'kick' | 'refresh', to: TargetJson, reason?: string): number {
    const target = targetFromJson(to)
    if (!target.ok) throw new Error(target.reason)
    const payload = encodeControl(op === 'kick' && reason !== undefined ? {op, reason} : {op})
    const envelope = {
      origin: nodeId('n-2'), counter: 1, callerId: undefined, target: target.value, payload,
    }
    const {term, seq} = this.position
    return this.clients.deliver([{envelope, term, seq, repeatOf: undefined}], 'e')[0] ?? Number.NaN
  }
}

function verdictOf(found: Session | 'down' | undefined, session: string): Verdict {
  if (found === 'down') return {type: 'unavailable', reason: 'away'}
  if (found === undefined) return {type: 'refused', status: 403, reason: 'no such session'}
  const {user, groups = [], endsInMs = Number.POSITIVE_INFINITY} = found
  const claims = {user, groups, session, language: undefined, properties: {}}
  return {type: 'known', claims, expiresAtMs: Date.now() + endsInMs, isLive: true}
}

/** Whatever is ready to go on has gone on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

describe('kick', () => {
  it('closes whom it means, says why, and tells nobody else', async () => {
    const bench = new Bench()
    bench.sessions.set('s1', {user: '42'}).set('s2', {user: '42'})
    const [first, second] = [await bench.open('s1'), await bench.open('s2')]
    expect(bench.control('kick', {session: 's1'}, 'logged out')).toBe(1)
    expect(first.socket.closed).toEqual({code: 4501, reason: 'kicked: logged out'})
    expect(second.socket.closed).toBeUndefined()
    expect(second.socket.texts).toEqual([])
    expect(bench.control('kick', {user: 42})).toBe(1)
    expect(second.socket.closed).toEqual({code: 4501, reason: 'kicked'})
    expect(bench.counters.get('clientsKicked')).toBe(2)
    expect(bench.registry.size).toBe(0)
  })

  it('of a connection means one that proved nothing as well', async () => {
    const bench = new Bench()
    const stranger = bench.connect()
    expect(bench.control('kick', {filter: {connection: 'n-1-c1'}})).toBe(1)
    expect(stranger.socket.closed?.code).toBe(4501)
  })

  it('forgets what is kept: nobody comes back in by a session that has ended', async () => {
    const bench = new Bench({cacheMs: 60_000})
    bench.sessions.set('s1', {user: '42'})
    await bench.open('s1')
    await bench.open('s1')
    expect(bench.state.asked).toBe(1)
    bench.sessions.delete('s1')
    bench.control('kick', {session: 's1'})
    const again = await bench.open('s1')
    expect(again.socket.closed?.code).toBe(4500)
  })

  it.each([0, 60_000])(
    'counts for a proof that is being checked, with answers kept for %s ms',
    async (cacheMs) => {
      const bench = new Bench({cacheMs})
      bench.sessions.set('s1', {user: '42'})
      bench.state.holds = true
      const client = bench.connect()
      client.say({action: 'Client/authentication', details: [{session: 's1'}]})
      await eventually(() => bench.held.length === 1, {what: 'the question'})
      // It was read while he was logged in; then he logs out.
      bench.sessions.delete('s1')
      expect(bench.control('kick', {session: 's1'})).toBe(0)
      bench.state.holds = false
      bench.held[0]?.()
      await eventually(() => client.socket.closed, {what: 'the close'})
      expect(client.socket.closed?.code).toBe(4500)
      expect(bench.state.asked).toBe(2)
    },
  )

  it('of others does not have a proof checked twice', async () => {
    const bench = new Bench()
    bench.sessions.set('s1', {user: '42'})
    bench.state.holds = true
    const client = bench.connect()
    client.say({action: 'Client/authentication', details: [{session: 's1'}]})
    await eventually(() => bench.held.length === 1, {what: 'the question'})
    bench.control('kick', {user: 7})
    bench.held[0]?.()
    await eventually(() => client.socket.texts.length > 0, {what: 'the answer'})
    expect(bench.state.asked).toBe(1)
  })

  it('is no message: nobody is sent it', async () => {
    const bench = new Bench()
    bench.sessions.set('s1', {user: '42'})
    const client = await bench.open('s1')
    bench.control('refresh', {user: 42})
    await turn()
    expect(client.socket.texts).toEqual([])
  })
})

describe('refresh', () => {
  it('has messages go by the groups of now', async () => {
    const bench = new Bench({cacheMs: 60_000})
    bench.sessions.set('s1', {user: '42', groups: ['staff']})
    const client = await bench.open('s1')
    bench.sessions.set('s1', {user: '42', groups: ['press']})
    expect(bench.deliver('x', null, {group: 'staff'})).toBe(1)
    expect(bench.control('refresh', {user: 42})).toBe(1)
    await eventually(() => bench.deliver('x', null, {group: 'press'}) === 1, {what: 'the new group'})
    expect(bench.deliver('x', null, {group: 'staff'})).toBe(0)
    expect(client.socket.closed).toBeUndefined()
    expect(bench.counters.get('identitiesReread')).toBe(1)
  })

  it.each<[string, Session | undefined]>([
    ['who is logged out', undefined],
    ['whose session is somebody else\'s now', {user: '7'}],
  ])('closes %s', async (_name, session) => {
    const bench = new Bench()
    bench.sessions.set('s1', {user: '42'})
    const client = await bench.open('s1')
    if (session === undefined) bench.sessions.delete('s1')
    else bench.sessions.set('s1', session)
    bench.control('refresh', {user: 42})
    await eventually(() => client.socket.closed, {what: 'the close'})
    expect(client.socket.closed).toEqual({code: 4006, reason: 'session-expired'})
    expect(bench.deliver('x', null, {user: 7})).toBe(0)
  })

  it('leaves everybody alone while nobody can say, and asks again', async () => {
    const bench = new Bench()
    bench.sessions.set('s1', {user: '42'})
    const client = await bench.open('s1')
    bench.state.isDown = true
    bench.control('refresh', {user: 42})
    await turn()
    expect(bench.deliver('x', null, {user: 42})).toBe(1)
    bench.state.isDown = false
    bench.sessions.delete('s1')
    bench.nowMs += RETRY_MS
    bench.clients.sweep(bench.nowMs)
    await eventually(() => client.socket.closed, {what: 'the close'})
    expect(client.socket.closed?.code).toBe(4006)
  })

  it('does not ask about what a token said', async () => {
    const bench = new ClientBench()
    const client = bench.connect()
    await client.login('42')
    const target = {kind: 'user', ids: ['42']} as const
    const payload = encodeControl({op: 'refresh'})
    const envelope = {origin: nodeId('n-2'), counter: 1, callerId: undefined, target, payload}
    const message = {envelope, term: 1, seq: 1, repeatOf: undefined}
    expect(bench.clients.deliver([message], 'e')).toEqual([0])
    expect(client.socket.closed).toBeUndefined()
  })
})

describe('the end of a session', () => {
  it('closes, unless it has been put off', async () => {
    const bench = new Bench()
    bench.sessions.set('s1', {user: '42', endsInMs: 10_000})
    const client = await bench.open('s1')
    bench.sessions.set('s1', {user: '42', endsInMs: 60_000})
    bench.nowMs = 11_000
    bench.clients.sweep(bench.nowMs)
    await eventually(() => bench.counters.get('identitiesReread') === 1, {what: 'another look'})
    expect(client.socket.closed).toBeUndefined()
    bench.sessions.delete('s1')
    bench.nowMs = 72_000
    bench.clients.sweep(bench.nowMs)
    await eventually(() => client.socket.closed, {what: 'the close'})
    expect(client.socket.closed).toEqual({code: 4006, reason: 'session-expired'})
    expect(bench.counters.get('sessionsExpired')).toBe(1)
  })

  it('is looked for so often as it is told to', async () => {
    const bench = new Bench({recheckMs: 60_000})
    bench.sessions.set('s1', {user: '42'})
    const client = await bench.open('s1')
    bench.clients.sweep(59_000)
    expect(bench.state.asked).toBe(1)
    bench.sessions.delete('s1')
    bench.nowMs = 60_000
    bench.clients.sweep(bench.nowMs)
    bench.clients.sweep(bench.nowMs)
    await eventually(() => client.socket.closed, {what: 'the close'})
    expect(bench.state.asked).toBe(2)
  })
})

it('a database that is away: new clients are told to come back, the others stay', async () => {
  const bench = new Bench()
  bench.sessions.set('s1', {user: '42'})
  const before = await bench.open('s1')
  bench.state.isDown = true
  const client = bench.connect()
  client.say({action: 'Client/authentication', details: [{session: 's1'}]})
  await eventually(() => client.socket.closed, {what: 'the close'})
  expect(client.socket.take()).toMatchObject([{details: [503, expect.any(String)]}])
  expect(client.socket.closed).toEqual({code: 4007, reason: 'unavailable'})
  expect(bench.deliver('x', null, {user: 42})).toBe(1)
  expect(before.socket.closed).toBeUndefined()
  expect(bench.counters.get('authenticationsUnavailable')).toBe(1)
})

it('the session comes from the cookie, with nothing in the message', async () => {
  const bench = new Bench()
  bench.sessions.set('s1', {user: '42'})
  const client = bench.connect('object', {session: 's1'})
  client.say({action: 'Client/authentication'})
  await eventually(() => client.socket.texts.length > 0, {what: 'an answer'})
  expect(client.socket.take()).toMatchObject([{details: ['ok', {user: '42', session: 's1'}]}])
})

describe('what filters ask for', () => {
  const handlers = {
    enter: ({connection, details}: {connection: {set(n: string, v?: string): void}; details: readonly unknown[]}) =>
      connection.set('room', String(details[0])),
    leave: ({connection}: {connection: {set(n: string, v: undefined): void}}) =>
      connection.set('room', undefined),
    odd: ({connection, details}: {connection: {set(n: string, v: string): void}; details: readonly unknown[]}) =>
      connection.set(String(details[0]), String(details[1])),
  }

  it('is what the node knows, and what handlers have set, also when the identity changes', async () => {
    const bench = new Bench({handlers})
    bench.sessions.set('s1', {user: '42'})
    const client = await bench.open('s1')
    expect(bench.deliver('x', null, {filter: {address: '127.0.0.1'}})).toBe(1)
    expect(bench.deliver('x', null, {filter: {connection: 'n-1-c1'}})).toBe(1)
    expect(bench.deliver('x', null, {filter: {session: 's1', room: '7'}})).toBe(0)
    client.say({action: 'enter', details: ['7']})
    expect(bench.deliver('x', null, {filter: {session: 's1', room: '7'}})).toBe(1)
    bench.sessions.set('s1', {user: '42', groups: ['staff']})
    bench.control('refresh', {user: 42})
    await eventually(() => bench.deliver('x', null, {group: 'staff'}) === 1, {what: 'the group'})
    expect(bench.deliver('x', null, {filter: {room: '7'}})).toBe(1)
    client.say({action: 'leave'})
    expect(bench.deliver('x', null, {filter: {room: '7'}})).toBe(0)
  })

  it.each([
    ['user', '1'], ['session', 's'], ['address', '10.0.0.1'], ['connection', 'c'], ['', 'x'],
    ['room', ''], ['room', 'x'.repeat(LIMITS.idBytes + 1)],
  ])('cannot be set to lie: %s=%s', async (name, value) => {
    const bench = new Bench({handlers})
    bench.sessions.set('s1', {user: '42'})
    const client = await bench.open('s1')
    client.say({action: 'odd', details: [name, value]})
    expect(client.socket.take()).toMatchObject([{action: 'odd:error'}])
  })

  it('has a bound, and any name', async () => {
    const bench = new Bench({handlers})
    bench.sessions.set('s1', {user: '42'})
    const client = await bench.open('s1')
    client.say({action: 'odd', details: ['__proto__', 'x']})
    expect(bench.deliver('x', null, {filter: JSON.parse('{"__proto__": "x"}') as object as Record<string, string>})).toBe(1)
    client.socket.take()
    for (let n = 0; n < LIMITS.properties; n += 1) client.say({action: 'odd', details: [`p${n}`, 'x']})
    expect(client.socket.take()).toMatchObject([{action: 'odd:error'}])
  })
})
