/**
 * The HTTP server under a listener: it answers requests, hands upgrades on, and lets nobody hold
 * a connection half-finished for longer than handshakeMs.
 */
import {createServer, STATUS_CODES} from 'node:http'
import {createServer as createTlsServer} from 'node:https'
import type {IncomingMessage, Server, ServerResponse} from 'node:http'
import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import type {TLSSocket, TlsOptions} from 'node:tls'
import {LIMITS} from '../protocol/limits.js'
import {WsmeshError} from '../util/errors.js'
import {RequestBody} from './request-body.js'
import type {ListenOptions, PlainRequest, PlainResponse, ServerTls} from './transport.js'

/** Cookies and a few proxies' headers fit; Node's own default is as large. */
const HEADER_BYTES_MAX = 16 * 1024
const PENDING_MAX = 5000
/** Unless said otherwise: strangers' connections are soon gone. */
const KEEP_ALIVE_MS = 5000
/** How often Node looks for requests that take too long. */
const CHECK_MS = 1000

export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

export function createHttpServer(options: ListenOptions, onUpgrade: UpgradeListener): Server {
  const {headerBytesMax = HEADER_BYTES_MAX, handshakeMs = LIMITS.handshakeMs} = options
  const {keepAliveMs = KEEP_ALIVE_MS} = options
  const settings = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: handshakeMs,
    requestTimeout: handshakeMs,
    connectionsCheckingInterval: CHECK_MS,
    keepAliveTimeout: keepAliveMs,
    noDelay: true,
  }
  const {tls} = options
  const server =
    tls === undefined
      ? createServer(settings)
      : createTlsServer({...settings, ...secureOptions(tls), handshakeTimeout: handshakeMs})
  server.on('tlsClientError', (error: Error, socket: TLSSocket) => {
    options.onTlsFailure?.(socket.remoteAddress ?? '', error.message)
  })
  server.maxConnections = options.connectionsMax
  const pending = new PendingSockets(server, options)
  server.on('drop', () => options.onRefused?.('too-many'))
  const take = (
    request: IncomingMessage, response: ServerResponse, awaitsInvitation: boolean,
  ): void => {
    answer(options, request, response, awaitsInvitation).catch((error: unknown) => {
      options.onFault?.(error instanceof Error ? error : new Error(String(error)))
      response.destroy()
    })
  }
  server.on('request', (request, response) => take(request, response, false))
  // Unless somebody listens, Node invites every body.
  server.on('checkContinue', (request, response) => take(request, response, true))
  server.on('upgrade', (request, socket, head) => {
    pending.done(request.socket)
    onUpgrade(request, socket, head)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (statusOf(error) === 431) options.onRefused?.('headers-too-big')
    if (statusOf(error) === 408) options.onRefused?.('timed-out')
    const reachable = socket.writable && error.code !== 'ECONNRESET'
    if (reachable) endWith(socket, statusOf(error), '')
    else socket.destroy()
  })
  return server
}

interface PendingSocket {
  readonly socket: Socket
  readonly onClose: () => void
}

/**
 * Sockets without a whole upgrade request. Beyond the bound the oldest is destroyed: thousands of
 * half-finished requests keep nobody out, since an honest one is done in milliseconds.
 */
class PendingSockets {
  readonly #sockets = new Map<string, PendingSocket>()

  constructor(server: Server, options: ListenOptions) {
    const {pendingMax = PENDING_MAX} = options
    server.on('connection', (socket: Socket) => {
      const key = keyOf(socket)
      if (this.#sockets.size >= pendingMax) {
        options.onRefused?.('too-many')
        for (const [oldest, victim] of this.#sockets) {
          this.#sockets.delete(oldest)
          victim.socket.destroy()
          break
        }
      }
      const onClose = (): void => {
        if (this.#sockets.get(key)?.socket === socket) this.#sockets.delete(key)
      }
      this.#sockets.set(key, {socket, onClose})
      socket.on('close', onClose)
    })
  }

  /** Thousands of WebSockets stay for hours: nothing of this is kept for them. */
  done(socket: Socket): void {
    const key = keyOf(socket)
    const pending = this.#sockets.get(key)
    pending?.socket.off('close', pending.onClose)
    this.#sockets.delete(key)
  }
}

/** By the peer, since under TLS the request's socket is another object than the connection's. */
function keyOf({remoteAddress, remotePort}: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

function statusOf(error: NodeJS.ErrnoException): number {
  if (error.code === 'HPE_HEADER_OVERFLOW') return 431
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  return 400
}

async function answer(
  options: ListenOptions, request: IncomingMessage, response: ServerResponse,
  awaitsInvitation: boolean,
): Promise<void> {
  const body = new RequestBody(request, response, awaitsInvitation)
  const plain = plainRequest(request, body)
  const answered = await options.onRequest(plain)
  body.done()
  respond(answered, request, response, body.isOver)
}

function respond(
  {status, type, body, headers}: PlainResponse,
  request: IncomingMessage, response: ServerResponse, isReusable: boolean,
): void {
  if (response.destroyed) return
  response.writeHead(status, {
    'content-type': type,
    // Of what has not changed, the length would be that of what is not sent.
    ...(status !== 304 && {'content-length': Buffer.byteLength(body)}),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // A body that is not read makes the connection useless for another request.
    ...(!isReusable && {connection: 'close'}),
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function plainRequest(request: IncomingMessage, body: RequestBody): PlainRequest {
  return {
    method: request.method ?? 'GET',
    ...pathOf(request),
    headers: request.headers,
    remoteAddress: request.socket.remoteAddress ?? '',
    readBody: (bytesMax) => body.read(bytesMax),
  }
}

/** Of nearly all requests: nobody writes to it. */
const NO_QUERY = new URLSearchParams()

/** The path without the query. A target that is no path ("*", "//") is one that nothing serves. */
export function pathOf(request: IncomingMessage): {path: string; query: URLSearchParams} {
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  if (mark < 0) return {path: target, query: NO_QUERY}
  return {path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1))}
}

/** One plain-text answer on a bare socket, which is then destroyed. */
export function endWith(socket: Duplex, status: number, text: string): void {
  const reason = STATUS_CODES[status] ?? 'Error'
  const body = `${text === '' ? `${status} ${reason}` : text}\n`
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\n` +
      `Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `\r\n${body}`,
  )
}

/** Resolves with the port; rejects with ADDRESS_IN_USE or ADDRESS_NOT_AVAILABLE. */
export async function startListening(
  server: Server,
  {host, port, socketPath, fd}: Pick<ListenOptions, 'host' | 'port' | 'socketPath' | 'fd'>,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const isSocket = socketPath !== undefined
      reject(isSocket ? socketError(error, socketPath) : listenError(error, host, port))
    })
    const named = socketPath === undefined ? {host, port} : {path: socketPath}
    const where = fd === undefined ? named : {fd}
    server.listen({...where, backlog: 4096}, resolve)
  })
  if (socketPath !== undefined) return 0
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

/** TLS as a server speaks it; nothing below 1.2. */
function secureOptions({cert, key, ca, asksForCertificate}: ServerTls): TlsOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ...(asksForCertificate && {ca, requestCert: true, rejectUnauthorized: true}),
  }
}

export function socketError(error: NodeJS.ErrnoException, path: string): WsmeshError {
  const isTaken = error.code === 'EADDRINUSE'
  return new WsmeshError(
    isTaken ? 'ADDRESS_IN_USE' : 'ADDRESS_NOT_AVAILABLE',
    `Cannot listen on ${path}: ${isTaken ? 'it is there already' : error.message}`,
    {
      cause: error,
      suggestions: [isTaken ? `If no node uses it: rm ${path}` : 'Its folder must exist'],
    },
  )
}

export function listenError(error: NodeJS.ErrnoException, host: string, port: number): WsmeshError {
  if (error.code === 'EADDRINUSE') {
    return new WsmeshError('ADDRESS_IN_USE', `Port ${port} of ${host} is in use`, {
      cause: error,
      suggestions: ['Take any free port: --port 0'],
    })
  }
  const denied = error.code === 'EACCES'
  return new WsmeshError(
    'ADDRESS_NOT_AVAILABLE',
    `Cannot listen on ${host}:${port}: ${denied ? 'permission denied' : error.message}`,
    {
      cause: error,
      suggestions: denied
        ? ['Take a port above 1023: --port 8080']
        : ['Take an address of this machine: --host 127.0.0.1, or --host 0.0.0.0 for all'],
    },
  )
}
