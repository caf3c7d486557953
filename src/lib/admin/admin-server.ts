/** The page, its login and its WebSocket, on one port; see docs/ADMIN.md for who may what. */
import {isRecord, parseJson} from '../protocol/json-text.js'
import type {TlsMaterial} from '../auth/tls.js'
import type {
  AcceptedSocket, Listener, PlainRequest, PlainResponse, SocketHandler, UpgradeDecision,
  UpgradeRequest,
} from '../transport/transport.js'
import {listen} from '../transport/ws-transport.js'
import {Door, isLoopback} from './door.js'
import type {PageFiles} from './page-files.js'
import {Visitors, type Visitor} from './visitors.js'

const FRAME_BYTES_MAX = 128 * 1024
const BODY_BYTES_MAX = 4096
/** Pages and their requests; nobody needs more of an admin. */
const CONNECTIONS_MAX = 200

export interface AdminServerOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsMaterial | undefined
  readonly publicUrl: string | undefined
  readonly isReadOnly: boolean
  readonly files: PageFiles
  /** Wall clock, milliseconds. */
  readonly now: () => number
  /** A page that was let in; what it returns hears what the page says. */
  readonly onPage: (socket: AcceptedSocket, visitor: Visitor) => SocketHandler
  /** The HTML report of a siege; undefined: there is none of this number. */
  readonly report: (run: number) => Uint8Array | undefined
  /** Who tried to log in with a wrong token, or what went wrong here, as a line for people. */
  readonly notice: (line: string) => void
}

export interface AdminServer {
  readonly port: number
  readonly visitors: Visitors
  /** As a browser of this machine names it, without a path. */
  readonly url: string
  close(): Promise<void>
}

/** Rejects with ADDRESS_IN_USE, ADDRESS_NOT_AVAILABLE or USAGE. */
export async function startAdminServer(options: AdminServerOptions): Promise<AdminServer> {
  const {host, port, tls, publicUrl} = options
  const isTls = tls?.cert !== undefined
  // Before anything listens: a wrong --public-url is found here.
  let routes = new Routes(options, new Door({host, port, isTls, publicUrl}), port)
  const listener: Listener = await listen({
    host,
    port,
    ...(isTls && {tls: {...tls, asksForCertificate: false}}),
    kinds: {page: {maxFrameBytes: FRAME_BYTES_MAX}},
    connectionsMax: CONNECTIONS_MAX,
    onUpgrade: (request) => routes.upgrade(request),
    onRequest: (request) => routes.answer(request),
    onFault: (error) => options.notice(`admin: ${error.message}`),
  })
  if (port === 0) {
    routes = new Routes(options, new Door({host, port: listener.port, isTls, publicUrl}),
      listener.port)
  }
  const name = isLoopback(host) && host !== '::1' ? host : '127.0.0.1'
  return {
    port: listener.port,
    visitors: routes.visitors,
    url: publicUrl?.replace(/\/$/, '')
      ?? `http${isTls ? 's' : ''}://${host === '::1' ? '[::1]' : name}:${listener.port}`,
    close: () => listener.close(),
  }
}

class Routes {
  readonly visitors: Visitors
  readonly #options: AdminServerOptions
  readonly #door: Door

  constructor(options: AdminServerOptions, door: Door, port: number) {
    this.#options = options
    this.#door = door
    this.visitors = new Visitors({isReadOnly: options.isReadOnly, port, now: options.now})
  }

  upgrade({headers, path}: UpgradeRequest): UpgradeDecision {
    const refusal = this.#door.refusal(headers, path, true)
    if (refusal !== undefined) return {accept: false, ...refusal}
    if (path !== '/live') return {accept: false, status: 404, text: 'Not found'}
    const visitor = this.visitors.of(headerOf(headers['cookie']))
    if (visitor === undefined) return {accept: false, status: 401, text: 'Log in first'}
    const {onPage} = this.#options
    return {
      accept: true,
      kind: 'page',
      subprotocol: undefined,
      handler: (socket) => onPage(socket, visitor),
    }
  }

  async answer(request: PlainRequest): Promise<PlainResponse> {
    const {method, path, headers} = request
    const isPost = method === 'POST'
    const refusal = this.#door.refusal(headers, path, isPost)
    if (refusal !== undefined) return this.#text(refusal.status, refusal.text)
    if (path === '/session') {
      if (isPost) return this.#logIn(request)
      if (method !== 'GET') return this.#text(405, 'POST the token, or GET who you are')
      const visitor = this.visitors.of(headerOf(headers['cookie']))
      return this.#json(200, {role: visitor?.role ?? null})
    }
    if (method !== 'GET' && method !== 'HEAD') return this.#text(405, 'GET it')
    const report = /^\/reports\/(\d{1,6})\.html$/.exec(path)
    if (report) return this.#report(headers, Number(report[1]))
    const file = this.#options.files.get(path)
    if (file === undefined) return this.#text(404, 'Not found')
    return {status: 200, ...file, headers: HEADERS}
  }

  async #logIn(request: PlainRequest): Promise<PlainResponse> {
    // A form of another page cannot send this type without asking first.
    if (headerOf(request.headers['content-type'])?.split(';', 1)[0] !== 'application/json') {
      return this.#text(415, 'Send application/json')
    }
    const body = await request.readBody(BODY_BYTES_MAX)
    const read = body.ok ? parseJson(body.bytes) : undefined
    const value = read?.ok === true && isRecord(read.value) ? read.value['token'] : undefined
    if (typeof value !== 'string') return this.#text(400, 'Send {"token": "…"}')
    const isSecure = this.#door.isSecure(request.headers)
    const entered = this.visitors.logIn(value, isSecure)
    if (entered === undefined) {
      this.#options.notice(`admin: a wrong token from ${request.remoteAddress}`)
      return this.#text(401, 'This link is of another wsmesh admin, or of one before its restart')
    }
    const {visitor, setCookie} = entered
    this.#options.notice(`admin: ${visitor.label} logged in from ${request.remoteAddress}`)
    const answer = this.#json(200, {role: visitor.role})
    return {...answer, headers: {...answer.headers, 'set-cookie': setCookie}}
  }

  /** A page of its own, with scripts of its own: it is for a file, not for this origin. */
  #report(headers: PlainRequest['headers'], run: number): PlainResponse {
    if (this.visitors.of(headerOf(headers['cookie'])) === undefined) {
      return this.#text(401, 'Log in first')
    }
    const body = this.#options.report(run)
    if (body === undefined) return this.#text(404, 'There is no such report any more')
    return {
      status: 200,
      type: 'text/html; charset=utf-8',
      body,
      headers: {
        ...HEADERS,
        'content-security-policy': 'sandbox',
        'content-disposition': `attachment; filename="wsmesh-siege-${run}.html"`,
      },
    }
  }

  #text(status: number, message: string): PlainResponse {
    return {status, type: 'text/plain; charset=utf-8', body: `${message}\n`, headers: HEADERS}
  }

  #json(status: number, value: unknown): PlainResponse {
    return {
      status, type: 'application/json', body: `${JSON.stringify(value)}\n`, headers: HEADERS,
    }
  }
}

/** Scripts, styles and sockets of the page's own origin alone; no frame, no form, no plug-in. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
}

function headerOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
