/** Bodies as the API takes them: JSON in UTF-8, as it is, whole, and of a bounded size. */
import {parseBody} from '../../protocol/api-body.js'
import {LIMITS} from '../../protocol/limits.js'
import type {PlainRequest, PlainResponse} from '../../transport/transport.js'
import {failure, retryAfter} from './answers.js'

export type JsonBody =
  | {readonly ok: true; readonly value: unknown}
  | {readonly ok: false; readonly response: PlainResponse}

/** Bodies that are being read, all together: whoever has a key may send slowly. */
const BYTES_MAX = 64 * 1024 * 1024

export class JsonBodies {
  #bytes = 0

  /** Requests of one connection get theirs in order. Never rejects. */
  async read(request: PlainRequest): Promise<JsonBody> {
    const unread = whatIsWrongWithHeaders(request)
    if (unread !== undefined) return {ok: false, response: failure(415, unread.why, unread.headers)}
    const bytes = Math.min(lengthOf(request), LIMITS.operatorFrameBytes)
    if (this.#bytes + bytes > BYTES_MAX) return refused(503, 'Too many bodies at once')
    this.#bytes += bytes
    const read = await request.readBody(LIMITS.operatorFrameBytes)
    this.#bytes -= bytes
    if (!read.ok) return read.why === 'too big' ? TOO_BIG : refused(400, 'The body was cut off')
    if (read.bytes.length === 0) return refused(400, 'the body is empty')
    const parsed = parseBody(read.bytes)
    return parsed.ok ? parsed : refused(400, parsed.reason)
  }
}

function refused(status: number, why: string): JsonBody {
  return {ok: false, response: failure(status, why, status === 503 ? retryAfter() : {})}
}

const TOO_BIG = refused(413, `the body has more than ${LIMITS.operatorFrameBytes} bytes`)

function lengthOf({headers}: PlainRequest): number {
  const length = headers['content-length']
  if (typeof length === 'string') return Number(length)
  return headers['transfer-encoding'] === undefined ? 0 : LIMITS.operatorFrameBytes
}

interface Unread {
  readonly why: string
  readonly headers?: Readonly<Record<string, string>>
}

function whatIsWrongWithHeaders({headers}: PlainRequest): Unread | undefined {
  const {'content-type': type, 'content-encoding': encoding} = headers
  if (encoding !== undefined && String(encoding).toLowerCase() !== 'identity') {
    const why = `Content-Encoding ${String(encoding)} is not read: send the body as it is`
    return {why, headers: {'accept-encoding': 'identity'}}
  }
  // Who says nothing of it means what is documented.
  if (type === undefined) return undefined
  const [media = '', ...parameters] = String(type).toLowerCase().split(';')
  if (media.trim() !== 'application/json') {
    return {why: `Content-Type ${media.trim()} is not read: send application/json`}
  }
  const charset = parameters.map((text) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/.exec(text)?.[1])
    .find((found) => found !== undefined)
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return undefined
  return {why: `charset ${charset} is not read: JSON is UTF-8`}
}
