import {createServer} from 'node:net'
import type {AddressInfo, Socket as TcpSocket} from 'node:net'
import {connect} from 'node:net'
import {afterEach, describe, expect, it} from 'vitest'
import {buildFrame} from '../../../src/lib/transport/frame.js'
import type {
  AcceptedSocket,
  Listener,
  ListenOptions,
  SocketHandler,
} from '../../../src/lib/transport/transport.js'
import {dial, listen} from '../../../src/lib/transport/ws-transport.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'
import {eventually, within} from '../../helpers/eventually.js'
import {rawFrame, upgradeRaw} from '../../helpers/raw-socket.js'
import {connectTestClient} from '../../helpers/test-client.js'

interface Peer extends SocketHandler {
  readonly socket: AcceptedSocket
  readonly messages: string[]
  readonly binaries: Uint8Array[]
  closed: {code: number; reason: string} | undefined
  pongs: number
}

const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function createPeer(socket: AcceptedSocket): Peer {
  const peer: Peer = {
    socket,
    messages: [],
    binaries: [],
    closed: undefined,
    pongs: 0,
    onMessage(data, isBinary) {
      if (isBinary) peer.binaries.push(data)
      else peer.messages.push(Buffer.from(data).toString())
    },
    onPong() {
      peer.pongs += 1
    },
    onClose(code, reason) {
      peer.closed = {code, reason}
    },
  }
  return peer
}

async function startListener(
  overrides: Partial<ListenOptions> = {},
): Promise<{listener: Listener; peers: Peer[]; url: string}> {
  const peers: Peer[] = []
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    kinds: {small: {maxFrameBytes: 1000}, guarded: {maxFrameBytes: 1_000_000, proofBytes: 2000}},
    connectionsMax: 1000,
    onUpgrade: (request) =>
      request.path === '/small' || request.path === '/guarded'
        ? {
            accept: true,
            kind: request.path.slice(1),
            subprotocol: request.subprotocols[0],
            handler(socket) {
              const peer = createPeer(socket)
              peers.push(peer)
              return peer
            },
          }
        : {accept: false, status: 404, text: `Nothing at ${request.path}`},
    onRequest: ({method, path}) => ({
      status: method === 'GET' ? 200 : 405,
      type: 'text/plain; charset=utf-8',
      body: `${method} ${path}`,
    }),
    ...overrides,
  })
  cleanups.push(() => listener.close())
  return {listener, peers, url: `ws://127.0.0.1:${listener.port}`}
}

async function firstPeer(peers: Peer[]): Promise<Peer> {
  return eventually(() => peers[0], {what: 'an accepted socket'})
}

interface RawSocket {
  readonly tcp: TcpSocket
  readonly answer: () => string
  readonly ended: Promise<void>
}

function rawSocket(port: number, text: string): RawSocket {
  const tcp = connect(port, '127.0.0.1')
  let answer = ''
  tcp.on('data', (data) => {
    answer += data.toString('latin1')
  })
  tcp.on('error', () => {})
  tcp.write(text)
  cleanups.push(() => void tcp.destroy())
  const ended = new Promise<void>((resolve) => {
    tcp.once('close', () => resolve())
  })
  return {tcp, answer: () => answer, ended}
}

const dialOptions = {timeoutMs: 2000, maxFrameBytes: 1000}
const silent = (): SocketHandler => ({onMessage() {}, onClose() {}})

describe('a listener', () => {
  it('carries text and bytes both ways, in order', async () => {
    const {peers, url} = await startListener()
    const client = await connectTestClient(`${url}/small`, ['x.v1'])
    expect(client.subprotocol).toBe('x.v1')
    client.sendRaw('"one"')
    client.sendRaw(Buffer.from([1, 2, 3]))
    const peer = await firstPeer(peers)
    await eventually(() => peer.binaries.length === 1)
    expect(peer.messages).toEqual(['"one"'])
    expect([...(peer.binaries[0] ?? [])]).toEqual([1, 2, 3])
    for (let n = 0; n < 100; n += 1) peer.socket.send(`${n}`)
    for (let n = 0; n < 100; n += 1) expect(await client.next()).toBe(n)
  })

  it.each([0, 1, 125, 126, 65_535, 65_536, 300_000])('frames %i bytes', async (size) => {
    const {peers, url} = await startListener()
    const client = await connectTestClient(`${url}/small`)
    const peer = await firstPeer(peers)
    const text = 'x'.repeat(size)
    peer.socket.sendFrame(buildFrame(Buffer.from(text), false))
    await eventually(() => client.texts.length === 1)
    expect(client.texts[0]).toBe(text)
  })

  it.each([
    ['who is turned away', '"flood"', 4005],
    ['whose message is too big', `"${'x'.repeat(2000)}"`, 4503],
  ])('reads no more of one %s, and tells him why', async (_who, text, code) => {
    const {listener, url} = await startListener({
      onUpgrade: () => ({
        accept: true,
        kind: 'small',
        subprotocol: undefined,
        handler: (socket) => ({
          ...createPeer(socket),
          onMessage() {
            socket.close(4005, 'too-many')
            socket.turnAway()
          },
        }),
      }),
    })
    const client = await upgradeRaw(`${url}/small`)
    client.write(rawFrame(text))
    // More than two operating systems hold for a peer that does not read.
    const flood = Buffer.concat(Array.from({length: 1000}, () => rawFrame('y'.repeat(60_000))))
    const isTaken = new Promise((resolve) => client.socket.write(flood, (why) => resolve(!why)))
    expect(await client.closeCode()).toBe(code)
    expect(await within(isTaken, 'the end of the flood')).toBe(false)
    await eventually(async () => (await listener.connectionCount()) === 0)
  })

  it('writes what is sent in one turn once', async () => {
    const {peers, url} = await startListener()
    await connectTestClient(`${url}/small`)
    const peer = await firstPeer(peers)
    peer.socket.send('a')
    peer.socket.send('b')
    expect(peer.socket.bufferedBytes).toBe(6)
    peer.socket.flush()
    expect(peer.socket.bufferedBytes).toBe(0)
  })

  it('counts what the operating system has not taken, and says when it has', async () => {
    const {peers, url} = await startListener()
    const client = await upgradeRaw(`${url}/small`)
    const peer = await firstPeer(peers)
    client.socket.pause()
    const frame = buildFrame(Buffer.alloc(1_000_000, 'x'), false)
    for (let sent = 0; peer.socket.bufferedBytes === 0; sent += 1) {
      expect(sent).toBeLessThan(100)
      peer.socket.sendFrame(frame)
      peer.socket.flush()
    }
    peer.socket.sendFrame(frame)
    expect(peer.socket.bufferedBytes).toBe(2 * frame.bytes.length)
    const isDrained = new Promise<void>((resolve) => void (peer.onDrain = resolve))
    client.socket.resume()
    await within(isDrained, 'the end of what was left over')
    await eventually(() => peer.socket.bufferedBytes === 0)
  })

  it('sends what was gathered before the close, and tells both sides code and reason', async () => {
    const {peers, url} = await startListener()
    const client = await connectTestClient(`${url}/small`)
    const peer = await firstPeer(peers)
    peer.socket.send('"last"')
    peer.socket.close(4000, 'drain')
    expect(await client.next()).toBe('last')
    expect(await within(client.closed, 'close')).toEqual({code: 4000, reason: 'drain'})
    await eventually(() => peer.closed)
    peer.socket.send('"late"')
    peer.socket.ping()
    expect(client.texts).toEqual(['"last"'])
  })

  it('hears pongs', async () => {
    const {peers, url} = await startListener()
    await connectTestClient(`${url}/small`)
    const peer = await firstPeer(peers)
    peer.socket.ping()
    await eventually(() => peer.pongs === 1)
  })

  it('closes a frame that is too large with too-big, and broken ones with bad-frame', async () => {
    const {peers, url} = await startListener()
    const large = await connectTestClient(`${url}/small`)
    large.sendRaw('x'.repeat(1001))
    expect(await within(large.closed, 'close')).toEqual({code: 4503, reason: 'too-big'})
    const broken = await connectTestClient(`${url}/small`)
    broken.ws.send(Buffer.from([0xff, 0xfe]), {binary: false})
    expect(await within(broken.closed, 'close')).toEqual({code: 4502, reason: 'bad-frame'})
    await eventually(() => peers.every((peer) => peer.closed !== undefined))
    expect(peers.flatMap((peer) => peer.messages)).toEqual([])
  })

  it('destroys who sends too much before its proof, and nobody after it', async () => {
    const {peers, url} = await startListener()
    const stranger = await connectTestClient(`${url}/guarded`)
    stranger.sendRaw(Buffer.alloc(3000))
    expect((await within(stranger.closed, 'close')).code).toBe(1006)
    const friend = await connectTestClient(`${url}/guarded`)
    const peer = await eventually(() => peers[1])
    peer.socket.liftProofLimit()
    friend.sendRaw(Buffer.alloc(30_000))
    await eventually(() => peer.binaries.length === 1)
  })

  it('answers an upgrade that nothing serves, and one that is none', async () => {
    const {url, listener} = await startListener()
    await expect(connectTestClient(`${url}/other`)).rejects.toThrow('404')
    const noKey = rawSocket(
      listener.port,
      'GET /small HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    )
    await within(noKey.ended, 'the end')
    expect(noKey.answer()).toMatch(/^HTTP\/1\.1 400/)
  })

  it('refuses more connections than it may hold', async () => {
    const {url} = await startListener({connectionsMax: 1})
    await connectTestClient(`${url}/small`)
    await expect(connectTestClient(`${url}/small`)).rejects.toThrow()
  })

  it('names the port that is in use', async () => {
    const {listener} = await startListener()
    const again = startListener({port: listener.port})
    await expect(again).rejects.toSatisfy(
      (error) => error instanceof WsmeshError && error.code === 'ADDRESS_IN_USE',
    )
    await expect(startListener({host: '203.0.113.1'})).rejects.toSatisfy(
      (error) => error instanceof WsmeshError && error.code === 'ADDRESS_NOT_AVAILABLE',
    )
  })
})

describe('plain HTTP', () => {
  it('is answered, kept alive, and closed after a body', async () => {
    const {listener} = await startListener()
    const base = `http://127.0.0.1:${listener.port}`
    const found = await fetch(`${base}/a?b=c`)
    expect([found.status, await found.text()]).toEqual([200, 'GET /a'])
    const posted = await fetch(`${base}/a`, {method: 'POST', body: 'x'.repeat(100_000)})
    expect([posted.status, posted.headers.get('connection')]).toEqual([405, 'close'])
  })

  it.each([
    ['rubbish', '\u0000\u0001\u0002 rubbish\r\n\r\n', /^HTTP\/1\.1 400/],
    ['a large header', `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, /^HTTP\/1\.1 431/],
    ['a TLS hello', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', /^HTTP\/1\.1 400/],
  ])('answers %s and ends the connection', async (_name, text, pattern) => {
    const {listener} = await startListener()
    const raw = rawSocket(listener.port, text)
    await within(raw.ended, 'the end')
    expect(raw.answer()).toMatch(pattern)
    await eventually(async () => (await listener.connectionCount()) === 0)
  })

  it('returns to no connections after many broken ones', async () => {
    const {listener} = await startListener()
    const openings = Array.from({length: 200}, (_, n) =>
      rawSocket(listener.port, 'GET /small HT'.slice(0, n % 13)),
    )
    await eventually(async () => (await listener.connectionCount()) === 200)
    for (const {tcp} of openings) tcp.destroy()
    await eventually(async () => (await listener.connectionCount()) === 0)
  })
})

describe('dial', () => {
  it('opens a socket that carries frames both ways', async () => {
    const {peers, url} = await startListener()
    const received: string[] = []
    const result = await dial(`${url}/small`, {...dialOptions, subprotocol: 'x.v1'}, () => ({
      onMessage: (data) => received.push(Buffer.from(data).toString()),
      onClose() {},
    }))
    if (!result.ok) throw new Error(result.detail)
    const peer = await firstPeer(peers)
    peer.socket.send('down')
    result.socket.send('up')
    result.socket.send(new Uint8Array([9]))
    await eventually(() => received.length === 1 && peer.messages.length === 1)
    await eventually(() => peer.binaries.length === 1)
    result.socket.close(4007, 'unavailable')
    await eventually(() => peer.closed?.code === 4007)
  })

  it('tells a port where nobody listens from everything else', async () => {
    const {listener, url} = await startListener()
    const rejected = await dial(`${url}/other`, dialOptions, silent)
    expect(rejected).toMatchObject({failure: 'rejected', detail: 'Answered 404 Not Found'})
    await listener.close()
    expect(await dial(`${url}/small`, dialOptions, silent)).toMatchObject({failure: 'refused'})
    expect(await dial('nonsense', dialOptions, silent)).toMatchObject({failure: 'unreachable'})
    expect(await dial('http:\u0000', dialOptions, silent)).toMatchObject({failure: 'unreachable'})
  })

  it('gives up on a server that never answers, and on one that answers rubbish', async () => {
    const mute = createServer((socket) => void socket.on('error', () => {}))
    const rude = createServer((socket) => {
      socket.on('error', () => {})
      socket.end('SSH-2.0-rude\r\n')
    })
    for (const server of [mute, rude]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      cleanups.push(() => void server.close())
    }
    const at = (server: typeof mute): string =>
      `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    const late = await dial(at(mute), {...dialOptions, timeoutMs: 50}, silent)
    expect(late).toMatchObject({failure: 'timeout'})
    expect(await dial(at(rude), dialOptions, silent)).toMatchObject({failure: 'rejected'})
    const abort = new AbortController()
    const given = dial(at(mute), {...dialOptions, signal: abort.signal}, silent)
    abort.abort()
    expect(await given).toMatchObject({failure: 'timeout'})
  })
})
