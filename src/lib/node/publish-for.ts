/** A message of an operator, whichever way it came, published and answered as in HTTP. */
import type {PublishRequest, PublishResult} from '../protocol/operator-frame.js'
import {encodePayload} from '../protocol/payload.js'
import {checkPublishedAction} from '../protocol/published-action.js'
import {targetFromJson} from '../protocol/target.js'
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
  'after-refusal': 'An earlier message of this connection was refused: send that one first',
} as const

/** Synchronous up to the publish: requests of one operator keep their order. Never rejects. */
export async function publishFor(
  {action, details, target, messageId}: PublishRequest,
  {publisher, acts, gate}: PublishParts,
): Promise<PublishAnswer> {
  const read = targetFromJson(target)
  if (!read.ok) return {ok: false, status: 400, message: read.reason}
  let payload
  try {
    payload = encodePayload(action, details)
    checkPublishedAction(action)
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    return {ok: false, status: 400, message: describeError(error)}
  }
  acts.published(action, target)
  return outcomeOf(publisher.publish(read.value, payload, {
    callerId: messageId, ...(gate !== undefined && {gate}),
  }))
}

/** What became of something that was published, in words of HTTP. Never rejects. */
export async function outcomeOf(publishing: Promise<PublishOutcome>): Promise<PublishAnswer> {
  const outcome = await publishing
  switch (outcome.type) {
    case 'stable':
      return {ok: true, result: outcome.result}
    case 'refused':
      return {ok: false, status: 503, message: REFUSALS[outcome.reason]}
    case 'timeout': {
      const message = 'No receipt yet: the message is still on its way'
      return {ok: false, status: 504, message, messageId: outcome.id}
    }
    default:
      return unreachable(outcome)
  }
}
