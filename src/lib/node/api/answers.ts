/** Answers of the HTTP API: JSON, errors too, whatever was asked. */
import type {PlainResponse} from '../../transport/transport.js'

type Headers = NonNullable<PlainResponse['headers']>

export interface ApiError {
  readonly status: number
  readonly message: string
  /** Of a message that may still be delivered. */
  readonly messageId?: string
}

export function json(status: number, value: unknown, headers: Headers = {}): PlainResponse {
  return {status, headers, type: 'application/json', body: `${JSON.stringify(value)}\n`}
}

export function failure(status: number, message: string, headers: Headers = {}): PlainResponse {
  return json(status, {error: {status, message}}, headers)
}

/** For what passes by itself: an outbox that is full empties within this or a little more. */
export const RETRY_AFTER_MS = 1000

export function retryAfter(ms: number = RETRY_AFTER_MS): Headers {
  return {'retry-after': String(Math.max(1, Math.ceil(ms / 1000)))}
}
