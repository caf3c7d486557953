/**
 * One connection as a client of a mesh has it, with every frame to be seen: for `ping --url` and
 * `connect`. The library, wsmesh/client, hides what these are there to show.
 */
import {withResolvers} from '../../operator/resolvers.js'
import {AUTHENTICATION, ERROR_SUFFIX} from '../../protocol/client-frame.js'
import {isRecord, parseJson} from '../../protocol/json-text.js'
import {LIMITS} from '../../protocol/limits.js'
import {SUBPROTOCOL} from '../../protocol/version.js'
import type {DialFailure, TlsParts} from '../../transport/transport.js'

/** What a client proves itself with; `label` says it to people, without the proof itself. */
export interface Proof {
  readonly label: string
  /** Fields of `Client/authentication`. */
  readonly fields: Readonly<Record<string, string>>
  readonly cookie: string | undefined
}

/** What a node says of a client that it let in. */
export interface LetIn {
  readonly node: string
  readonly user: string | null
  readonly position: string | null
  readonly recovered: boolean
  readonly heartbeatMs: number
  readonly expiresInMs: number | null
}

/** A frame of a node as far as it can be read. */
export interface NodeFrame {
  readonly action: string
  readonly details: readonly unknown[]
  readonly id: string | undefined
  readonly position: string | undefined
  readonly re: string | undefined
}

export interface WireHandler {
  /** Each frame as it came; `frame` is undefined for what is none of this protocol. */
  onFrame?(text: string, frame: NodeFrame | undefined): void
  onPing?(): void
  onPong?(): void
  /** Of a connection that was let in. */
  onClose?(code: number, reason: string): void
}

export interface Wire {
  /** As it is. */
  send(text: string): void
  ping(): void
  close(): void
}

/** Why there is no connection. `isFinal`: the same would happen again. */
export interface NotLetIn {
  readonly ok: false
  readonly why: string
  readonly failure: DialFailure | 'not-let-in'
  /** Of the close, where there was one. */
  readonly code: number | undefined
  readonly isFinal: boolean
}

export type Opening =
  | {
      readonly ok: true
      readonly wire: Wire
      /** Undefined where no proof was to be sent. */
      readonly letIn: LetIn | undefined
      /** Dialling and proof together. */
      readonly tookMs: number
    }
  | NotLetIn

export interface OpenOptions {
  readonly url: string
  /** Undefined: the caller authenticates itself, or wants to see what happens if it does not. */
  readonly proof: Proof | undefined
  readonly resume?: string | undefined
  readonly origin: string | undefined
  readonly tls: TlsParts | undefined
  readonly timeoutMs: number
  readonly signal?: AbortSignal
}

/** Dials and proves; never rejects. The handler hears everything from the first frame. */
export async function openWire(options: OpenOptions, handler: WireHandler): Promise<Opening> {
  const {url, proof, resume, origin, tls, timeoutMs} = options
  const {dial} = await import('../../transport/ws-transport.js')
  const startMs = performance.now()
  const answer = withResolvers<Answer>()
  const state = {isIn: false}
  const dialled = await dial(
    url,
    {
      subprotocol: SUBPROTOCOL.client, timeoutMs, origin, tls, cookie: proof?.cookie,
      maxFrameBytes: LIMITS.operatorFrameBytes,
      ...(options.signal && {signal: options.signal}),
    },
    () => ({
      onMessage(data) {
        const text = new TextDecoder().decode(data)
        const frame = frameOf(text)
        if (frame !== undefined) answered(frame, answer.resolve)
        handler.onFrame?.(text, frame)
      },
      onPing: () => handler.onPing?.(),
      onPong: () => handler.onPong?.(),
      onClose(code, reason) {
        answer.resolve({type: 'closed', code, reason})
        if (state.isIn) handler.onClose?.(code, reason)
      },
    }),
  )
  if (!dialled.ok) return notDialled(dialled)
  const {socket} = dialled
  const wire: Wire = {
    send: (text) => socket.send(text),
    ping: () => socket.ping(),
    close: () => socket.close(1000, ''),
  }
  if (proof !== undefined) {
    const details = [{...proof.fields, ...(resume === undefined ? {} : {resume})}]
    socket.send(JSON.stringify({action: AUTHENTICATION, details}))
    const timer = setTimeout(() => answer.resolve({type: 'late'}), timeoutMs)
    const said = await answer.promise
    clearTimeout(timer)
    if (said.type !== 'ok') {
      socket.destroy()
      return notLetIn(said, timeoutMs)
    }
    state.isIn = true
    return {ok: true, wire, letIn: said.letIn, tookMs: performance.now() - startMs}
  }
  state.isIn = true
  return {ok: true, wire, letIn: undefined, tookMs: performance.now() - startMs}
}

type Answer =
  | {readonly type: 'ok'; readonly letIn: LetIn}
  | {readonly type: 'refused'; readonly code: number; readonly text: string}
  | {readonly type: 'closed'; readonly code: number; readonly reason: string}
  | {readonly type: 'late'}

function answered({action, details}: NodeFrame, resolve: (answer: Answer) => void): void {
  const [first, second] = details
  if (action === AUTHENTICATION && isRecord(second)) {
    resolve({type: 'ok', letIn: letInOf(second)})
  } else if (action === AUTHENTICATION + ERROR_SUFFIX) {
    resolve({type: 'refused', code: Number(first), text: String(second)})
  }
}

function letInOf(about: Readonly<Record<string, unknown>>): LetIn {
  const {node, user, position, recovered, heartbeatMs, expiresInMs} = about
  return {
    node: String(node),
    user: typeof user === 'string' ? user : null,
    position: typeof position === 'string' ? position : null,
    recovered: recovered === true,
    heartbeatMs: typeof heartbeatMs === 'number' ? heartbeatMs : LIMITS.pingMs,
    expiresInMs: typeof expiresInMs === 'number' ? expiresInMs : null,
  }
}

/** Undefined for what is no frame of this protocol. */
export function frameOf(text: string): NodeFrame | undefined {
  const read = parseJson(text)
  if (!read.ok || !isRecord(read.value)) return undefined
  const {action, details, id, position, re} = read.value
  if (typeof action !== 'string' || !Array.isArray(details)) return undefined
  return {action, details, id: textOf(id), position: textOf(position), re: textOf(re)}
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function notDialled(
  {failure, detail}: {readonly failure: DialFailure; readonly detail: string},
): NotLetIn {
  const why = failure === 'refused' ? 'nothing listens there (connection refused)' : detail
  const isFinal = failure === 'rejected' && !/Answered (?:429|5\d\d)/.test(detail)
  return {ok: false, why, failure, code: undefined, isFinal: isFinal || failure === 'untrusted'}
}

function notLetIn(answer: Exclude<Answer, {type: 'ok'}>, timeoutMs: number): NotLetIn {
  const failure = 'not-let-in'
  switch (answer.type) {
    case 'refused': {
      const {code, text} = answer
      const isFinal = code !== 429 && code !== 503
      return {ok: false, why: `${text} (${code})`, failure, code: undefined, isFinal}
    }
    case 'closed': {
      const {code, reason} = answer
      const why = `closed with ${code} ${reason}`.trim()
      return {ok: false, why, failure, code, isFinal: code >= 4500 && code < 5000}
    }
    case 'late': {
      const why = `no answer to the proof within ${timeoutMs} ms`
      return {ok: false, why, failure, code: undefined, isFinal: false}
    }
    default:
      return answer satisfies never
  }
}
