import {describe, expect, it} from 'vitest'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import type {TargetJson} from '../../../src/lib/protocol/target.js'
import {ClientBench} from '../../helpers/client-bench.js'
import {eventually} from '../../helpers/eventually.js'

describe('authentication', () => {
  it('answers who the client is, where and how often pings come', async () => {
    const bench = new ClientBench()
    const client = bench.connect()
    const token = await bench.token('42', {groups: ['staff'], session: 's1'})
    client.say({action: 'Client/authentication', details: [{token}]})
    await eventually(() => client.socket.texts.length > 0)
    const answer = {
      user: '42', groups: ['staff'], session: 's1', node: 'n-1', position: 'e.1.1',
      recovered: false, heartbeatMs: 25_000, expiresInMs: expect.any(Number),
    }
    const frame = {action: 'Client/authentication', details: ['ok', answer]}
    expect(client.socket.take()).toEqual([frame])
    expect([bench.registry.users, bench.registry.guests]).toEqual([1, 0])
  })

  it.each([
    ['no proof where guests are denied', [], 401],
    ['a session, which nobody checks here', [{session: 'x'}], 401],
    ['a token of somebody else', [{token: 'a.b.c'}], 403],
  ])('sends %s away', async (_name, details, status) => {
    const bench = new ClientBench()
    const client = bench.connect('v1')
    client.say({action: 'Client/authentication', details, id: 'first'})
    await eventually(() => client.socket.closed)
    const [answer] = client.socket.take() as {details: unknown[]; re: string}[]
    expect(answer).toMatchObject({action: 'Client/authentication:error', re: 'first'})
    expect(answer?.details[0]).toBe(status)
    expect(client.socket.closed).toEqual({code: 4500, reason: 'unauthenticated'})
    expect(bench.counters.get('authenticationsFailed')).toBe(1)
    expect(bench.registry.size).toBe(0)
  })

  it('tells a malformed proof from a wrong one, and lets the client try again', async () => {
    const bench = new ClientBench()
    const client = bench.connect()
    client.say({action: 'Client/authentication', details: [{token: 42}]})
    expect(client.socket.take()).toMatchObject([{details: [400, expect.any(String)]}])
    await client.login('42')
    expect(client.socket.closed).toBeUndefined()
  })

  it('answers 401 to anything else before it, and closes after the time limit', async () => {
    const bench = new ClientBench({handlers: {hello: ({reply}) => reply('never')}})
    const client = bench.connect()
    client.say({action: 'hello'})
    const refusal = {action: 'hello:error', details: [401, expect.any(String)]}
    expect(client.socket.take()).toMatchObject([refusal])
    bench.nowMs = LIMITS.handshakeMs - 1
    bench.clients.sweep(bench.nowMs)
    expect(client.socket.closed).toBeUndefined()
    bench.nowMs += 1
    bench.clients.sweep(bench.nowMs)
    expect(client.socket.closed).toEqual({code: 4008, reason: 'authentication-timeout'})
  })

  it('keeps frames that come while a proof is checked, in order and within a bound', async () => {
    const bench = new ClientBench({handlers: {say: ({details, reply}) => reply(details)}})
    const client = bench.connect()
    const token = await bench.token('42')
    client.say({action: 'Client/authentication', details: [{token}]})
    for (let n = 0; n < 10; n += 1) client.say({action: 'say', details: [n]})
    await eventually(() => client.socket.texts.length === 11)
    const answers = client.socket.take().slice(1) as {details: unknown[]}[]
    expect(answers.map(({details}) => details[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    const flood = bench.connect()
    flood.say({action: 'Client/authentication', details: [{token}]})
    for (let n = 0; n < 100; n += 1) flood.say({action: 'say', details: [n]})
    expect(flood.socket.closed).toEqual({code: 4005, reason: 'too-many'})
  })

  it('may be repeated by the same user: groups and the end are those of the new token', async () => {
    const bench = new ClientBench()
    const client = bench.connect()
    await client.login('42', {groups: ['staff'], ttlMs: 5000})
    await client.login('42', {groups: ['press'], ttlMs: 60_000})
    expect(bench.deliver('x', null, {group: 'staff'})).toBe(0)
    expect(bench.deliver('x', null, {group: 'press'})).toBe(1)
    bench.clients.sweep(6000)
    expect(client.socket.closed).toBeUndefined()
  })

  it.each([
    ['another user', (bench: ClientBench) => bench.token('7')],
    ['nobody', () => Promise.resolve('a.b.c')],
  ])('by %s is refused: the connection stays who it was', async (_name, tokenOf) => {
    const bench = new ClientBench()
    const client = bench.connect()
    await client.login('42')
    client.say({action: 'Client/authentication', details: [{token: await tokenOf(bench)}]})
    await eventually(() => client.socket.texts.length > 0)
    const [answer] = client.socket.take()
    expect(answer).toMatchObject({action: 'Client/authentication:error', details: [403, expect.any(String)]})
    expect(client.socket.closed).toBeUndefined()
    expect(bench.deliver('x', null, {user: 42})).toBe(1)
    expect(bench.deliver('x', null, {user: 7})).toBe(0)
  })

  it('lets guests in when told to, for messages to everyone only', async () => {
    const bench = new ClientBench({guests: 'allow'})
    const guest = bench.connect()
    guest.say({action: 'Client/authentication', details: []})
    await eventually(() => guest.socket.texts.length > 0)
    expect(guest.socket.take()).toMatchObject([{details: ['ok', {user: null}]}])
    expect(bench.deliver('x', null, {registered: true})).toBe(0)
    expect(bench.deliver('x', null, {everyone: true})).toBe(1)
    expect(bench.registry.guests).toBe(1)
  })

  it('ends with the token', async () => {
    const bench = new ClientBench()
    const client = bench.connect()
    const token = await bench.token('42', {ttlMs: 4999})
    client.say({action: 'Client/authentication', details: [{token}]})
    await eventually(() => client.socket.texts.length > 0)
    bench.clients.sweep(4000)
    expect(client.socket.closed).toBeUndefined()
    bench.clients.sweep(5001)
    expect(client.socket.closed).toEqual({code: 4006, reason: 'session-expired'})
    expect(bench.counters.get('sessionsExpired')).toBe(1)
    expect(bench.registry.users).toBe(0)
  })
})

describe("a supervisor's probe", () => {
  it('is nobody: what is for everyone is not for it, what is for itself is', async () => {
    const bench = new ClientBench()
    const probe = bench.connect()
    await probe.login('wsmesh-supervisor-1-0.5')
    const client = bench.connect()
    await client.login('42')
    expect(bench.deliver('x', null, {everyone: true})).toBe(1)
    expect(bench.deliver('x', null, {registered: true})).toBe(1)
    expect(bench.deliver('x', null, {user: 'wsmesh-supervisor-1-0.5'})).toBe(1)
    probe.handler.onClose(1000, '')
    expect([bench.registry.size, bench.registry.users]).toEqual([1, 1])
    expect(bench.deliver('x', null, {user: 'wsmesh-supervisor-1-0.5'})).toBe(0)
  })
})

describe('delivery', () => {
  const targets: [string, TargetJson, string[]][] = [
    ['one user', {user: 42}, ['a', 'b']],
    ['several users', {user: ['42', 7, 42]}, ['a', 'b', 'c']],
    ['a group', {group: 'staff'}, ['a', 'c']],
    ['groups that overlap', {group: ['staff', 'night']}, ['a', 'c']],
    ['a session', {session: 's1'}, ['a']],
    ['a filter', {filter: {language: 'en'}}, ['a', 'c']],
    ['a filter that names the user', {filter: {user: 42, language: 'de'}}, ['b']],
    ['the registered', {registered: true}, ['a', 'b', 'c']],
    ['everyone', {everyone: true}, ['a', 'b', 'c', 'g']],
    ['nobody', {user: 'nobody'}, []],
  ]

  it.each(targets)('reaches %s once, and nobody else', async (_name, target, expected) => {
    const bench = new ClientBench({guests: 'allow'})
    const [a, b, c, g] = [bench.connect(), bench.connect(), bench.connect('v1'), bench.connect()]
    const clients = {a, b, c, g}
    bench.connect()
    const en = {language: 'en'}
    await clients.a.login('42', {groups: ['staff', 'night'], session: 's1'}, en)
    await clients.b.login('42', {}, {language: 'de'})
    await clients.c.login('7', {groups: ['staff']}, en)
    clients.g.say({action: 'Client/authentication', details: [{language: 'en'}]})
    await eventually(() => clients.g.socket.texts.length > 0)
    clients.g.socket.take()
    expect(bench.deliver('hello', ['Hi'], target)).toBe(expected.length)
    for (const [name, {socket}] of Object.entries(clients)) {
      const added = name === 'c' && {id: 'n-2-1', position: 'e.1.1'}
      const frame = {action: 'hello', details: ['Hi'], ...added}
      expect(socket.take(), name).toEqual(expected.includes(name) ? [frame] : [])
    }
  })

  it('closes who does not read, counts it, and goes on with the others', async () => {
    const bench = new ClientBench({limits: {clientQueueBytes: 1000}})
    const slow = bench.connect()
    const fast = bench.connect()
    await slow.login('42')
    await fast.login('42')
    slow.socket.stuckBytes = 990
    expect(bench.deliver('hello', ['Hi'], {user: 42})).toBe(1)
    expect(slow.socket.closed).toEqual({code: 4001, reason: 'slow-consumer'})
    expect(bench.counters.get('slowConsumers')).toBe(1)
    expect(fast.socket.take()).toHaveLength(1)
    expect(bench.deliver('hello', ['Hi'], {user: 42})).toBe(1)
  })

  it('does not hear who is far behind with reading, and goes on where it was', async () => {
    const heard: unknown[] = []
    const bench = new ClientBench({
      limits: {clientQueueBytes: 1000},
      handlers: {note: ({details}) => void heard.push(details[0])},
    })
    const client = bench.connect()
    await client.login('42')
    client.socket.stuckBytes = 600
    for (const n of [1, 2, 3]) client.say({action: 'note', details: [n]})
    expect([heard, client.socket.isPaused]).toEqual([[], true])
    bench.clients.sweep(1)
    expect([heard, client.socket.isPaused]).toEqual([[], true])
    client.socket.stuckBytes = 400
    bench.clients.sweep(2)
    expect([heard, client.socket.isPaused]).toEqual([[1, 2, 3], false])
    client.socket.stuckBytes = 600
    client.say({action: 'note', details: [4]})
    client.socket.stuckBytes = 0
    client.handler.onDrain?.()
    expect([heard, client.socket.isPaused]).toEqual([[1, 2, 3, 4], false])
    expect(client.socket.closed).toBeUndefined()
  })

  it('takes neither a burst nor a message larger than the bound for slowness', async () => {
    const bench = new ClientBench({limits: {clientQueueBytes: 1000}})
    const client = bench.connect()
    await client.login('42')
    for (let n = 0; n < 100; n += 1) {
      expect(bench.deliver('n', [n, 'x'.repeat(90)], {user: 42})).toBe(1)
    }
    client.socket.flush()
    expect(bench.deliver('large', ['x'.repeat(5000)], {user: 42})).toBe(1)
    expect(client.socket.closed).toBeUndefined()
  })

  it('forgets who left', async () => {
    const bench = new ClientBench()
    const client = bench.connect()
    await client.login('42', {groups: ['staff'], session: 's1'})
    client.handler.onClose(1001, 'gone')
    const targets = [{user: 42}, {group: 'staff'}, {session: 's1'}, {everyone: true}] as const
    for (const target of targets) {
      expect(bench.deliver('x', null, target)).toBe(0)
    }
    expect([bench.registry.size, bench.registry.users]).toEqual([0, 0])
  })
})

describe('a quiet connection', () => {
  it('is pinged, and kept while it answers', async () => {
    const bench = new ClientBench({guests: 'allow'})
    const client = bench.connect()
    client.say({action: 'Client/authentication'})
    await eventually(() => client.socket.texts.length > 0)
    for (let n = 1; n <= 10; n += 1) {
      bench.clients.sweep(LIMITS.pingMs * n)
      client.handler.onPong?.('')
    }
    expect(client.socket.pings).toBe(10)
    expect(client.socket.closed).toBeUndefined()
  })

  it('that leaves two pings unanswered is closed', async () => {
    const bench = new ClientBench({guests: 'allow'})
    const client = bench.connect()
    client.say({action: 'Client/authentication'})
    await eventually(() => client.socket.texts.length > 0)
    for (const n of [1, 2, 3]) bench.clients.sweep(LIMITS.pingMs * n)
    expect(client.socket.pings).toBe(2)
    expect(client.socket.closed).toEqual({code: 4004, reason: 'no-pong'})
    expect(bench.counters.get('missedPongs')).toBe(1)
  })
})

describe('frames that are wrong', () => {
  it.each([
    ['no JSON', 'rubbish', 4502],
    ['no action', '{}', 4502],
    ['an action that ends in :error', '{"action":"x:error"}', 4502],
    ['more than a stranger may send', `{"action":"x","details":"${'y'.repeat(17_000)}"}`, 4503],
  ])('close: %s', (_name, text, code) => {
    const bench = new ClientBench()
    const client = bench.connect()
    client.handler.onMessage(Buffer.from(text), false)
    expect(client.socket.closed?.code).toBe(code)
    expect(bench.counters.get('clientViolations')).toBe(1)
    client.say({action: 'after'})
    expect(client.socket.texts).toEqual([])
  })

  it('cannot fake events of the node', async () => {
    const seen: string[] = []
    const bench = new ClientBench({handlers: {'Client/disconnection': () => seen.push('left')}})
    const client = bench.connect()
    await client.login('42')
    client.say({action: 'Client/disconnection', details: []})
    expect(client.socket.take()).toMatchObject([
      {action: 'Client/disconnection:error', details: [403, expect.any(String)]},
    ])
    expect(seen).toEqual([])
    client.handler.onClose(1000, '')
    expect(seen).toEqual(['left'])
  })
})
