/**
 * What web pages fetch from a node: the client library, and the position at which they begin. Both
 * are for everybody: they say nothing of anybody.
 */
import {createHash} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {gzip} from 'node:zlib'
import {formatPosition} from '../protocol/position.js'
import type {Position} from '../protocol/position.js'
import type {PlainRequest, PlainResponse} from '../transport/transport.js'
import type {ClientDoor} from './client-door.js'
import type {NodeStatus} from './node-status.js'

const LIBRARY_PATH = '/wsmesh.js'
const POSITION_PATH = '/position'
export const PAGE_PATHS: readonly string[] = [LIBRARY_PATH, POSITION_PATH]

/** The same from the sources, in tests, as from what is built. */
const LIBRARY_FILE = join(import.meta.dirname, '..', '..', '..', 'dist', 'wsmesh.js')

export interface ClientLibrary {
  readonly plain: Uint8Array
  readonly zipped: Uint8Array
  /** Of its content, without quotes. */
  readonly tag: string
}

export interface ForPages {
  /** Undefined: it was not built. */
  readonly library: ClientLibrary | undefined
  readonly door: Pick<ClientDoor, 'allows' | 'isOpen'>
  readonly position: () => Position | undefined
  readonly status: Pick<NodeStatus, 'closedToClients'>
}

/** Undefined: it was not built. */
export async function readClientLibrary(): Promise<ClientLibrary | undefined> {
  let plain: Buffer
  try {
    plain = await readFile(LIBRARY_FILE)
  } catch {
    return undefined
  }
  const tag = createHash('sha256').update(plain).digest('base64url').slice(0, 16)
  return {plain, zipped: await promisify(gzip)(plain, {level: 9}), tag}
}

/** Of a GET or HEAD for one of PAGE_PATHS. */
export function answerPage(request: PlainRequest, options: ForPages): PlainResponse {
  return request.path === LIBRARY_PATH
    ? answerLibrary(request, options.library)
    : answerPosition(request, options)
}

/**
 * Kept by browsers for ten minutes, and asked about in the background for a day: a page never waits
 * for it, and soon has the one that belongs to the nodes.
 */
const LIBRARY_HEADERS = {
  'cache-control': 'public, max-age=600, stale-while-revalidate=86400',
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  vary: 'accept-encoding',
} as const

/** Not `gzip;q=0`. */
const GZIP = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i

function answerLibrary(
  {headers}: PlainRequest, library: ClientLibrary | undefined,
): PlainResponse {
  if (library === undefined) return text(404, 'The library was not built: npm run build')
  const isZipped = GZIP.test(String(headers['accept-encoding']))
  const etag = `"${library.tag}${isZipped ? '-gzip' : ''}"`
  const type = 'text/javascript; charset=utf-8'
  const shared = {...LIBRARY_HEADERS, etag}
  if (isKnown(headers['if-none-match'], etag)) return {status: 304, type, body: '', headers: shared}
  if (!isZipped) return {status: 200, type, body: library.plain, headers: shared}
  const zipped = {...shared, 'content-encoding': 'gzip'}
  return {status: 200, type, body: library.zipped, headers: zipped}
}

function isKnown(known: string | readonly string[] | undefined, etag: string): boolean {
  const tags = String(known).split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}

/**
 * Pages that may connect may ask, those of other origins without cookies: the answer is the same
 * for everybody. Nobody keeps it: it is of this moment.
 */
function answerPosition({headers}: PlainRequest, options: ForPages): PlainResponse {
  const {door, status} = options
  const {origin} = headers
  if (origin !== undefined && !door.allows(origin)) {
    return text(403, 'Not for pages of this origin', {vary: 'origin'})
  }
  const allowed = door.isOpen ? '*' : typeof origin === 'string' ? origin : undefined
  const shared = {vary: 'origin', ...(allowed && {'access-control-allow-origin': allowed})}
  const position = status.closedToClients === undefined ? options.position() : undefined
  if (position === undefined) {
    const reason = status.closedToClients ?? 'starting'
    return json(503, {reason}, shared)
  }
  return json(200, {position: formatPosition(position)}, shared)
}

type Headers = NonNullable<PlainResponse['headers']>

function json(status: number, value: unknown, headers: Headers): PlainResponse {
  return {status, type: 'application/json', body: `${JSON.stringify(value)}\n`, headers}
}

function text(status: number, body: string, headers: Headers = {}): PlainResponse {
  return {status, type: 'text/plain; charset=utf-8', body: `${body}\n`, headers}
}
