/** A message of an operator, whichever way it came, published and answered as in HTTP. */
import type {PublishRequest, PublishResult} from '../protocol/operator-frame.js'
import type {Payload} from '../protocol/envelope.js'
import {encodePayload} from '../protocol/payload.js'
import {checkPublishedAction} from '../protocol/published-action.js'
import {targetFromJson} from '../protocol/target.js'
import type {Target} from '../protocol/target.js'
import {unreachable} from '../util/assert.js'
import {WsmeshError} from '../util/errors.js'
import {describeError} from './log.js'
import type {OperatorActs} from './operator-acts.js'
import type {PublishGate} from './publish-gate.js'
import type {Publisher, PublishOutcome} from './publisher.js'

export interface PublishParts {
  readonly publisher: Publisher
  readonly acts: OperatorActs
  /** Of a way on which messages keep their order. */
  readonly gate?: PublishGate
}

export type PublishAnswer =
  | {readonly ok: true; readonly result: PublishResult}
  | {
      readonly ok: false
      readonly status: 400 | 503 | 504
      readonly message: string
      readonly messageId?: string
    }

export const REFUSALS = {
  'outbox-full': 'The outbox of this node is full',
  draining: 'This node is being stopped',
  'term-lost': 'This node is not master any more',
  'too-big': 'The message is larger than NATS takes: raise max_payload there',
  'after-refusal': 'An earlier message of this connection was refused: send that one first',
} as const

/** Synchronous up to the publish: requests of one operator keep their order. Never rejects. */
export async function publishFor(
  request: PublishRequest,
  {publisher, acts, gate}: PublishParts,
): Promise<PublishAnswer> {
  const read = readMessage(request)
  if (!read.ok) return {ok: false, status: 400, message: read.reason}
  const {target, callerId} = read.value
  const payload = publisher.traced(read.value.payload, request)
  acts.published(request.action, request.target)
  return outcomeOf(publisher.publish(target, payload, {
    callerId, from: 'operators', ...(gate !== undefined && {gate}),
  }))
}

export interface Message {
  readonly target: Target
  readonly payload: Payload
  readonly callerId: string | undefined
}

export type MessageRead =
  | {readonly ok: true; readonly value: Message}
  | {readonly ok: false; readonly reason: string}

/** A message that may be published, or why it may not. */
export function readMessage(
  {action, details, target, messageId}: Omit<PublishRequest, 'id' | 'op'>,
): MessageRead {
  const read = targetFromJson(target)
  if (!read.ok) return read
  try {
    const payload = encodePayload(action, details)
    checkPublishedAction(action)
    return {ok: true, value: {target: read.value, payload, callerId: messageId}}
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    return {ok: false, reason: describeError(error)}
  }
}

/** What became of something that was published, in words of HTTP. Never rejects. */
export async function outcomeOf(publishing: Promise<PublishOutcome>): Promise<PublishAnswer> {
  const outcome = await publishing
  switch (outcome.type) {
    case 'stable':
      return {ok: true, result: outcome.result}
    case 'refused': {
      // What is too big is so for good.
      const status = outcome.reason === 'too-big' ? 400 : 503
      return {ok: false, status, message: REFUSALS[outcome.reason]}
    }
    case 'timeout': {
      const message = 'No receipt yet: the message is still on its way'
      return {ok: false, status: 504, message, messageId: outcome.id}
    }
    default:
      return unreachable(outcome)
  }
}
