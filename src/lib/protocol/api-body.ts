/** Bodies of the HTTP API: what an operator's requests are, without `id` and `op`. */
import {kickRequest, type KickRequest} from './control-frame.js'
import {duplicateKey} from './duplicate-key.js'
import {isRecord, parseJson} from './json-text.js'
import {LIMITS} from './limits.js'
import {publishRequest} from './operator-codec.js'
import type {PublishRequest} from './operator-frame.js'
import {conforms, type Shape} from './shape.js'
import {utf8Decode} from './utf8.js'

export type ApiMessage = Omit<PublishRequest, 'id' | 'op'>
export type ApiKick = Omit<KickRequest, 'id' | 'op'>

export interface ApiBatch {
  /** `all`: one that is wrong, or has no room, and none is sent. `each`: those that can be are. */
  readonly mode: 'all' | 'each'
  /** In their order: each is read by itself. */
  readonly messages: readonly unknown[]
}

export type BodyParse<T> =
  | {readonly ok: true; readonly value: T}
  | {readonly ok: false; readonly reason: string}

/** Details may be as deep as published ones: in a message, in a list, in an object. */
const DEPTH_MAX = LIMITS.jsonDepth + 3

/** JSON in which no name stands twice in an object (RFC 7493): readers would differ on it. */
export function parseBody(bytes: Uint8Array): BodyParse<unknown> {
  const text = utf8Decode(bytes)
  if (text === undefined) return {ok: false, reason: 'not UTF-8'}
  const json = parseJson(text, DEPTH_MAX)
  if (!json.ok) return json
  const twice = duplicateKey(text)
  if (twice === undefined) return json
  return {ok: false, reason: `${JSON.stringify(twice)} stands twice in one object`}
}

export function readMessageBody(value: unknown): BodyParse<ApiMessage> {
  return readAs('publish', publishRequest, 'message', value)
}

export function readKickBody(value: unknown): BodyParse<ApiKick> {
  return readAs('kick', kickRequest, 'request', value)
}

export function readBatchBody(value: unknown): BodyParse<ApiBatch> {
  if (!isRecord(value)) return wrong('a batch is an object: {"messages": […]}')
  const stray = Object.keys(value).find((name) => name !== 'mode' && name !== 'messages')
  if (stray !== undefined) return wrong(`unknown field ${JSON.stringify(stray)}`)
  const {mode = 'all', messages} = value
  if (mode !== 'all' && mode !== 'each') return wrong('mode is "all" or "each"')
  if (!Array.isArray(messages)) return wrong('messages is a list')
  if (messages.length === 0) return wrong('messages is empty')
  if (messages.length > LIMITS.batchMessages) {
    return wrong(`${messages.length} messages where ${LIMITS.batchMessages} are allowed`)
  }
  return {ok: true, value: {mode, messages}}
}

function readAs<T extends {readonly id: number; readonly op: string}>(
  op: T['op'], shape: Shape<T>, what: string, body: unknown,
): BodyParse<Omit<T, 'id' | 'op'>> {
  if (!isRecord(body)) return wrong(`a ${what} is an object`)
  const stray = ['id', 'op'].find((name) => Object.hasOwn(body, name))
  if (stray !== undefined) return wrong(`unknown field "${stray}"`)
  const value: unknown = {...body, id: 0, op}
  return conforms(shape, value) ? {ok: true, value} : wrong(shape(value) ?? `no ${what}`)
}

function wrong(reason: string): {readonly ok: false; readonly reason: string} {
  return {ok: false, reason}
}
