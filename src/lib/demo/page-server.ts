/**
 * The demo's page on loopback. It gives out tokens, so it answers only to whoever asks for it by
 * its own name (against DNS rebinding) and never to a page of another origin. Requests that come
 * while the nodes start wait for them: the page answers once the mesh stands.
 */
import {createServer} from 'node:http'
import type {IncomingMessage, Server, ServerResponse} from 'node:http'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {idFromJson} from '../protocol/target.js'
import {WsmeshError} from '../util/errors.js'
import type {PageFiles} from './page-files.js'

const HOST = '127.0.0.1'
const BODY_BYTES_MAX = 4096
const REQUEST_MS = 5000
const GROUPS_MAX = 20

/** Scripts and styles of the page's own files alone; sockets to nodes on loopback alone. */
const POLICY = [
  "default-src 'self'",
  "connect-src 'self' ws://127.0.0.1:*",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'content-security-policy': POLICY,
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

export interface PageServerOptions {
  readonly port: number
  readonly files: PageFiles
  /** What GET /demo.json answers. */
  readonly describe: () => Promise<unknown>
  readonly signToken: (user: string, groups: readonly string[]) => Promise<string>
  /** Requests wait for this; one that rejects ends them. */
  readonly whenReady: Promise<void>
}

export interface PageServer {
  readonly url: string
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string | Buffer
}

/** Rejects with ADDRESS_IN_USE (which has the system's error as cause) or ADDRESS_NOT_AVAILABLE. */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const server = createServer({requestTimeout: REQUEST_MS, connectionsCheckingInterval: 1000})
  const port = await startListening(server, options.port)
  const hosts = new Set([`${HOST}:${port}`, `localhost:${port}`])
  server.on('request', (request, response) => {
    void respond(request, response, options, hosts)
  })
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

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: PageServerOptions,
  hosts: ReadonlySet<string>,
): Promise<void> {
  let answer: Answer
  try {
    answer = refusal(request, hosts) ?? (await answerTo(request, options))
  } catch (error) {
    if (error instanceof WsmeshError) {
      answer = text(503, error.message)
    } else {
      response.destroy()
      if (isConnectionError(error)) return
      throw error
    }
  }
  const {status, type, body} = answer
  response.writeHead(status, {
    ...HEADERS,
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    // Whatever is left of a body that was refused is not read.
    ...(status >= 400 && {connection: 'close'}),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** A client that went away in the middle of its request. */
function isConnectionError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
}

function refusal(request: IncomingMessage, hosts: ReadonlySet<string>): Answer | undefined {
  const {host = '', origin} = request.headers
  if (!hosts.has(host)) return text(403, `This is the wsmesh demo of ${[...hosts].join(', ')}`)
  if (origin !== undefined && !hosts.has(origin.replace(/^http:\/\//, ''))) {
    return text(403, 'Not for pages of other origins')
  }
  return undefined
}

async function answerTo(request: IncomingMessage, options: PageServerOptions): Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  if (path === '/token') {
    return request.method === 'POST' ? giveToken(request, options) : text(405, 'POST it')
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'GET it')
  await options.whenReady
  if (path === '/demo.json') return json(200, await options.describe())
  const file = options.files.get(path)
  return file === undefined ? text(404, 'Not found') : {status: 200, ...file}
}

async function giveToken(
  request: IncomingMessage,
  {whenReady, signToken}: PageServerOptions,
): Promise<Answer> {
  // A form of another page cannot send this type without asking first.
  if (request.headers['content-type']?.split(';', 1)[0] !== 'application/json') {
    return text(415, 'Send application/json')
  }
  const body = await readBody(request)
  if (body === undefined) return text(413, `At most ${BODY_BYTES_MAX} bytes`)
  const read = parseJson(body)
  if (!read.ok || !isRecord(read.value)) return text(400, 'Send {"user": "42"}')
  const user = idFromJson(read.value['user'])
  const groups = groupsFrom(read.value['groups'])
  if (user === undefined) return text(400, 'The user is no id: {"user": "42"}')
  if (groups === undefined) return text(400, `Groups are a list of at most ${GROUPS_MAX} ids`)
  await whenReady
  return json(200, {token: await signToken(user, groups)})
}

function groupsFrom(value: unknown): readonly string[] | undefined {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > GROUPS_MAX) return undefined
  const groups = value.map((group) => idFromJson(group)).filter((group) => group !== undefined)
  return groups.length === value.length ? groups : undefined
}

/** Undefined when it is longer than it may be. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function json(status: number, value: unknown): Answer {
  return {status, type: 'application/json', body: `${JSON.stringify(value)}\n`}
}

function text(status: number, message: string): Answer {
  return {status, type: 'text/plain; charset=utf-8', body: `${message}\n`}
}
