/**
 * The array form: `["action", details]` both ways, as the WebSockets module of CleverStyle CMS
 * spoke it in 2015. Pages made for it shall work as they are: what it said counts, word by word.
 */
import {assert} from '../util/assert.js'
import {badFrame, decoded, type Decoded} from './decoded.js'
import {isRecord} from './json-text.js'
import {argumentsOf, encodeDetails, whatIsWrongWithAction} from './payload.js'
import {hasControlCharacter} from './published-action.js'

export type FrameForm = 'object' | 'array'

/** Whatever is said in this form is closed with it; its clients do not look at codes. */
export const ARRAY_CLOSE_CODE = 1000

/** After this a client of that time does not connect again; after any close alone it does. */
export const ARRAY_STOP = '["Server/close",null]'

const OPENING_BRACKET = 0x5b
/** Space, tab, line feed, carriage return: what JSON may begin with. */
const BLANKS: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d])

/** In which form a connection speaks whose first frame this is: an array begins with a bracket. */
export function formOfFirst(data: Uint8Array): FrameForm {
  let index = 0
  while (BLANKS.has(data[index])) index += 1
  return data[index] === OPENING_BRACKET ? 'array' : 'object'
}

/** An action here may be any text: see isActionName. */
export interface ArrayFrame {
  readonly action: string
  readonly details: readonly unknown[]
  /** What came, where that was no list. */
  readonly given?: unknown
}

/** Further elements were for servers: they are ignored, as they were. */
export function arrayFrameOf(value: unknown): Decoded<ArrayFrame> {
  if (!Array.isArray(value)) return badFrame('a frame is an array of an action and its details')
  const [action, details]: readonly unknown[] = value
  if (typeof action !== 'string') return badFrame('the action is no text')
  if (value.length < 2) return badFrame('an array without details')
  if (Array.isArray(details)) return decoded({action, details})
  return decoded({action, details: argumentsOf(details), given: details})
}

/**
 * A handler that passes the list on which it was called with passes on what came, as the module
 * did: `["hello","Hi"]` comes back as that, not as `["hello",["Hi"]]`.
 */
export function asItCame({details, given}: Omit<ArrayFrame, 'action'>, passed: unknown): unknown {
  if (passed !== details || given === undefined) return passed
  const isWhole = given === null ? details.length === 0 : details.length === 1
  return isWhole && (given === null || details[0] === given) ? given : passed
}

/**
 * Whether a handler can have this name. What such a client sends while it is away comes as a frame
 * in a frame later, `["[\"hello\",\"Hi\"]",null]`, of any length: it is nothing to close for.
 */
export function isActionName(action: string): boolean {
  if (whatIsWrongWithAction(action) !== undefined || hasControlCharacter(action)) return false
  return !action.endsWith(':error')
}

const NEEDED = ['session', 'user_agent', 'language'] as const

/**
 * Details of Client/authentication as decodeAuthentication takes them: a session with what belongs
 * to it; none, where the cookie is the proof; or a token, which is newer than this form. Undefined
 * when something is missing. What is empty proves nothing, but is not missing.
 */
export function arrayProofOf(details: readonly unknown[]): readonly unknown[] | undefined {
  const [proof] = details
  if (proof === undefined) return []
  if (!isRecord(proof)) return undefined
  if ('token' in proof) return details
  if (!NEEDED.every((name) => typeof proof[name] === 'string')) return undefined
  const given = NEEDED.filter((name) => proof[name] !== '')
  return [Object.fromEntries(given.map((name) => [name, proof[name]]))]
}

/** Details go out as they are given. Throws WsmeshError DETAILS_INVALID like encodePayload. */
export function encodeArrayReply(action: string, details: unknown): string {
  return `[${JSON.stringify(action)},${encodeDetails(action, details).text}]`
}

/** `hello:error` with [code, text]; without a text it is that of the code. */
export function encodeArrayError(action: string, code: number, text = ERROR_TEXTS[code]): string {
  assert(text !== undefined && text !== '', `An error says what is wrong: ${code}`)
  return encodeArrayReply(`${action}:error`, [code, text])
}

const ERROR_TEXTS: Readonly<Record<number, string>> = {
  400: '400 Bad Request',
  403: '403 Forbidden',
  429: '429 Too Many Requests',
  503: '503 Service Unavailable',
}
