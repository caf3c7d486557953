import {unreachable} from '../util/assert.js'
import {WsmeshError} from '../util/errors.js'
import type {DetailsShape, Payload} from './envelope.js'
import {jsonDepth, parseJson} from './json-text.js'
import {LIMITS} from './limits.js'
import type {TraceContext} from './trace-context.js'
import {isWellFormed, utf8Decode, utf8Encode, utf8Length} from './utf8.js'

/** How a delivered frame looks: an object, one with what wsmesh.v1 adds, or the array of 2015. */
export type WireForm = 'object' | 'array' | AddedFields

/** What a frame of wsmesh.v1 has beside action and details; `trace` for who asked for it. */
export interface AddedFields {
  readonly id: string
  readonly position: string
  readonly trace?: TraceContext | undefined
}

const NO_BYTES = new Uint8Array(0)

/** Details of a frame as the list of arguments that they mean. */
export function argumentsOf(details: unknown): readonly unknown[] {
  if (Array.isArray(details)) return details
  return details === undefined || details === null ? [] : [details]
}

/**
 * What is published, encoded once. `details` is any value that JSON can say: a list is the list of
 * arguments, undefined and null are no arguments, anything else is the only one. Throws
 * WsmeshError DETAILS_INVALID for anything else and for what is over LIMITS.
 */
export function encodePayload(action: string, details: unknown): Payload {
  const wrong = whatIsWrongWithAction(action)
  if (wrong !== undefined) throw new WsmeshError('DETAILS_INVALID', wrong)
  const {text, shape} = encodeDetails(action, details)
  if (shape === 'none') return {action, shape, details: NO_BYTES}
  const bytes = utf8Encode(text)
  if (bytes.length > LIMITS.detailsBytes) {
    throw new WsmeshError(
      'DETAILS_INVALID',
      `The details of ${action} are ${bytes.length} bytes of JSON`,
      {suggestions: [`Send at most ${LIMITS.detailsBytes} bytes`, 'Send a link to the data']},
    )
  }
  return {action, shape, details: bytes}
}

/** Why a text is no action's name, as a sentence; undefined when it is one. */
export function whatIsWrongWithAction(action: unknown): string | undefined {
  if (typeof action !== 'string') return 'The action is no text'
  if (action === '') return 'The action is empty'
  if (!isWellFormed(action)) return 'The action is not Unicode text'
  const length = utf8Length(action)
  if (length <= LIMITS.actionBytes) return undefined
  return `The action is ${length} bytes long, ${LIMITS.actionBytes} are allowed`
}

/** Details as JSON text with the shape it has, before it is bytes. */
export function encodeDetails(
  action: string,
  details: unknown,
): {readonly text: string; readonly shape: DetailsShape} {
  if (details === undefined || details === null) return {text: 'null', shape: 'none'}
  const text = stringify(action, details)
  if (jsonDepth(text) > LIMITS.jsonDepth) {
    throw new WsmeshError(
      'DETAILS_INVALID',
      `The details of ${action} are nested deeper than ${LIMITS.jsonDepth}`,
    )
  }
  if (text === 'null') return {text, shape: 'none'}
  return {text, shape: text.startsWith('[') ? 'list' : 'single'}
}

function stringify(action: string, details: unknown): string {
  let text: string | undefined
  try {
    text = JSON.stringify(details)
  } catch (error) {
    throw new WsmeshError('DETAILS_INVALID', `The details of ${action} cannot be written as JSON`, {
      cause: error,
    })
  }
  if (text !== undefined) return text
  throw new WsmeshError(
    'DETAILS_INVALID',
    `The details of ${action} cannot be written as JSON: they are a ${typeof details}`,
  )
}

/** A client's frame: what is written before and behind the bytes that were published. */
export interface ClientFrameParts {
  readonly head: string
  /** UTF-8, as published. */
  readonly details: Uint8Array
  readonly tail: string
}

/** A client's frame, made from the published bytes without parsing them. */
export function clientFrameParts(
  {action, shape, details}: Payload, form: WireForm,
): ClientFrameParts {
  const name = JSON.stringify(action)
  if (form === 'array') {
    return {head: shape === 'none' ? `[${name},null` : `[${name},`, details, tail: ']'}
  }
  const added = addedText(form)
  const head = `{"action":${name},"details":`
  switch (shape) {
    case 'list':
      return {head, details, tail: `${added}}`}
    case 'single':
      return {head: `${head}[`, details, tail: `]${added}}`}
    case 'none':
      return {head: `${head}[]`, details, tail: `${added}}`}
    default:
      return unreachable(shape)
  }
}

function addedText(form: Exclude<WireForm, 'array'>): string {
  if (form === 'object') return ''
  const {id, position, trace} = form
  const added = `,"id":${JSON.stringify(id)},"position":${JSON.stringify(position)}`
  return trace === undefined ? added : `${added},${JSON.stringify(trace).slice(1, -1)}`
}

/**
 * Details as they were published; null when there were none. For people who watch: bytes that are
 * not JSON, which a node never publishes, come back as text.
 */
export function detailsOf(payload: Payload): unknown {
  if (payload.shape === 'none') return null
  const read = parseJson(payload.details)
  return read.ok ? read.value : (utf8Decode(payload.details) ?? '')
}
