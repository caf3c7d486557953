/**
 * The demo's page on loopback. It gives out tokens and ends processes, so it answers only to
 * whoever asks for it by its own name (against DNS rebinding) and never to a page of another
 * origin. Requests that come while the nodes start wait for them: the page answers once the mesh
 * stands.
 */
import {createServer} from 'node:http'
import type {IncomingMessage, Server, ServerResponse} from 'node:http'
import type {Duplex} from 'node:stream'
import {endWith, pathOf} from '../transport/http-server.js'
import {WsmeshError} from '../util/errors.js'
import {CLIENT_PATH} from './front-door.js'
import {answerTo, text} from './page-answers.js'
import type {Answer, AnswerOptions} from './page-answers.js'

const HOST = '127.0.0.1'
const REQUEST_MS = 5000
const WATCHERS_MAX = 50
/** A page that lost the demo looks again after this. */
const COME_BACK_MS = 1000

export interface PageServerOptions extends AnswerOptions {
  readonly port: number
  /**
   * Tells the state of the mesh whenever it changed, until the function that it returns is called;
   * the numbers flow meanwhile, if they are wanted.
   */
  readonly watch: (onState: (state: string) => void, withNumbers: boolean) => () => void
  /** Leads a client of the page to a node. */
  readonly forward: (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>
}

export interface PageServer {
  readonly url: string
  /** Takes nobody any more; resolves when the last connection that it led to a node has ended. */
  close(): Promise<void>
}

/** Rejects with ADDRESS_IN_USE (which has the system's error as cause) or ADDRESS_NOT_AVAILABLE. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const server = createServer({requestTimeout: REQUEST_MS, connectionsCheckingInterval: 1000})
  const port = await startListening(server, options.port)
  const page = new Page(options, port)
  server.on('request', (request, response) => void page.respond(request, response))
  server.on('upgrade', (request, socket, head) => void page.upgrade(request, socket, head))
  return {
    url: `http://${HOST}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function startListening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'ADDRESS_NOT_AVAILABLE'
      reject(new WsmeshError(code, `The page cannot have port ${port} of ${HOST}`, {cause}))
    })
    server.listen({host: HOST, port}, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

class Page {
  readonly #options: PageServerOptions
  readonly #hosts: ReadonlySet<string>
  readonly #headers: Readonly<Record<string, string>>
  #watchers = 0

  constructor(options: PageServerOptions, port: number) {
    this.#options = options
    this.#hosts = new Set([`${HOST}:${port}`, `localhost:${port}`])
    this.#headers = headersFor(this.#hosts)
  }

  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {path, query} = pathOf(request)
    let answer: Answer
    try {
      const refusal = this.#refusal(request)
      if (refusal === undefined && path === '/events' && request.method === 'GET') {
        if (this.#watchers < WATCHERS_MAX) {
          await this.#stream(response, !query.has('quiet'))
          return
        }
        answer = text(503, 'Too many pages watch this demo')
      } else answer = refusal ?? (await answerTo(request, path, this.#options))
    } catch (error) {
      if (error instanceof WsmeshError) {
        answer = text(503, error.message)
      } else {
        response.destroy()
        if (isConnectionError(error)) return
        throw error
      }
    }
    this.#send(request, response, answer)
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Without this a client that goes away meanwhile would end the demo.
    socket.on('error', () => socket.destroy())
    const refusal = this.#refusal(request)
    if (refusal !== undefined) return endWith(socket, refusal.status, String(refusal.body).trim())
    const {path} = pathOf(request)
    if (path !== CLIENT_PATH) return endWith(socket, 404, `Clients connect to ${CLIENT_PATH}`)
    try {
      await this.#options.whenReady
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      return endWith(socket, 503, error.message)
    }
    await this.#options.forward(request, socket, head)
  }

  #refusal({headers: {host = '', origin}}: IncomingMessage): Answer | undefined {
    if (!this.#hosts.has(host)) {
      return text(403, `This is the wsmesh demo of ${[...this.#hosts].join(', ')}`)
    }
    if (origin !== undefined && !this.#hosts.has(origin.replace(/^http:\/\//, ''))) {
      return text(403, 'Not for pages of other origins')
    }
    return undefined
  }

  #send(request: IncomingMessage, response: ServerResponse, {status, type, body}: Answer): void {
    response.writeHead(status, {
      ...this.#headers,
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      // Whatever is left of a body that was refused is not read.
      ...(status >= 400 && {connection: 'close'}),
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }

  /** Server-sent events: each is the whole state, so that a page that comes back needs no more. */
  async #stream(response: ServerResponse, withNumbers: boolean): Promise<void> {
    await this.#options.whenReady
    if (response.destroyed) return
    this.#watchers += 1
    response.writeHead(200, {...this.#headers, 'content-type': 'text/event-stream'})
    response.write(`retry: ${COME_BACK_MS}\n\n`)
    const stop = this.#options.watch((state) => {
      response.write(`data: ${state}\n\n`)
    }, withNumbers)
    response.once('close', () => {
      this.#watchers -= 1
      stop()
    })
  }
}

/** Scripts and styles of the page's own files alone; sockets to its own host alone. */
function headersFor(hosts: ReadonlySet<string>): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'self'",
    // Not every browser takes 'self' for sockets.
    `connect-src 'self' ${[...hosts].map((host) => `ws://${host}`).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'content-security-policy': policy.join('; '),
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
}

/** A client that went away in the middle of its request. */
function isConnectionError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
}
