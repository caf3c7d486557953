import {assert} from '../util/assert.js'
import {arrayFrameOf, type FrameForm} from './array-form.js'
import {badFrame, decoded, tooBig, tooDeep, type Decoded} from './decoded.js'
import {isRecord, parseJson} from './json-text.js'
import {LIMITS} from './limits.js'
import {argumentsOf, encodeDetails, whatIsWrongWithAction} from './payload.js'
import {hasControlCharacter} from './published-action.js'
import {idFromJson} from './target.js'
import {traceContextFrom, type TraceContext} from './trace-context.js'
import {isWellFormed, utf8Length} from './utf8.js'

/** The first message of a client; its answer has the same action. */
export const AUTHENTICATION = 'Client/authentication'
/**
 * Tells a wsmesh.v1 client up to where it has everything, with each ping, which no page can see; a
 * client may ask for it with the same action.
 */
export const POSITION = 'Client/position'
/** An event for handlers when a connection ends. No client can send it. */
export const DISCONNECTION = 'Client/disconnection'
/** The answer to an action that failed has this at the end of the action. */
export const ERROR_SUFFIX = ':error'

export interface ClientFrame {
  readonly action: string
  /** The argument list: details of the frame that are no list are its only element. */
  readonly details: readonly unknown[]
  /** Of the array form alone: what came, where that was no list. */
  readonly given?: unknown
  /** Of a wsmesh.v1 client that wants its answer matched: comes back as `re`. */
  readonly id?: string
  /** Where it is looked for and the client gave one; null: it does not hold. */
  readonly trace?: TraceContext | null
}

export interface ClientFrameOptions {
  /** Whether it came as a binary frame of WebSocket: clients speak text only. */
  readonly isBinary?: boolean
  /** LIMITS.clientFrameBytes, or LIMITS.unauthenticatedFrameBytes before authentication. */
  readonly bytesMax?: number
  /** Nesting of the details, their list included; LIMITS.jsonDepth bounds it. */
  readonly detailsDepth?: number
  /** That of the connection: a frame in the other one is a violation. */
  readonly form?: FrameForm
  /** Whether the context of a trace is looked for. */
  readonly isTraced?: boolean
}

/** A client's frame, as text or as its UTF-8 bytes, to a value or a violation. Never throws. */
export function decodeClientFrame(
  data: Uint8Array | string,
  options: ClientFrameOptions = {},
): Decoded<ClientFrame> {
  const {isBinary = false, bytesMax = LIMITS.clientFrameBytes, detailsDepth} = options
  const {form = 'object', isTraced = false} = options
  if (isBinary) return badFrame('a binary frame: clients send text')
  const length = typeof data === 'string' ? utf8Length(data) : data.length
  if (length > bytesMax) return tooBig(`a frame of ${length} bytes, ${bytesMax} are allowed`)
  // The frame itself is one level more.
  const json = parseJson(data, detailsDepth === undefined ? undefined : detailsDepth + 1)
  if (!json.ok) return json.isTooDeep === true ? tooDeep(json.reason) : badFrame(json.reason)
  return form === 'array' ? arrayFrameOf(json.value) : objectFrameOf(json.value, isTraced)
}

function objectFrameOf(value: unknown, isTraced: boolean): Decoded<ClientFrame> {
  if (!isRecord(value)) return badFrame('a frame is an object with "action" and "details"')
  const {action, details, id} = value
  if (typeof action !== 'string') return badFrame('"action" is no text')
  const wrong = whatIsWrongWithAction(action)
  if (wrong !== undefined) return badFrame(wrong)
  if (hasControlCharacter(action)) return badFrame('the action has control characters')
  if (action.endsWith(ERROR_SUFFIX)) return badFrame('an action of a client ends in ":error"')
  if (id !== undefined && !isFrameId(id)) {
    return badFrame(`"id" is no text of 1 to ${LIMITS.idBytes} bytes`)
  }
  const frame = id === undefined
    ? {action, details: argumentsOf(details)} : {action, details: argumentsOf(details), id}
  if (!isTraced || value['traceparent'] === undefined) return decoded(frame)
  return decoded({...frame, trace: traceContextFrom(value) ?? null})
}

function isFrameId(id: unknown): id is string {
  return typeof id === 'string' && idFromJson(id) !== undefined
}

/** An answer to one client. Throws WsmeshError DETAILS_INVALID like encodePayload. */
export function encodeReply(action: string, details: unknown, re?: string): string {
  const {text, shape} = encodeDetails(action, details)
  const list = shape === 'none' ? '[]' : shape === 'list' ? text : `[${text}]`
  const answered = re === undefined ? '' : `,"re":${JSON.stringify(re)}`
  return `{"action":${JSON.stringify(action)},"details":${list}${answered}}`
}

/** `hello:error` with [code, text]; the code as in HTTP, the text never empty. */
export function encodeError(action: string, code: number, text: string, re?: string): string {
  assert(Number.isInteger(code) && code >= 400 && code <= 599, `No error code: ${code}`)
  assert(text !== '', 'An error says what is wrong')
  return encodeReply(action + ERROR_SUFFIX, [code, text], re)
}

/** What a client proves itself with. Nothing given: the cookie of its upgrade request may do. */
export interface AuthenticationRequest {
  readonly token?: string
  readonly session?: string
  readonly language?: string
  readonly userAgent?: string
  /** The position after which the client wants what it missed; may be any text. */
  readonly resume?: string
  /** Messages shall say which trace they are part of. */
  readonly wantsTrace?: true
}

/** Details of Client/authentication; the reason of a violation is the text of the 400 answer. */
export function decodeAuthentication(details: readonly unknown[]): Decoded<AuthenticationRequest> {
  const [proof = {}, ...rest] = details
  if (rest.length > 0) return badFrame('Client/authentication takes one object')
  if (!isRecord(proof)) return badFrame('Client/authentication takes an object')
  const request: {-readonly [K in TextField]?: string} & {wantsTrace?: true} = {}
  if (proof['trace'] === true) request.wantsTrace = true
  for (const [key, name, bytesMax] of AUTHENTICATION_FIELDS) {
    const value = proof[key]
    if (value === undefined || value === null) continue
    if (typeof value !== 'string' || value === '') return badFrame(`"${key}" is no text`)
    if (!isWellFormed(value) || utf8Length(value) > bytesMax) {
      return badFrame(`"${key}" is not Unicode text of at most ${bytesMax} bytes`)
    }
    request[name] = value
  }
  return decoded(request)
}

type TextField = (typeof AUTHENTICATION_FIELDS)[number][1]

const AUTHENTICATION_FIELDS = [
  ['token', 'token', LIMITS.unauthenticatedFrameBytes],
  ['session', 'session', LIMITS.sessionProofBytes],
  ['language', 'language', LIMITS.idBytes],
  ['user_agent', 'userAgent', LIMITS.userAgentBytes],
  ['resume', 'resume', LIMITS.idBytes],
] as const

/** What a client is told once it is known. */
export interface AuthenticationAnswer {
  /** Null for a guest. */
  readonly user: string | null
  readonly groups: readonly string[]
  readonly session: string | null
  /** The id of the node that answers. */
  readonly node: string
  /** Where the client's stream begins: `resume` when recovered. Null while the node has none. */
  readonly position: string | null
  /** Whether everything after `resume` follows, from here on. Never a part of it. */
  readonly recovered: boolean
  /** The server pings so often, and says something that a page can see. */
  readonly heartbeatMs: number
  /** The proof ends then: another one is needed before. Null: it does not, or is asked for. */
  readonly expiresInMs: number | null
}

export function encodeAuthenticated(answer: AuthenticationAnswer, re?: string): string {
  return encodeReply(AUTHENTICATION, ['ok', answer], re)
}

/** All messages for this client up to the position were sent to it before this. */
export function encodePosition(position: string, re?: string): string {
  return encodeReply(POSITION, [position], re)
}
