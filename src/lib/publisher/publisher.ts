/**
 * Publishing from a backend in Node without a connection to the mesh: the HTTP API of any node
 * (docs/API.md), asked again, and elsewhere, until the message is known to be delivered. Imports
 * nothing but types: it runs wherever there is fetch.
 */
import type {PublishResult} from '../protocol/operator-frame.js'
import type {TargetJson} from '../protocol/target.js'
import {PublishFailed} from './publish-failed.js'

export interface PublisherOptions {
  /** An API key, or a token of `wsmesh token --backend`. */
  readonly key: string
  /** For everything that one call does together; 30,000. */
  readonly timeoutMs?: number | undefined
  /** Ends every call; they reject with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Another fetch: one with an agent for unix sockets, or for tests. */
  readonly fetch?: typeof fetch | undefined
}

export interface SendOptions {
  /**
   * At most 64 bytes, `order-7-paid`: the same id is delivered once, however often it is sent, and
   * answered with the first receipt. One is made unless given.
   */
  readonly id?: string | undefined
}

export interface BatchMessage extends SendOptions {
  readonly action: string
  readonly details?: unknown
  readonly target: TargetJson
}

export interface Publisher {
  /**
   * Resolves with the receipt once every live node has queued the message to its connections.
   * Rejects with PublishFailed. Calls that wait for each other are delivered in their order.
   */
  send(
    action: string, details: unknown, target: TargetJson, options?: SendOptions,
  ): Promise<PublishResult>
  /**
   * At most 1,000 messages, in their order: all or, where one is wrong, none. Rejects with
   * PublishFailed; receipts are in the order of the messages.
   */
  sendAll(messages: readonly BatchMessage[]): Promise<readonly PublishResult[]>
  /** Closes connections on every node: `kick({session})` for a log-out. */
  kick(target: TargetJson, reason?: string): Promise<PublishResult>
}

const TIMEOUT_MS = 30_000
/** A node answers within 10 s whatever happens; one that does not is not waited for any longer. */
const ATTEMPT_MS = 12_000
/** Before all nodes are asked another time; doubles, and is random (full jitter). */
const PAUSE_MS = 100
const PAUSE_MS_MAX = 2000

/** `nodes`: addresses of the API, of one node or several. Throws TypeError for what is none. */
export function createPublisher(
  nodes: string | readonly string[], options: PublisherOptions,
): Publisher {
  const urls = [nodes].flat().map(checkedUrl)
  if (urls.length === 0) throw new TypeError('createPublisher: no node is named')
  const asker = new Asker(urls, options)
  return {
    async send(action, details, target, {id = newId()} = {}) {
      const message = {action, details, target, messageId: id}
      return receiptOf(await asker.ask('/publish', message, id), id)
    },
    async sendAll(messages) {
      if (messages.length === 0) return []
      const ids = messages.map(({id = newId()}) => id)
      const listed = messages.map(({action, details, target}, n) =>
        ({action, details, target, messageId: ids[n]}))
      const answer = await asker.ask('/publish/batch', {mode: 'all', messages: listed}, ids[0])
      const results = isRecord(answer) ? answer['results'] : undefined
      if (!Array.isArray(results) || results.length !== messages.length) throw oddAnswer(ids[0])
      return results.map((result: unknown, n) => receiptOf(result, ids[n]))
    },
    async kick(target, reason) {
      return receiptOf(await asker.ask('/kick', {target, reason}), undefined)
    },
  }
}

class Asker {
  readonly #urls: readonly string[]
  readonly #options: PublisherOptions
  /** The node that answered last; a random one at first. */
  #at: number

  constructor(urls: readonly string[], options: PublisherOptions) {
    this.#urls = urls
    this.#options = options
    this.#at = Math.floor(Math.random() * urls.length)
  }

  /** The body of the first answer that says yes. */
  async ask(path: string, body: unknown, id?: string): Promise<unknown> {
    const {timeoutMs = TIMEOUT_MS, signal} = this.#options
    const deadline = AbortSignal.timeout(timeoutMs)
    const until = signal === undefined ? deadline : AbortSignal.any([deadline, signal])
    const text = JSON.stringify(body)
    let mayBeSent = false
    let failure = new PublishFailed('No time to ask any node', {status: 0, mayBeSent, id})
    for (let tried = 1; !until.aborted; tried += 1) {
      const answer = await this.#post(path, text, until)
      if (answer.status >= 200 && answer.status < 300) return answer.body
      const {status, cause} = answer
      // Every node refuses what is wrong in itself: nor did the one before take it.
      mayBeSent = !isWrong(status) && (mayBeSent || status === 0 || status === 504)
      failure = new PublishFailed(messageOf(answer), {status, mayBeSent, id, cause})
      if (isFinal(status)) throw failure
      this.#at = (this.#at + 1) % this.#urls.length
      // They may be changing their master: all were asked, so all are given a moment.
      const round = Math.floor(tried / this.#urls.length)
      if (tried % this.#urls.length === 0) await pause(round, answer.retryAfterMs, until)
    }
    signal?.throwIfAborted()
    throw failure
  }

  async #post(path: string, body: string, until: AbortSignal): Promise<Answer> {
    const {key, fetch: ask = fetch} = this.#options
    try {
      const response = await ask(`${this.#urls[this.#at]}${path}`, {
        method: 'POST',
        headers: {authorization: `Bearer ${key}`, 'content-type': 'application/json'},
        body,
        redirect: 'manual',
        signal: AbortSignal.any([until, AbortSignal.timeout(ATTEMPT_MS)]),
      })
      const text = await response.text()
      const retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * 1000
      return {status: response.status, body: parsed(text), retryAfterMs}
    } catch (cause) {
      // It may have come, and only the answer not.
      return {status: 0, body: undefined, retryAfterMs: 0, cause}
    }
  }
}

interface Answer {
  /** 0: no whole answer. */
  readonly status: number
  /** Undefined where it is no JSON. */
  readonly body: unknown
  readonly retryAfterMs: number
  readonly cause?: unknown
}

function isWrong(status: number): boolean {
  return status === 400 || status === 413 || status === 415
}

/** What another try, or another node, answers in the same way. */
function isFinal(status: number): boolean {
  return (status >= 300 && status < 500 && status !== 429) || status === 501
}

function messageOf({status, body, cause}: Answer): string {
  const error = isRecord(body) ? body['error'] : undefined
  const message = isRecord(error) ? error['message'] : undefined
  if (typeof message === 'string') return message
  if (status !== 0) return `A node answered ${status}`
  return `No node answered: ${cause instanceof Error ? describe(cause) : String(cause)}`
}

/** fetch says only "fetch failed"; why is in its cause. */
function describe({message, cause}: Error): string {
  return cause instanceof Error && cause.message !== '' ? `${message}: ${cause.message}` : message
}

function receiptOf(value: unknown, id: string | undefined): PublishResult {
  if (isReceipt(value)) return value
  throw oddAnswer(id)
}

function isReceipt(value: unknown): value is PublishResult {
  return isRecord(value) && typeof value['id'] === 'string' && 'connections' in value
}

function oddAnswer(id: string | undefined): PublishFailed {
  return new PublishFailed('The answer is none of a node', {status: 200, mayBeSent: true, id})
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function newId(): string {
  return `js-${crypto.randomUUID()}`
}

function checkedUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new TypeError(`createPublisher: ${JSON.stringify(text)} is no http:// or https:// URL`)
  }
  return text.replace(/\/+$/, '')
}

function pause(round: number, retryAfterMs: number, until: AbortSignal): Promise<void> {
  const mostMs = Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** round)
  const ms = Math.max(retryAfterMs, Math.random() * mostMs)
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      until.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    until.addEventListener('abort', end)
  })
}
