/**
 * A connection as a client that comes back by itself and says so: wire after wire, with the last
 * position to go on from. What is sent meanwhile waits.
 */
import {setTimeout as delay} from 'node:timers/promises'

import {withResolvers} from '../../operator/resolvers.js'
import {POSITION} from '../../protocol/client-frame.js'
import {isFinalClose} from './why-closed.js'
import {
  type LetIn, type NodeFrame, type NotLetIn, openWire, type OpenOptions, type Proof, type Wire,
} from '../wire/client-wire.js'

export type SessionEvent =
  | {
      readonly type: 'connected'
      readonly url: string
      readonly label: string
      /** Undefined where nothing was proved. */
      readonly letIn: LetIn | undefined
      readonly tookMs: number
      /** Not the first time. */
      readonly isAgain: boolean
    }
  | {
      readonly type: 'received'
      readonly text: string
      readonly frame: NodeFrame | undefined
      /** Of an answer: since it was asked for. */
      readonly answerMs: number | undefined
    }
  | {readonly type: 'pinged'}
  | {readonly type: 'pong'; readonly ms: number}
  | {readonly type: 'sent'; readonly text: string; readonly waits: boolean}
  | {
      readonly type: 'lost'
      readonly code: number
      readonly reason: string
      readonly delayMs: number
    }
  | {
      readonly type: 'failed'
      readonly url: string
      readonly why: string
      readonly delayMs: number
    }

export interface SessionOptions extends Omit<OpenOptions, 'url' | 'proof' | 'resume' | 'signal'> {
  /** To be tried in turn; asked again before each attempt. */
  readonly urls: () => Promise<readonly string[]>
  /** Undefined: nothing is proved. */
  readonly proof: (() => Promise<Proof>) | undefined
  readonly signal: AbortSignal
  readonly onEvent: (event: SessionEvent) => void
}

/** Why a session is over. */
export type SessionEnd =
  | {readonly type: 'ended'}
  | {readonly type: 'not-let-in'; readonly url: string; readonly refusal: NotLetIn}
  | {readonly type: 'closed'; readonly code: number; readonly reason: string}

const WAITING_MAX = 64
const DELAY_MIN_MS = 500
const DELAY_MAX_MS = 20_000
/** What was asked for so many frames ago is not answered any more. */
const ASKED_MAX = 1000

export class Session {
  readonly #options: SessionOptions
  readonly #asked = new Map<string, number>()
  #wire: Wire | undefined
  #waiting: string[] = []
  #letIn: LetIn | undefined
  #position: string | undefined
  #url = ''
  #count = 0
  #dropped: (() => void) | undefined

  constructor(options: SessionOptions) {
    this.#options = options
  }

  get state(): {
    readonly url: string
    readonly isOpen: boolean
    readonly letIn: LetIn | undefined
    readonly position: string | undefined
    readonly waiting: number
  } {
    const isOpen = this.#wire !== undefined
    const waiting = this.#waiting.length
    return {url: this.#url, isOpen, letIn: this.#letIn, position: this.#position, waiting}
  }

  /** Until the signal ends it, or it cannot go on. The first time a URL that fails is the end. */
  async run(): Promise<SessionEnd> {
    const {signal, onEvent} = this.#options
    let failures = 0
    let isAgain = false
    for (let index = 0; !signal.aborted; index += 1) {
      const urls = await this.#options.urls()
      this.#url = urls[index % urls.length] ?? ''
      const closed = withResolvers<{readonly code: number; readonly reason: string}>()
      this.#dropped = () => closed.resolve({code: 1000, reason: '/reconnect'})
      const opening = await this.#open(closed.resolve)
      if (signal.aborted) break
      if (!opening.ok) {
        const isLast = !isAgain && index + 1 >= urls.length
        if (opening.isFinal || isLast) return {type: 'not-let-in', url: this.#url, refusal: opening}
        failures += 1
        const delayMs = isAgain ? pauseMs(failures) : 0
        onEvent({type: 'failed', url: this.#url, why: opening.why, delayMs})
        await this.#pause(delayMs)
        continue
      }
      this.#opened(opening, isAgain)
      isAgain = true
      failures = 0
      const end = await this.#untilClosed(closed.promise)
      if (end === undefined) break
      if (isFinalClose(end.code)) return {type: 'closed', ...end}
      const delayMs = pauseMs(1)
      onEvent({type: 'lost', ...end, delayMs})
      await this.#pause(delayMs)
    }
    return {type: 'ended'}
  }

  /** An action; its answer is told apart by its id. */
  send(action: string, details: readonly unknown[]): void {
    const id = `q${(this.#count += 1)}`
    this.#ask(id)
    this.sendText(JSON.stringify({action, details, id}))
  }

  /** Anything. */
  sendText(text: string): void {
    const waits = this.#wire === undefined
    if (waits && this.#waiting.length >= WAITING_MAX) this.#waiting.shift()
    if (waits) this.#waiting.push(text)
    else this.#wire?.send(text)
    this.#options.onEvent({type: 'sent', text, waits})
  }

  /** To the node and back: what lies between answers pings of WebSocket by itself. */
  ping(): void {
    if (this.#wire === undefined) return
    const id = `ping-${(this.#count += 1)}`
    this.#ask(id)
    this.#wire.send(JSON.stringify({action: POSITION, id}))
  }

  reconnect(): void {
    const wire = this.#wire
    this.#dropped?.()
    wire?.close()
  }

  #ask(id: string): void {
    this.#asked.set(id, performance.now())
    for (const old of this.#asked.keys()) {
      if (this.#asked.size <= ASKED_MAX) break
      this.#asked.delete(old)
    }
  }

  async #open(closed: (end: {readonly code: number; readonly reason: string}) => void) {
    const {proof, origin, tls, timeoutMs, signal, onEvent} = this.#options
    const known = await proof?.()
    const resume = this.#position
    const opening = await openWire(
      {url: this.#url, proof: known, resume, origin, tls, timeoutMs, signal},
      {
        onFrame: (text, frame) => this.#received(text, frame),
        onPing: () => onEvent({type: 'pinged'}),
        onClose: (code, reason) => closed({code, reason}),
      },
    )
    return opening.ok ? {...opening, label: known?.label ?? 'nobody yet'} : opening
  }

  #opened(
    {wire, letIn, tookMs, label}:
    {readonly wire: Wire; readonly letIn: LetIn | undefined; readonly tookMs: number;
      readonly label: string},
    isAgain: boolean,
  ): void {
    this.#wire = wire
    this.#letIn = letIn
    this.#position ??= letIn?.position ?? undefined
    if (isAgain && letIn !== undefined && !letIn.recovered) {
      this.#position = letIn.position ?? undefined
    }
    this.#options.onEvent({type: 'connected', url: this.#url, label, letIn, tookMs, isAgain})
    const waiting = this.#waiting
    this.#waiting = []
    for (const text of waiting) wire.send(text)
  }

  /** Undefined: ended from here. */
  async #untilClosed<T>(closed: Promise<T>): Promise<T | undefined> {
    const {signal} = this.#options
    const ended = withResolvers<undefined>()
    const stop = () => ended.resolve(undefined)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    const end = await Promise.race([closed, ended.promise])
    signal.removeEventListener('abort', stop)
    if (end === undefined) this.#wire?.close()
    this.#wire = undefined
    return end
  }

  #received(text: string, frame: NodeFrame | undefined): void {
    const {onEvent} = this.#options
    const position = frame?.action === POSITION ? frame.details[0] : frame?.position
    if (typeof position === 'string') this.#position = position
    const {re} = frame ?? {}
    const askedMs = re === undefined ? undefined : this.#asked.get(re)
    const answerMs = askedMs === undefined ? undefined : performance.now() - askedMs
    if (re !== undefined) this.#asked.delete(re)
    onEvent({type: 'received', text, frame, answerMs})
    if (re?.startsWith('ping-') && answerMs !== undefined) onEvent({type: 'pong', ms: answerMs})
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, {signal: this.#options.signal}).catch(() => undefined)
  }
}

/** Full jitter, as the client library: thousands that lost one node do not come in one moment. */
function pauseMs(failures: number): number {
  return Math.round(Math.random() * Math.min(DELAY_MAX_MS, DELAY_MIN_MS * 2 ** (failures - 1)))
}
