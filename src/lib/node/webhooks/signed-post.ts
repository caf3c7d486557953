/**
 * One POST of JSON to the application, signed as Standard Webhooks has it
 * (standardwebhooks.com): libraries that check it exist for every language. Of each accepted secret
 * there is a signature, so that the mesh secret can be changed without a refused webhook.
 */
import {createHmac} from 'node:crypto'
import {askHttp} from '../../auth/ask-http.js'
import type {HttpAnswer} from '../../auth/ask-http.js'
import {deriveKeys} from '../../auth/keys.js'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import type {TraceContext} from '../../protocol/trace-context.js'

const ANSWER_BYTES_MAX = 1024 * 1024

export interface SignedPostOptions {
  readonly secret: MeshSecret
  /** Milliseconds since 1970. */
  readonly wallClock: () => number
}

export interface Post {
  readonly url: string
  /** The same for every try: the application knows repeats by it. */
  readonly id: string
  readonly body: string
  /** Of whose doing it is about. */
  readonly trace?: TraceContext | undefined
  readonly signal: AbortSignal
}

export type PostAnswer = HttpAnswer

/** Rejects where there is no whole answer: no connection, half a body, too much, the signal. */
export function signedPost(post: Post, options: SignedPostOptions): Promise<PostAnswer> {
  const {url, id, body, trace, signal} = post
  const timestamp = String(Math.floor(options.wallClock() / 1000))
  // A redirect is an answer: what was posted would be asked for by GET, from wherever it points.
  return askHttp(url, {
    method: 'POST',
    headers: {
      ...trace,
      'content-type': 'application/json',
      accept: 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signaturesOf(options.secret, `${id}.${timestamp}.${body}`),
    },
    body,
    signal,
    bytesMax: ANSWER_BYTES_MAX,
  })
}

function signaturesOf(secret: MeshSecret, signed: string): string {
  return deriveKeys(secret, 'webhook')
    .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    .join(' ')
}

const UNSENT = new Set([
  'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN',
])

/** There was no connection: the application has not seen it, and asking again repeats nothing. */
export function wasNotSent(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && UNSENT.has(at.code)) return true
    // Every address of a name was tried.
    if (at instanceof AggregateError) return at.errors.length > 0 && at.errors.every(wasNotSent)
  }
  return false
}
