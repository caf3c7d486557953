import {afterEach, describe, expect, it} from 'vitest'
import {MeshSecret} from '../../../src/lib/auth/mesh-secret.js'
import type {MeshEvent} from '../../../src/lib/mesh/event.js'
import {Counters} from '../../../src/lib/node/counters.js'
import {createNodeDialer} from '../../../src/lib/node/dial-node.js'
import {Links} from '../../../src/lib/node/links.js'
import {silentLog} from '../../../src/lib/node/log.js'
import {MeshDoor, STRANGERS_MAX} from '../../../src/lib/node/mesh-door.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import type {Listener, SocketHandler} from '../../../src/lib/transport/transport.js'
import {dial, listen} from '../../../src/lib/transport/ws-transport.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {eventually} from '../../helpers/eventually.js'
import {connectTestClient} from '../../helpers/test-client.js'

const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

interface Side {
  readonly links: Links
  readonly events: MeshEvent[]
  readonly counters: Counters
  readonly door: MeshDoor
  readonly listener: Listener
  readonly url: string
  nowMs: number
}

/** A node's links behind a real port, without a core. */
async function startSide(id: string, secretText = 'a secret for tests only'): Promise<Side> {
  const secret = new MeshSecret(secretText, 'test')
  const events: MeshEvent[] = []
  const counters = new Counters()
  const self = nodeId(id)
  const push = (event: MeshEvent): void => void events.push(event)
  const dialNode = createNodeDialer({self, secret, timeoutMs: 500, dial})
  const links = new Links({push, dialNode, counters, log: silentLog, now: () => side.nowMs})
  const now = (): number => side.nowMs
  const door = new MeshDoor({
    self, secret, counters, log: silentLog, handshakeMs: LIMITS.handshakeMs, now,
  })
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    kinds: {node: {maxFrameBytes: LIMITS.nodeFrameBytes, proofBytes: 16_384}},
    connectionsMax: 1000,
    onUpgrade: ({subprotocols}) => ({
      accept: true,
      kind: 'node',
      subprotocol: subprotocols[0],
      handler: (socket): SocketHandler =>
        door.accept(socket, 'node', ({peer}) => links.accepted(nodeId(peer), socket)),
    }),
    onRequest: () => ({status: 404, type: 'text/plain; charset=utf-8', body: ''}),
  })
  const url = `ws://127.0.0.1:${listener.port}/mesh`
  const side: Side = {links, events, counters, door, listener, url, nowMs: 0}
  cleanups.push(() => {
    links.destroyAll()
    return listener.close()
  })
  return side
}

const address = (id: string, {url}: Side): {id: ReturnType<typeof nodeId>; url: string} => ({
  id: nodeId(id),
  url,
})

describe('a link', () => {
  it('is opened by proof, carries frames both ways, and tells its end once', async () => {
    const a = await startSide('a')
    const b = await startSide('b')
    a.links.dial(1, address('b', b))
    await eventually(() => a.events.length === 1 && b.events.length === 1)
    expect(a.events).toEqual([{type: 'link-opened', link: 1, peer: 'b'}])
    expect(b.events).toEqual([{type: 'link-accepted', link: 2, peer: 'a'}])
    a.links.send(1, {type: 'leave', term: 3})
    b.links.send(2, {type: 'handover', term: 4})
    await eventually(() => a.events.length === 2 && b.events.length === 2)
    expect(a.events[1]).toEqual({type: 'frame', link: 1, frame: {type: 'handover', term: 4}})
    expect(b.events[1]).toEqual({type: 'frame', link: 2, frame: {type: 'leave', term: 3}})
    a.links.close(1, 'enough')
    await eventually(() => b.events.length === 3)
    expect(b.events[2]).toEqual({type: 'link-closed', link: 2})
    expect([a.links.count, b.links.count, a.events.length]).toEqual([0, 0, 2])
  })

  it.each([
    ['another node answers', 'c', 'b', 'a secret for tests only', true],
    ['this node itself has the address now', 'b', 'a', 'a secret for tests only', true],
    ['the secret is another', 'b', 'b', 'the secret of another mesh', false],
  ])('fails when %s', async (_name, expected, actual, secret, gone) => {
    const a = await startSide('a')
    const b = await startSide(actual, secret)
    a.links.dial(1, address(expected, b))
    await eventually(() => a.events.length === 1)
    expect(a.events).toEqual([{type: 'link-failed', link: 1, gone}])
    expect(a.links.count).toBe(0)
  })

  it('fails as gone when nobody listens, and not as gone when nobody answers', async () => {
    const a = await startSide('a')
    const b = await startSide('b')
    await b.listener.close()
    a.links.dial(1, address('b', b))
    await eventually(() => a.events.length === 1)
    const mute = await listen({
      host: '127.0.0.1', port: 0, kinds: {node: {maxFrameBytes: 1000}}, connectionsMax: 10,
      onUpgrade: ({path, subprotocols}) =>
        path === '/mesh'
          ? {
              accept: true, kind: 'node', subprotocol: subprotocols[0],
              handler: () => ({onMessage() {}, onClose() {}}),
            }
          : {accept: false, status: 404, text: 'Nothing here'},
      onRequest: () => ({status: 404, type: 'text/plain; charset=utf-8', body: ''}),
    })
    cleanups.push(() => mute.close())
    a.links.dial(3, {id: nodeId('b'), url: `ws://127.0.0.1:${mute.port}/mesh`})
    await eventually(() => a.events.length === 2)
    a.links.dial(5, {id: nodeId('b'), url: `ws://127.0.0.1:${mute.port}/other`})
    await eventually(() => a.events.length === 3)
    expect(a.events).toEqual([
      {type: 'link-failed', link: 1, gone: true},
      {type: 'link-failed', link: 3, gone: false},
      {type: 'link-failed', link: 5, gone: false},
    ])
  })

  it('that is closed while it is dialled is not heard of again', async () => {
    const a = await startSide('a')
    const b = await startSide('b')
    a.links.dial(1, address('b', b))
    a.links.close(1, 'changed my mind')
    a.links.dial(3, address('b', b))
    await eventually(() => a.events.length === 1)
    expect(a.events).toEqual([{type: 'link-opened', link: 3, peer: 'b'}])
    await eventually(async () => (await b.listener.connectionCount()) === 1)
  })

  it('is closed, counted and told when the peer breaks the protocol', async () => {
    const a = await startSide('a')
    const b = await startSide('b')
    const secret = new MeshSecret('a secret for tests only', 'test')
    const dialRude = createNodeDialer({self: nodeId('rude'), secret, timeoutMs: 500, dial})
    let closeCode = 0
    await dialRude(address('b', b), new AbortController().signal, (socket) => {
      socket.send(new Uint8Array([255, 1, 2, 3]))
      return {
        onMessage() {},
        onClose: (code) => void (closeCode = code),
      }
    })
    await eventually(() => closeCode !== 0)
    expect(closeCode).toBe(4502)
    expect(b.events.map((event) => event.type)).toEqual(['link-accepted', 'link-closed'])
    expect([a.counters.get('linkViolations'), b.counters.get('linkViolations')]).toEqual([0, 1])
  })
})

describe('the door', () => {
  it.each([
    ['rubbish', 'rubbish'],
    ['a proof without the secret', JSON.stringify({type: 'proof', role: 'node', node: 'x'})],
  ])('turns %s away', async (_name, text) => {
    const a = await startSide('a')
    const stranger = await connectTestClient(a.url, ['wsmesh.node.v1'])
    expect(await stranger.next()).toMatchObject({type: 'challenge', node: 'a'})
    stranger.sendRaw(text)
    expect(await stranger.next()).toEqual({type: 'denied', reason: 'bad-frame'})
    expect((await stranger.closed).code).toBe(4500)
    expect(a.events).toEqual([])
    expect(a.counters.get('handshakesFailed')).toBe(1)
  })

  it('does not wait for ever', async () => {
    const a = await startSide('a')
    const stranger = await connectTestClient(a.url, ['wsmesh.node.v1'])
    a.door.sweep(LIMITS.handshakeMs - 1)
    a.door.sweep(LIMITS.handshakeMs)
    expect((await stranger.closed).code).toBe(4008)
  })

  it('lets the oldest stranger go when there are too many, so that a node still comes in', async () => {
    const a = await startSide('a')
    const b = await startSide('b')
    const oldest = await connectTestClient(b.url, ['wsmesh.node.v1'])
    for (let i = 1; i < STRANGERS_MAX; i++) await connectTestClient(b.url, ['wsmesh.node.v1'])
    a.links.dial(1, address('b', b))
    await eventually(() => a.events.length === 1)
    expect(a.events).toEqual([{type: 'link-opened', link: 1, peer: 'b'}])
    expect((await oldest.closed).code).toBe(4005)
  })
})
