import {describe, expect, it} from 'vitest'
import type {Rights} from '../../../src/lib/auth/mesh-secret.js'
import type {Log, LogFields} from '../../../src/lib/node/log.js'
import {Counters} from '../../../src/lib/node/counters.js'
import {Operators} from '../../../src/lib/node/operators.js'
import {Publisher} from '../../../src/lib/node/publisher.js'
import type {MeshEvent} from '../../../src/lib/mesh/event.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import type {TailFilter} from '../../../src/lib/protocol/operator-frame.js'
import type {Target} from '../../../src/lib/protocol/target.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {eventually} from '../../helpers/eventually.js'
import {FakeSocket} from '../../helpers/fake-socket.js'

function bench(rights: Rights = 'operator') {
  const logged: {text: string; fields: LogFields}[] = []
  const keep = (text: string, fields: LogFields = {}): void => void logged.push({text, fields})
  const log: Log = {debug: keep, info: keep, warn: keep, error: keep}
  const clock = {nowMs: 0}
  const pushed: MeshEvent[] = []
  const counters = new Counters()
  const publisher = new Publisher((event) => void pushed.push(event), counters)
  const operators = new Operators({
    publisher,
    counters,
    stats: () => {
      throw new Error('Not asked for here')
    },
    who: () => {
      throw new Error('Not asked for here')
    },
    explain: () => {
      throw new Error('Not asked for here')
    },
    act: () => ({ok: false, status: 409, why: 'Not now'}),
    log,
    now: () => clock.nowMs,
    soak: () => Promise.resolve({status: 429, why: 'One at a time'}),
    wallClock: () => 1000,
    watch: () => undefined,
  })
  const socket = new FakeSocket()
  const handler = operators.accept(socket, {peer: 'ann@web1:7', rights})
  const ask = (request: unknown): void =>
    handler.onMessage(Buffer.from(JSON.stringify(request)), false)
  return {logged, clock, pushed, counters, publisher, operators, socket, handler, ask}
}

const publish = {id: 7, op: 'publish', action: 'hello', details: ['Hi'], target: {user: 42}}

function envelope(action: string, target: Target, origin = 'n-1') {
  return {origin: nodeId(origin), counter: 1, callerId: undefined, target, payload: encodePayload(action, ['Hi'])}
}

function message(action: string, target: Target) {
  return {envelope: envelope(action, target), term: 1, seq: 9, repeatOf: undefined}
}

describe('acts of operators', () => {
  it('have a line each in the log, with who and from where; looking has none', () => {
    const {ask, logged} = bench()
    ask({id: 1, op: 'ping'})
    ask(publish)
    expect(logged).toEqual([{
      text: 'An operator acted',
      fields: {
        act: 'publish', by: 'ann@web1:7', from: '127.0.0.1', action: 'hello', target: '{"user":42}',
      },
    }])
  })

  it('that are thousands are counted, and none is left out', () => {
    const {ask, logged, clock, operators, handler} = bench()
    for (let n = 0; n < 500; n += 1) ask(publish)
    clock.nowMs = 1000
    operators.sweep()
    ask(publish)
    for (let n = 0; n < 20; n += 1) ask(publish)
    handler.onClose(1000, '')
    const lines = logged.filter(({text}) => text === 'An operator acted').length
    const counted = logged.map(({fields}) => Number(fields['acts'] ?? 0))
    expect(lines).toBe(20)
    expect(counted.reduce((sum, each) => sum + each, lines)).toBe(521)
  })
})

describe('a viewer', () => {
  it('may look', async () => {
    const {ask, socket} = bench('viewer')
    ask({id: 1, op: 'ping'})
    await eventually(() => socket.texts.length > 0)
    expect(socket.take()).toEqual([{id: 1, ok: true, result: {pong: true}}])
  })

  it('is told 403 when it would stop the node to look at its memory', async () => {
    const {ask, socket} = bench('viewer')
    ask({id: 7, op: 'soak'})
    await eventually(() => socket.texts.length > 0)
    expect(socket.take()).toMatchObject([{id: 7, ok: false, error: {status: 403}}])
  })

  it('is told 403 when it would act, and nothing is done', async () => {
    const {ask, socket, pushed, counters, logged} = bench('viewer')
    ask(publish)
    await eventually(() => socket.texts.length > 0)
    expect(socket.take()).toMatchObject([{id: 7, ok: false, error: {status: 403}}])
    expect(pushed).toEqual([])
    expect(counters.get('operatorsRefused')).toBe(1)
    expect(logged).toMatchObject([{text: 'A viewer was refused', fields: {by: 'ann@web1:7'}}])
  })
})

describe('an operator', () => {
  it('publishes, and gets the receipt', async () => {
    const {ask, pushed, publisher, socket} = bench()
    ask(publish)
    const target = {kind: 'user', ids: ['42']}
    expect(pushed).toMatchObject([{type: 'publish', ticket: 1, target}])
    publisher.accepted(1, 'n-1-1')
    publisher.receipt(1, {
      type: 'stable',
      position: {epoch: 'e', term: 1, seq: 9},
      byNode: [{node: nodeId('n-1'), connections: 3}, {node: nodeId('n-2'), connections: 0}],
      missing: [nodeId('n-3')],
      isEarlier: false,
    })
    await eventually(() => socket.texts.length > 0)
    expect(socket.take()).toEqual([{
      id: 7,
      ok: true,
      result: {
        id: 'n-1-1', position: 'e.1.9', connections: 3, nodes: 1,
        byNode: [{node: 'n-1', connections: 3}], missing: ['n-3'],
      },
    }])
    expect(publisher.waiting).toBe(0)
  })

  it('is told why there is no sample of the memory', async () => {
    const {ask, socket} = bench()
    ask({id: 7, op: 'soak'})
    await eventually(() => socket.texts.length > 0)
    expect(socket.take()).toEqual([
      {id: 7, ok: false, error: {status: 429, message: 'One at a time'}},
    ])
  })

  it.each(['Client/authentication', 'a b', 'a\n'])('is refused the action %j', async (action) => {
    const {ask, pushed, socket} = bench()
    ask({...publish, action})
    await eventually(() => socket.texts.length > 0)
    expect(pushed).toEqual([])
    expect(socket.take()).toMatchObject([{id: 7, ok: false, error: {status: 400}}])
  })

  it.each([
    ['refused', 503, undefined],
    ['timeout', 504, 'n-1-1'],
  ])('hears that a message was %s', async (how, status, messageId) => {
    const {ask, publisher, socket} = bench()
    ask(publish)
    if (how === 'refused') {
      publisher.refused(1, 'outbox-full')
    } else {
      publisher.accepted(1, 'n-1-1')
      publisher.receipt(1, {type: 'timeout'})
    }
    await eventually(() => socket.texts.length > 0)
    const error = {status, message: expect.any(String), ...(messageId && {messageId})}
    expect(socket.take()).toEqual([{id: 7, ok: false, error}])
  })

  it('whose message was refused is taken no later one until it knows', async () => {
    const {ask, pushed, publisher, socket, handler} = bench()
    for (const id of [1, 2, 3]) ask({...publish, id})
    publisher.accepted(1, 'n-1-1')
    publisher.refused(2, 'outbox-full')
    // There is room again, and the core took the third before it heard of the second.
    publisher.refused(3, 'outbox-full')
    ask({...publish, id: 4})
    expect(pushed).toHaveLength(3)
    await eventually(() => socket.texts.length === 3)
    expect(socket.take()).toMatchObject([2, 3, 4].map((id) => ({id, error: {status: 503}})))
    await eventually(() => socket.pings === 1)
    ask({...publish, id: 5})
    handler.onPong?.(socket.lastPing)
    ask({...publish, id: 6})
    expect(pushed).toHaveLength(3)
    await eventually(() => socket.pings === 2)
    handler.onPong?.(socket.lastPing)
    ask({...publish, id: 7})
    expect(pushed).toHaveLength(4)
    expect(socket.take()).toMatchObject([5, 6].map((id) => ({
      id, error: {status: 503, message: expect.stringContaining('earlier message')},
    })))
  })

  it.each([
    ['a target that is none', {...publish, target: {}}],
    ['an unknown request', {id: 7, op: 'reboot'}],
    ['details that are too large', {...publish, details: 'x'.repeat(1024 * 1024)}],
  ])('is told of %s, and may go on', async (_name, request) => {
    const {ask, socket, pushed} = bench()
    ask(request)
    await eventually(() => socket.texts.length > 0)
    expect(socket.take()).toMatchObject([{id: 7, ok: false, error: {status: 400}}])
    ask({id: 8, op: 'ping'})
    await eventually(() => socket.texts.length > 0)
    expect(socket.take()).toEqual([{id: 8, ok: true, result: {pong: true}}])
    expect(pushed).toEqual([])
  })

  it('who sends rubbish is closed and counted', () => {
    const {handler, socket, counters, operators} = bench()
    handler.onMessage(Buffer.from('rubbish'), false)
    expect(socket.closed?.code).toBe(4502)
    expect(counters.get('operatorViolations')).toBe(1)
    expect(operators.count).toBe(0)
  })

  it('who reads no answers is closed, not buffered for ever', async () => {
    const {ask, socket} = bench()
    socket.stuckBytes = 17 * 1024 * 1024
    ask({id: 1, op: 'ping'})
    await eventually(() => socket.closed)
    expect(socket.closed?.code).toBe(4001)
  })
})

describe('a tail', () => {
  const user42: Target = {kind: 'user', ids: ['42', '7']}
  const filters: [TailFilter, boolean][] = [
    [{}, true],
    [{action: 'chat/*'}, true],
    [{action: 'chat*'}, false],
    [{action: '**'}, true],
    [{action: 'c?at/hel**'}, true],
    [{action: 'chat.hello'}, false],
    [{user: '7'}, true],
    [{user: '8'}, false],
    [{origin: 'n-1'}, true],
    [{origin: 'n-2'}, false],
  ]

  it.each(filters)('with %j shows what it asked for', async (filter, isShown) => {
    const {ask, operators, socket} = bench()
    operators.delivered([message('chat/hello', user42)], 'e')
    ask({id: 1, op: 'tail', filter})
    await eventually(() => socket.take().length > 0)
    operators.delivered([message('chat/hello', user42)], 'e')
    const event = {
      event: 'message', at: 1000, position: 'e.1.9', id: 'n-1-1', origin: 'n-1',
      target: {user: ['42', '7']}, action: 'chat/hello', details: ['Hi'],
    }
    expect(socket.take()).toEqual(isShown ? [event] : [])
    operators.changed({event: 'member', change: 'joined', node: nodeId('n-3')})
    expect(socket.take()).toEqual([{event: 'member', change: 'joined', node: 'n-3'}])
  })

  it('that is too slow loses messages, and is told how many', async () => {
    const {ask, operators, socket, counters} = bench()
    ask({id: 1, op: 'tail', filter: {}})
    await eventually(() => socket.take().length > 0)
    socket.stuckBytes = 5 * 1024 * 1024
    operators.delivered([1, 2, 3].map(() => message('x', user42)), 'e')
    operators.sweep()
    expect(socket.take()).toEqual([])
    socket.stuckBytes = 0
    operators.sweep()
    expect(socket.take()).toEqual([{event: 'dropped', messages: 3}])
    expect(counters.get('tailDropped')).toBe(3)
  })
})
