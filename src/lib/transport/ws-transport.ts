/**
 * WebSockets, from `ws`: the only file that imports it. Listening sockets gather what is sent in a
 * turn of the event loop and write it once, since one write costs as much as ten messages
 * (docs/ARCHITECTURE.md, "Speed"); dialled ones are few and carry frames that are batches already.
 */
import type {IncomingMessage} from 'node:http'
import {Server as TlsServer} from 'node:https'
import type {Duplex} from 'node:stream'
import {WebSocket, WebSocketServer} from 'ws'
import type {RawData} from 'ws'
import {CLOSE} from '../protocol/close-code.js'
import type {CloseName} from '../protocol/close-code.js'
import {assert} from '../util/assert.js'
import {AcceptedConnection} from './accepted-connection.js'
import {FlushQueue} from './flush-queue.js'
import {createHttpServer, endWith, pathOf, startListening} from './http-server.js'
import {describePeer, isDistrust, isDistrusted} from './tls-peer.js'
import type {
  DialFailure,
  DialOptions,
  DialResult,
  Listener,
  LaterUpgrade,
  ListenOptions,
  SettledUpgrade,
  Socket,
  SocketHandler,
  SocketKind,
  UpgradeRequest,
} from './transport.js'

/** A peer that does not answer a close within this is cut off. */
const CLOSE_TIMEOUT_MS = 3000

/** What `ws` says when a peer breaks RFC 6455, in our own table's words. */
const VIOLATIONS = new Map<number, CloseName>([
  [1002, 'badFrame'],
  [1007, 'badFrame'],
  // Too many pieces.
  [1008, 'tooBig'],
  [1009, 'tooBig'],
])

/**
 * The accepted WebSocket. Its owner hangs on it as a property, so that all sockets share their
 * listeners: a closure per socket and event is a tenth of an idle client's memory.
 */
class AcceptedWebSocket extends WebSocket {
  connection: AcceptedConnection | undefined
  /** Of one listener. */
  open: Set<AcceptedWebSocket> | undefined

  /** `ws` closes by itself, with no reason, when a peer breaks the protocol. */
  override close(code?: number, reason?: string | Buffer): void {
    const violation = reason === undefined && code !== undefined ? VIOLATIONS.get(code) : undefined
    if (violation === undefined) {
      super.close(code, reason)
      return
    }
    this.connection?.violated(violation)
    super.close(CLOSE[violation].code, CLOSE[violation].reason)
    // `ws` reads on from the next tick, to throw away the rest.
    if (violation === 'tooBig') process.nextTick(() => this.connection?.turnAway())
  }
}

/** Starts a listener. Rejects with ADDRESS_IN_USE or ADDRESS_NOT_AVAILABLE. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const open = new Set<AcceptedWebSocket>()
  const flushQueue = new FlushQueue()
  let subprotocol: string | undefined
  const upgraders = new Map(
    Object.entries(options.kinds).map(([name, kind]) => [
      name,
      createUpgrader(kind, () => subprotocol ?? false),
    ]),
  )
  const waiting = new Set<Duplex>()
  const settle = (
    decision: SettledUpgrade, request: IncomingMessage, socket: Duplex, head: Buffer,
  ): void => {
    if (!decision.accept) {
      endWith(socket, decision.status, decision.text)
      return
    }
    const upgrader = upgraders.get(decision.kind)
    assert(upgrader !== undefined, `Unknown kind of socket: ${decision.kind}`)
    subprotocol = decision.subprotocol
    const remoteAddress = request.socket.remoteAddress ?? ''
    upgrader.handleUpgrade(request, socket, head, (ws) => {
      socket.off('error', ignore)
      const connection = new AcceptedConnection(ws, socket, flushQueue, remoteAddress)
      own(ws, connection, open)
      connection.deflates = agreesToDeflate(ws, request)
      limitBeforeProof(connection, socket, options.kinds[decision.kind]?.proofBytes)
      connection.handler = decision.handler(connection)
    })
  }
  const server = createHttpServer(options, (request, socket, head) => {
    socket.on('error', ignore)
    const decision = options.onUpgrade(upgradeRequest(request))
    if (decision.accept !== 'later') settle(decision, request, socket, head)
    else holdUntil(decision, socket, waiting, (settled) => settle(settled, request, socket, head))
  })
  // Until it listens, an error is the caller's alone: it is what `listen` rejects with.
  const port = await startListening(server, options)
  server.on('error', (error) => options.onFault?.(error))
  return {
    port,
    connectionCount: () => countConnections(server),
    setTls({cert, key, ca}) {
      if (server instanceof TlsServer) server.setSecureContext({cert, key, ca})
    },
    flush: (done) => flushQueue.flush(done),
    flushPrompt: () => flushQueue.flushPrompt(),
    stopAccepting: () => void server.close(),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const ws of open) ws.terminate()
      for (const socket of waiting) socket.destroy()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Until it is settled, or the peer has gone: who half-closes waits for nothing any more. */
function holdUntil(
  {wait}: LaterUpgrade, socket: Duplex, waiting: Set<Duplex>,
  settle: (decision: SettledUpgrade) => void,
): void {
  const end = (): void => void socket.destroy()
  const forget = (): void => {
    waiting.delete(socket)
    giveUp()
  }
  const giveUp = wait((decision) => {
    waiting.delete(socket)
    socket.off('end', end).off('close', forget)
    settle(decision)
  })
  waiting.add(socket)
  socket.on('end', end).on('close', forget)
}

/**
 * maxFrameBytes bounds what a message inflates to, and it is stopped there; so many at once;
 * nothing is kept for a connection between its messages.
 */
const DEFLATE = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  concurrencyLimit: 8,
}

/** Who asks for a smaller window is sent what needs none. */
function agreesToDeflate({extensions}: WebSocket, {headers}: IncomingMessage): boolean {
  const asked = headers['sec-websocket-extensions'] ?? ''
  return extensions.includes('permessage-deflate') && !asked.includes('server_max_window_bits')
}

function createUpgrader(kind: SocketKind, handleProtocols: () => string | false) {
  const serverOptions = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: kind.deflates === true && DEFLATE,
    maxPayload: kind.maxFrameBytes,
    handleProtocols,
    WebSocket: AcceptedWebSocket,
    // Newer than the published types.
    closeTimeout: CLOSE_TIMEOUT_MS,
    ...(kind.fragmentsMax !== undefined && {maxFragments: kind.fragmentsMax}),
    ...(kind.chunksMax !== undefined && {maxBufferedChunks: kind.chunksMax}),
  }
  return new WebSocketServer<typeof AcceptedWebSocket>(serverOptions)
}

function countConnections(server: ReturnType<typeof createHttpServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}

function upgradeRequest(request: IncomingMessage): UpgradeRequest {
  const offered = request.headers['sec-websocket-protocol'] ?? ''
  return {
    ...pathOf(request),
    headers: request.headers,
    subprotocols: offered === '' ? [] : offered.split(',').map((name) => name.trim()),
    remoteAddress: request.socket.remoteAddress ?? '',
  }
}

function own(
  ws: AcceptedWebSocket,
  connection: AcceptedConnection,
  open: Set<AcceptedWebSocket>,
): void {
  ws.connection = connection
  ws.open = open.add(ws)
  ws.on('message', onAcceptedMessage)
  ws.on('pong', onAcceptedPong)
  ws.on('ping', onAcceptedPing)
  ws.on('error', ignore)
  ws.on('close', onAcceptedClose)
}

function onAcceptedClose(this: WebSocket, code: number, reason: Buffer): void {
  if (!(this instanceof AcceptedWebSocket)) return
  this.open?.delete(this)
  this.connection?.closed(code, reason)
}

function onAcceptedMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  if (this instanceof AcceptedWebSocket) this.connection?.received(toBytes(data), isBinary)
}

function onAcceptedPing(this: WebSocket, data: Buffer): void {
  if (this instanceof AcceptedWebSocket) this.connection?.handler?.onPing?.(data.length)
}

function onAcceptedPong(this: WebSocket, data: Buffer): void {
  if (this instanceof AcceptedWebSocket) this.connection?.handler?.onPong?.(data.toString())
}

/**
 * Frames of mesh links may be large, so whoever has not proved to be a node is bounded by raw
 * bytes: otherwise each stranger could make this process hold a whole frame for him.
 */
function limitBeforeProof(
  connection: AcceptedConnection,
  socket: Duplex,
  proofBytes: number | undefined,
): void {
  if (proofBytes === undefined) return
  let total = 0
  const count = (chunk: Buffer): void => {
    total += chunk.length
    if (total > proofBytes) connection.destroy()
  }
  socket.on('data', count)
  connection.onProof = () => socket.off('data', count)
}

/** An error of a socket is always followed by its close, which is what owners hear. */
function ignore(): void {}

/** Dials. Never rejects; `onOpen` is called before the first frame can arrive. */
export function dial(
  url: string,
  options: DialOptions,
  onOpen: (socket: Socket) => SocketHandler,
): Promise<DialResult> {
  return new Promise((resolve) => {
    const ws = openWebSocket(url, options)
    if (ws instanceof Error) {
      resolve({ok: false, failure: 'unreachable', detail: ws.message})
      return
    }
    let handler: SocketHandler | undefined
    const timer = setTimeout(
      () => fail('timeout', `No answer within ${options.timeoutMs} ms`),
      options.timeoutMs,
    )
    const onAbort = (): void => fail('timeout', 'Given up')
    const settle = (result: DialResult): void => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      resolve(result)
    }
    const fail = (failure: DialFailure, detail: string): void => {
      settle({ok: false, failure, detail})
      ws.terminate()
    }
    options.signal?.addEventListener('abort', onAbort)
    if (options.signal?.aborted === true) onAbort()
    ws.on('error', (error) => {
      if (handler !== undefined) return
      if (!isDistrust(error)) fail(dialFailure(error, url), error.message)
      else describePeer(url, error, (why) => fail('untrusted', why))
    })
    ws.once('unexpected-response', (_request, response) => {
      response.resume()
      fail('rejected', `Answered ${response.statusCode} ${response.statusMessage}`)
    })
    ws.once('open', () => {
      const socket = dialledSocket(ws)
      handler = onOpen(socket)
      settle({ok: true, socket})
    })
    ws.on('message', (data, isBinary) => handler?.onMessage(toBytes(data), isBinary))
    ws.on('pong', (data) => handler?.onPong?.(data.toString()))
    ws.on('ping', (data: Buffer) => handler?.onPing?.(data.length))
    ws.once('close', (code, reason) => handler?.onClose(code, reason.toString()))
  })
}

/** An address from a pool's row may be anything, and `ws` throws at what is no ws: URL. */
function openWebSocket(url: string, options: DialOptions): WebSocket | Error {
  try {
    const protocols = options.subprotocol === undefined ? [] : [options.subprotocol]
    const clientOptions = {
      perMessageDeflate: false,
      maxPayload: options.maxFrameBytes,
      followRedirects: false,
      ...(options.origin !== undefined && {origin: options.origin}),
      ...(options.cookie !== undefined && {headers: {cookie: options.cookie}}),
      ...options.tls,
      // Newer than the published types.
      closeTimeout: CLOSE_TIMEOUT_MS,
    }
    return new WebSocket(url, protocols, clientOptions)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function dialledSocket(ws: WebSocket): Socket {
  return {
    send(data) {
      if (ws.readyState === WebSocket.OPEN) ws.send(data, {binary: typeof data !== 'string'})
    },
    ping(payload = '') {
      if (ws.readyState === WebSocket.OPEN) ws.ping(payload)
    },
    close(code, reason) {
      ws.close(code, reason)
    },
    destroy() {
      ws.terminate()
    },
    get bufferedBytes() {
      return ws.bufferedAmount
    },
  }
}

function dialFailure(error: NodeJS.ErrnoException, url: string): DialFailure {
  const causes = error instanceof AggregateError ? error.errors : [error]
  if (isDistrusted(error)) return 'untrusted'
  const codes = causes.map((cause: NodeJS.ErrnoException) => cause.code)
  const refusing = url.startsWith('ws+unix:') ? ['ECONNREFUSED', 'ENOENT'] : ['ECONNREFUSED']
  if (codes.every((code) => code !== undefined && refusing.includes(code))) return 'refused'
  if (codes.some((code) => code === 'ETIMEDOUT')) return 'timeout'
  // Errors without a code of the operating system come from `ws`, about what was answered.
  if (codes.every((code) => code === undefined || /^(HPE_|WS_)/.test(code))) return 'rejected'
  return 'unreachable'
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
