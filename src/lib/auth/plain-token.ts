/**
 * The tokens that nearly all clients bring: HS256, and nothing in the header but that. Checked
 * without a task of WebCrypto, which costs more than ten times as much, when thousands come back at
 * once; whatever is out of the ordinary in one is left to the library.
 */
import {createHmac, timingSafeEqual} from 'node:crypto'
import {isRecord, parseJson} from '../protocol/json-text.js'

/** As `wsmesh token`, PHP's libraries and others write it: their order is part of the text. */
const PLAIN_HEADERS = new Set(
  ['{"alg":"HS256","typ":"JWT"}', '{"typ":"JWT","alg":"HS256"}', '{"alg":"HS256"}'].map((text) =>
    Buffer.from(text).toString('base64url'),
  ),
)

export interface PlainToken {
  readonly payload: Readonly<Record<string, unknown>>
  /** Which of the keys signed it. */
  readonly signedBy: number
}

/**
 * What a token says, if one of the keys signed it, its header is plain and all times in it are
 * numbers, `exp` among them and `nbf` not. Undefined says nothing about the token: it may hold.
 * Whether it has ended is the caller's to ask.
 */
export function readPlainToken(token: string, keys: readonly Uint8Array[]): PlainToken | undefined {
  const headerEnd = token.indexOf('.')
  const payloadEnd = token.lastIndexOf('.')
  if (payloadEnd <= headerEnd || !PLAIN_HEADERS.has(token.slice(0, headerEnd))) return undefined
  const signed = token.slice(0, payloadEnd)
  const signature = Buffer.from(token.slice(payloadEnd + 1))
  const signedBy = keys.findIndex((key) => isSignature(signature, signed, key))
  if (signedBy === -1) return undefined
  const json = parseJson(Buffer.from(token.slice(headerEnd + 1, payloadEnd), 'base64url'))
  if (!json.ok || !isRecord(json.value) || !hasPlainTimes(json.value)) return undefined
  return {payload: json.value, signedBy}
}

/** The text is compared, so that there is one way to write a signature. */
function isSignature(given: Buffer, signed: string, key: Uint8Array): boolean {
  const right = Buffer.from(createHmac('sha256', key).update(signed).digest('base64url'))
  return given.length === right.length && timingSafeEqual(given, right)
}

function hasPlainTimes({exp, iat = 0, nbf}: Readonly<Record<string, unknown>>): boolean {
  return typeof exp === 'number' && typeof iat === 'number' && nbf === undefined
}
