import {afterEach, expect, test} from 'vitest'

import {acceptorHandshake} from '../../../src/lib/auth/handshake.js'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import {connectOperator, type ConnectOptions} from '../../../src/lib/operator/operator-client.js'
import type {OperatorEvent} from '../../../src/lib/protocol/operator-frame.js'
import {SUBPROTOCOL} from '../../../src/lib/protocol/version.js'
import type {AcceptedSocket, Listener} from '../../../src/lib/transport/transport.js'
import {listen} from '../../../src/lib/transport/ws-transport.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {within} from '../../helpers/eventually.js'

const secret = new MeshSecret('a secret for tests only', 'test')

interface FakeNodeOptions {
  readonly secret?: MeshSecret
  readonly versions?: readonly number[]
  /** A node that accepts and then says nothing. */
  readonly isMute?: boolean
  /** Each request of a proved operator; what it sends is the answer. */
  readonly onRequest?: (request: {id: number; op: string}, socket: AcceptedSocket) => void
}

const listeners: Listener[] = []
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((listener) => listener.close()))
})

/** A node's door with the real transport and handshake, and requests answered as told. */
async function fakeNode(options: FakeNodeOptions = {}): Promise<string> {
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    kinds: {operator: {maxFrameBytes: 1024 * 1024}},
    connectionsMax: 10,
    onRequest: () => ({status: 404, type: 'text/plain; charset=utf-8', body: ''}),
    onUpgrade: ({path}) => {
      if (path !== '/mesh') return {accept: false, status: 404, text: 'Not here'}
      return {
        accept: true,
        kind: 'operator',
        subprotocol: SUBPROTOCOL.operator,
        handler: (socket) => door(socket, options),
      }
    },
  })
  listeners.push(listener)
  return `ws://127.0.0.1:${listener.port}/mesh`
}

function door(socket: AcceptedSocket, options: FakeNodeOptions) {
  const handshake = acceptorHandshake({
    secret: options.secret ?? secret,
    self: nodeId('fake'),
    role: 'operator',
    ...(options.versions ? {versions: options.versions} : {}),
  })
  if (options.isMute !== true) socket.send(handshake.opening)
  let isProved = false
  return {
    onMessage(data: Uint8Array) {
      if (isProved) {
        options.onRequest?.(JSON.parse(Buffer.from(data).toString()) as never, socket)
        return
      }
      const step = handshake.receive(data)
      if (step.send !== undefined) socket.send(step.send)
      isProved = step.done !== undefined
      if (step.fail) socket.close(4500, step.fail.reason)
    },
    onClose: () => undefined,
  }
}

function connect(url: string, more: Partial<ConnectOptions> = {}) {
  return within(connectOperator({url, secret, timeoutMs: 2000, ...more}), 'the connection')
}

const published = {id: 'fake-1', position: null, connections: 0, nodes: 0, byNode: [], missing: []}
const publication = {action: 'a', details: [], target: {everyone: true}} as const

test('both sides prove themselves, and the node says who it is', async () => {
  const connection = await connect(await fakeNode())
  expect(connection.node).toBe('fake')
  connection.close()
  await expect(connection.closed).resolves.toMatch(/closed by this side/)
})

test('answers find their requests, in whatever order they come', async () => {
  const waiting: (() => void)[] = []
  const url = await fakeNode({
    onRequest({id, op}, socket) {
      const result = op === 'ping' ? {pong: true} : published
      waiting.push(() => socket.send(JSON.stringify({id, ok: true, result})))
      if (waiting.length === 2) for (const answer of waiting.toReversed()) answer()
    },
  })
  const connection = await connect(url)
  const [sent, rttMs] = await Promise.all([
    connection.publish(publication, 1000),
    connection.ping(1000),
  ])
  expect(sent).toEqual(published)
  expect(rttMs).toBeGreaterThan(0)
})

test('events reach onEvent', async () => {
  const event = {event: 'dropped', messages: 2}
  const url = await fakeNode({
    onRequest({id}, socket) {
      socket.send(JSON.stringify({id, ok: true, result: {tailing: true}}))
      socket.send(JSON.stringify(event))
    },
  })
  const heard = new Promise<OperatorEvent>((resolve) => {
    void connect(url, {onEvent: resolve}).then((connection) => connection.tail({}, 1000))
  })
  await expect(within(heard, 'the event')).resolves.toEqual(event)
})

test.each([
  [400, 'REQUEST_INVALID'],
  [413, 'DETAILS_INVALID'],
  [503, 'OUTBOX_FULL'],
  [504, 'RECEIPT_TIMED_OUT'],
])('status %i is %s', async (status, code) => {
  const url = await fakeNode({
    onRequest({id}, socket) {
      const error = {status, message: 'the reason', messageId: 'fake-7'}
      socket.send(JSON.stringify({id, ok: false, error}))
    },
  })
  const connection = await connect(url)
  await expect(connection.publish(publication, 1000)).rejects.toMatchObject({code})
})

test.each([
  ['ping', 'TIMED_OUT'],
  ['publish', 'RECEIPT_TIMED_OUT'],
] as const)('a %s without an answer rejects with %s', async (op, code) => {
  const connection = await connect(await fakeNode())
  const answer = op === 'ping' ? connection.ping(50) : connection.publish(publication, 50)
  await expect(answer).rejects.toMatchObject({code})
  expect(connection.isOver).toBe(false)
})

test('a connection that ends rejects what waits; a publish may have happened', async () => {
  const url = await fakeNode({onRequest: (_request, socket) => socket.destroy()})
  const connection = await connect(url)
  await expect(connection.publish(publication, 5000)).rejects.toMatchObject({
    code: 'NODE_UNREACHABLE',
    message: expect.stringContaining('may have been delivered, or not'),
  })
  expect(connection.isOver).toBe(true)
  await expect(connection.ping(1000)).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
})

test.each(['rubbish', '{}', '{"id":1,"ok":true,"result":{}}', '{"event":"nonsense"}'])(
  'a node that answers %s is left',
  async (answer) => {
    const url = await fakeNode({onRequest: (_request, socket) => socket.send(answer)})
    const connection = await connect(url)
    await expect(connection.ping(2000)).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
  },
)

test('the answer to another request is nonsense too', async () => {
  const url = await fakeNode({
    onRequest: ({id}, socket) => socket.send(JSON.stringify({id, ok: true, result: published})),
  })
  const connection = await connect(url)
  await expect(connection.ping(2000)).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
})

test('another secret is AUTH_REJECTED', async () => {
  const url = await fakeNode({secret: new MeshSecret('quite another secret', 'test')})
  await expect(connect(url)).rejects.toMatchObject({code: 'AUTH_REJECTED'})
})

test('a version that nobody here speaks is PROTOCOL_VERSION_UNSUPPORTED', async () => {
  const url = await fakeNode({versions: [99]})
  await expect(connect(url)).rejects.toMatchObject({code: 'PROTOCOL_VERSION_UNSUPPORTED'})
})

test.each([
  ['nothing listens', () => Promise.resolve('ws://127.0.0.1:9/mesh'), /refused/],
  ['another path', async () => (await fakeNode()).replace('mesh', 'x'), /no wsmesh node/],
  ['silence after the upgrade', () => fakeNode({isMute: true}), /said nothing/],
  ['no URL at all', () => Promise.resolve('nonsense'), /./],
])('%s is NODE_UNREACHABLE, with why', async (_name, make, why) => {
  await expect(connect(await make(), {timeoutMs: 300})).rejects.toMatchObject({
    code: 'NODE_UNREACHABLE',
    cause: {message: expect.stringMatching(why)},
  })
})

test('an abort ends it at once, before and after the upgrade', async () => {
  const abort = new AbortController()
  const connecting = connect(await fakeNode({isMute: true}), {signal: abort.signal})
  abort.abort()
  await expect(connecting).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
  const late = connect(await fakeNode({isMute: true}), {signal: abort.signal})
  await expect(late).rejects.toMatchObject({code: 'NODE_UNREACHABLE'})
})
