/** What the application answers to an action of a client: pure, text to a value. */
import {STATUS_CODES} from 'node:http'
import {isRecord, parseJson} from '../../protocol/json-text.js'
import {targetFromJson} from '../../protocol/target.js'
import type {TargetJson} from '../../protocol/target.js'
import {readMessage} from '../send-message.js'
import type {PostAnswer} from './signed-post.js'

/** A message that is published for the client's action. */
export interface AnsweredMessage {
  readonly action: string
  readonly details: unknown
  readonly target: TargetJson
  readonly id?: string
}

export interface WebhookAnswer {
  readonly publish: readonly AnsweredMessage[]
  /** Undefined: nothing is answered. */
  readonly reply?: {readonly details: unknown}
  readonly error?: readonly [code: number, text: string]
}

/** Messages of one answer. */
const MESSAGES_MAX = 100

const FIELDS = ['reply', 'error', 'publish']
const MESSAGE_FIELDS = ['action', 'details', 'target', 'id']

/** Throws an Error for what is no answer: it says what is wrong with it. */
export function readWebhookAnswer({status, body}: PostAnswer): WebhookAnswer {
  if (status >= 400 && status < 500) return refusal(status, body)
  if (status < 200 || status > 299) throw new Error(`it answers ${status}`)
  return body.trim() === '' ? {publish: []} : readFields(body)
}

/** A status that says no counts as the error, unless the body says it better. */
function refusal(status: number, body: string): WebhookAnswer {
  try {
    const answer = readFields(body)
    if (answer.error !== undefined) return answer
  } catch {
    // A page for people, or nothing: the status says enough.
  }
  return {publish: [], error: [status, STATUS_CODES[status] ?? 'Refused']}
}

function readFields(body: string): WebhookAnswer {
  const json = parseJson(body)
  if (!json.ok || !isRecord(json.value)) throw new Error('its answer is no JSON object')
  checkNames(json.value, FIELDS, 'its answer')
  const {error, publish = []} = json.value
  if (error !== undefined && 'reply' in json.value) {
    throw new Error('its answer has a reply and an error')
  }
  if (!Array.isArray(publish) || publish.length > MESSAGES_MAX) {
    throw new Error(`in its answer publish is no list of at most ${MESSAGES_MAX} messages`)
  }
  const answer = {publish: publish.map(readPublished)}
  if (error !== undefined) return {...answer, error: readError(error)}
  return 'reply' in json.value ? {...answer, reply: {details: json.value['reply']}} : answer
}

function readError(error: unknown): readonly [number, string] {
  const [code, text]: unknown[] = Array.isArray(error) ? error : []
  const isCode = typeof code === 'number' && Number.isInteger(code) && code >= 400 && code <= 599
  if (isCode && typeof text === 'string' && text !== '') return [code, text]
  throw new Error('in its answer error is not [code from 400 to 599, text]')
}

/** All are looked at before any is sent: an answer counts whole or not at all. */
function readPublished(message: unknown): AnsweredMessage {
  if (!isRecord(message)) throw new Error('in its answer a message to publish is no object')
  checkNames(message, MESSAGE_FIELDS, 'a message to publish')
  const {action, details, target, id} = message
  if (typeof action !== 'string') throw new Error('a message to publish has no action')
  if (id !== undefined && typeof id !== 'string') {
    throw new Error('the id of a message to publish is no text')
  }
  if (!isTarget(target)) throw new Error(`a message to publish has no target: ${whyNot(target)}`)
  const read = {action, details, target, ...(id === undefined ? {} : {id})}
  readMessage(action, details, target, read)
  return read
}

function isTarget(value: unknown): value is TargetJson {
  return targetFromJson(value).ok
}

function whyNot(target: unknown): string {
  const read = targetFromJson(target)
  return read.ok ? '' : read.reason
}

function checkNames(
  record: Readonly<Record<string, unknown>>, known: readonly string[], what: string,
): void {
  const unknown = Object.keys(record).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const named = JSON.stringify(unknown.slice(0, 50))
  throw new Error(`${what} has ${named}: there are ${known.join(', ')}`)
}
