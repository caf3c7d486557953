/** POST /publish and POST /publish/batch. */
import {LIMITS} from '../../protocol/limits.js'
import {readBatchBody, readMessageBody} from '../../protocol/api-body.js'
import {whatIsWrongWithCallerId} from '../../protocol/caller-id.js'
import type {PublishResult} from '../../protocol/operator-frame.js'
import type {PlainRequest, PlainResponse} from '../../transport/transport.js'
import {outcomeOf, readMessage, REFUSALS, type Message} from '../publish-for.js'
import {PublishGate} from '../publish-gate.js'
import type {Publisher} from '../publisher.js'
import {failure, json, retryAfter, type ApiError} from './answers.js'
import type {Caller} from './callers.js'
import {tooFast, type ApiCall} from './route.js'

/** What became of one message; 202 where nobody waits for its receipt. */
type Item =
  | ({readonly status: 200} & PublishResult)
  | {readonly status: 202; readonly id: string}
  | {readonly status: number; readonly error: ApiError}

/** What an Idempotency-Key of a batch leaves for ".999" behind it. */
const BATCH_KEY_BYTES_MAX = LIMITS.callerIdBytes - '.999'.length

type WaitFor = 'receipt' | 'accepted'

export async function publishOne(call: ApiCall): Promise<PlainResponse> {
  const {request, caller, parts} = call
  const asked = readAsked(request)
  if (!asked.ok) return failure(400, asked.reason)
  const body = await parts.bodies.read(request)
  if (!body.ok) return body.response
  const read = readItem(body.value, call, asked.key)
  if (!read.ok) return responseOf(read.item)
  if (asked.key !== undefined && read.message.callerId !== asked.key) {
    return failure(400, 'messageId and Idempotency-Key differ: give one of them')
  }
  caller.acts.published(read.action, read.target)
  const {publisher} = parts
  return responseOf(await publish(read.message, {publisher, waitFor: asked.waitFor}))
}

export async function publishBatch(call: ApiCall): Promise<PlainResponse> {
  const {request, caller, parts} = call
  const asked = readAsked(request)
  if (!asked.ok) return failure(400, asked.reason)
  const {key} = asked
  if (key !== undefined && key.length > BATCH_KEY_BYTES_MAX) {
    return failure(400, `Idempotency-Key of a batch: ${BATCH_KEY_BYTES_MAX} characters at most`)
  }
  const body = await parts.bodies.read(request)
  if (!body.ok) return body.response
  const batch = readBatchBody(body.value)
  if (!batch.ok) return failure(400, batch.reason)
  const {mode, messages} = batch.value
  const waitMs = caller.take(messages.length)
  if (waitMs > 0) return tooFast(waitMs)
  const reads = messages.map((message, index) =>
    readItem(message, call, key === undefined ? undefined : `${key}.${index}`))
  const refusal = mode === 'all' ? refuseAll(reads, call) : undefined
  if (refusal !== undefined) return refusal
  const sent = reads.filter(({ok}) => ok).length
  if (sent > 0) caller.acts.did('publish', {messages: sent})
  // Nothing of a batch passes what was refused before it.
  const how = {publisher: parts.publisher, waitFor: asked.waitFor, gate: new PublishGate(() => {})}
  return batchResponse(await Promise.all(
    reads.map((read) => (read.ok ? publish(read.message, how) : Promise.resolve(read.item))),
  ))
}

type Asked =
  | {readonly ok: true; readonly waitFor: WaitFor; readonly key: string | undefined}
  | {readonly ok: false; readonly reason: string}

function readAsked({query, headers}: PlainRequest): Asked {
  const waitFor = query.get('wait') ?? 'receipt'
  if (waitFor !== 'receipt' && waitFor !== 'accepted') {
    return {ok: false, reason: 'wait is "receipt" or "accepted"'}
  }
  const {'idempotency-key': header} = headers
  if (header === undefined) return {ok: true, waitFor, key: undefined}
  // A draft of the IETF has it in quotes, most who send it have none.
  const key = String(header).replace(/^"(.*)"$/, '$1')
  const isText = /^[\x20-\x7e]+$/.test(key)
  const wrong = isText ? whatIsWrongWithCallerId(key) : 'it is 1 to 64 characters of ASCII'
  return wrong === undefined
    ? {ok: true, waitFor, key} : {ok: false, reason: `Idempotency-Key: ${wrong}`}
}

type ItemRead =
  | {
      readonly ok: true
      readonly message: Message
      readonly action: string
      readonly target: Parameters<Caller['acts']['published']>[1]
    }
  | {readonly ok: false; readonly item: Item}

function readItem(value: unknown, call: ApiCall, key: string | undefined): ItemRead {
  const {request: {headers}, caller, parts: {publisher}} = call
  const body = readMessageBody(value)
  if (!body.ok) return wrong(400, body.reason)
  const {messageId = key, ...rest} = body.value
  const read = readMessage({...rest, ...(messageId !== undefined && {messageId})})
  if (!read.ok) return wrong(400, read.reason)
  const {action, target} = rest
  if (!caller.mayPublish(action)) {
    return wrong(403, `This key may not publish the action ${JSON.stringify(action)}`)
  }
  // What the message says of itself is nearer than what the request is part of.
  const payload = publisher.traced(
    read.value.payload, rest.traceparent === undefined ? headers : rest)
  return {ok: true, message: {...read.value, payload}, action, target}
}

function wrong(status: number, message: string): {readonly ok: false; readonly item: Item} {
  return {ok: false, item: failed({status, message})}
}

function failed(error: ApiError): Item {
  return {status: error.status, error}
}

interface How {
  readonly publisher: Publisher
  readonly waitFor: WaitFor
  readonly gate?: PublishGate
}

/** In the order of the calls. Never rejects. */
function publish(
  {target, payload, callerId}: Message, {publisher, waitFor, gate}: How,
): Promise<Item> {
  return new Promise((resolve) => {
    const publishing = publisher.publish(target, payload, {
      callerId,
      from: 'api',
      ...(gate !== undefined && {gate}),
      ...(waitFor === 'accepted' && {onAccepted: (id) => resolve({status: 202, id})}),
    })
    void outcomeOf(publishing).then((answer) => {
      if (answer.ok) return resolve({status: 200, ...answer.result})
      const {status, message, messageId} = answer
      return resolve(failed({status, message, ...(messageId !== undefined && {messageId})}))
    })
  })
}

function responseOf({status, ...rest}: Item): PlainResponse {
  return json(status, rest, status === 503 ? retryAfter() : {})
}

/** Of mode "all": undefined when every one can be sent. */
function refuseAll(reads: readonly ItemRead[], {parts}: ApiCall): PlainResponse | undefined {
  const items = reads.flatMap((read) => (read.ok ? [] : [read.item]))
  if (items.length > 0) {
    const status = items.every((item) => item.status === 403) ? 403 : 400
    const message = `${items.length} of ${reads.length} are wrong: none was sent`
    const others = failed({status: 424, message: 'Not sent: another message is wrong'})
    return noneSent({status, message}, reads.map((read) => (read.ok ? others : read.item)))
  }
  const messages = reads.flatMap((read) => (read.ok ? [read.message] : []))
  if (parts.hasRoomFor(messages)) return undefined
  const full = {status: 503, message: `${REFUSALS['outbox-full']}: none was sent`}
  return noneSent(full, reads.map(() => failed(full)))
}

function noneSent(error: ApiError, results: readonly Item[]): PlainResponse {
  const {status} = error
  const counts = {published: 0, failed: results.length}
  return json(status, {error, ...counts, results}, status === 503 ? retryAfter() : {})
}

/** The status of all where it is one; else 207, "multi-status". */
function batchResponse(results: readonly Item[]): PlainResponse {
  const [first] = results
  const status = results.every((item) => item.status === first?.status) ? first?.status ?? 200 : 207
  const failed = results.filter((item) => 'error' in item).length
  const error = failed === results.length && first !== undefined && 'error' in first
    ? {error: first.error} : {}
  const isLater = results.some((item) => item.status === 503)
  const counts = {published: results.length - failed, failed}
  return json(status, {...error, ...counts, results}, isLater ? retryAfter() : {})
}

