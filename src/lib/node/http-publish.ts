/**
 * POST /publish: one message of a backend that has a publish token, answered with its receipt. The
 * body is what an operator's `publish` is, without `id` and `op`.
 */
import {PublishTokens} from '../auth/publish-token.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {LIMITS} from '../protocol/limits.js'
import {decodePublication} from '../protocol/operator-codec.js'
import type {PlainRequest, PlainResponse} from '../transport/transport.js'
import type {Counters} from './counters.js'
import type {Log} from './log.js'
import {OperatorActs} from './operator-acts.js'
import {publishFor} from './publish-for.js'
import type {Publisher} from './publisher.js'

export const PUBLISH_PATH = '/publish'

export interface HttpPublishOptions {
  readonly secret: MeshSecret
  readonly publisher: Publisher
  readonly counters: Counters
  readonly log: Log
  readonly now: () => number
  readonly wallClock: () => number
}

/** Backends whose lines in the log are told apart. */
const BACKENDS_MAX = 100

/** Only who bears a token may make this process hold a body. */
export function publishBodyBytesMax({method, path, headers}: PlainRequest): number {
  const isPublish = path === PUBLISH_PATH && method === 'POST'
  return isPublish && bearerOf(headers) !== undefined ? LIMITS.operatorFrameBytes : 0
}

export class HttpPublish {
  readonly #options: HttpPublishOptions
  readonly #tokens: PublishTokens
  readonly #acts = new Map<string, OperatorActs>()

  constructor(options: HttpPublishOptions) {
    this.#options = options
    this.#tokens = new PublishTokens(options.secret, options.wallClock)
  }

  async answer(request: PlainRequest): Promise<PlainResponse> {
    if (request.method !== 'POST') return {...failure(405, 'POST only'), allow: 'POST'}
    // A page has no business here, whatever it talked its reader into.
    if (request.headers['origin'] !== undefined) return failure(403, 'Not for browsers')
    const token = bearerOf(request.headers)
    const by = token === undefined ? undefined : await this.#tokens.verify(token)
    if (by === undefined) {
      this.#options.counters.add('operatorsRefused')
      return failure(401, 'A publish token is needed: Authorization: Bearer …')
    }
    const read = decodePublication(request.body ?? new Uint8Array())
    if (!read.ok) return failure(400, read.reason)
    const acts = this.#actsOf(by, request.remoteAddress)
    const answer = await publishFor(read.value, {publisher: this.#options.publisher, acts})
    if (answer.ok) return json(200, answer.result)
    return failure(answer.status, answer.message, answer.messageId)
  }

  sweep(): void {
    for (const acts of this.#acts.values()) acts.sweep()
  }

  #actsOf(by: string, from: string): OperatorActs {
    const key = `${by} ${from}`
    let acts = this.#acts.get(key)
    if (acts === undefined) {
      if (this.#acts.size >= BACKENDS_MAX) this.#acts.clear()
      acts = new OperatorActs(this.#options.log, {by, from}, this.#options.now)
      this.#acts.set(key, acts)
    }
    return acts
  }
}

function bearerOf(headers: PlainRequest['headers']): string | undefined {
  const {authorization} = headers
  const match = typeof authorization === 'string' ? /^Bearer +(\S+)$/i.exec(authorization) : null
  return match?.[1]
}

function failure(status: number, message: string, messageId?: string): PlainResponse {
  return json(status, {error: {status, message, ...(messageId !== undefined && {messageId})}})
}

function json(status: number, value: unknown): PlainResponse {
  return {status, type: 'application/json', body: `${JSON.stringify(value)}\n`}
}
