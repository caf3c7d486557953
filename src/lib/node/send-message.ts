import {whatIsWrongWithCallerId} from '../protocol/caller-id.js'
import {encodePayload} from '../protocol/payload.js'
import type {Payload} from '../protocol/envelope.js'
import type {PublishResult} from '../protocol/operator-frame.js'
import {checkPublishedAction} from '../protocol/published-action.js'
import {targetFromJson} from '../protocol/target.js'
import type {Target} from '../protocol/target.js'
import {unreachable} from '../util/assert.js'
import {WsmeshError} from '../util/errors.js'
import type {SendMessage} from './action-api.js'
import {REFUSALS} from './publish-for.js'
import type {PublishOutcome, Publisher} from './publisher.js'

/**
 * `send` as action handlers know it. A handler that does not wait for the receipt does not hear of
 * its failure, and that must not end the process: a promise that fails counts as handled.
 */
export function createSend(publisher: Publisher): SendMessage {
  return (...message) => {
    const sending = new Promise<PublishResult>((resolve, reject) => {
      const read = readMessage(...message)
      const {target, callerId} = read
      // Handlers in plain JavaScript may give null.
      const trace = message[3]?.trace ?? undefined
      const payload = trace === undefined ? read.payload : publisher.traced(read.payload, trace)
      const settle = (outcome: PublishOutcome): void => {
        if (outcome.type === 'stable') resolve(outcome.result)
        else reject(failureOf(message[0], outcome))
      }
      publisher.publishThen(settle, target, payload, {callerId})
    })
    sending.catch(ignore)
    return sending
  }
}

function ignore(): void {}

/** What is to be sent, checked whole. Throws TARGET_INVALID or DETAILS_INVALID. */
export function readMessage(
  ...[action, details, target, {id} = {}]: Parameters<SendMessage>
): {readonly target: Target; readonly payload: Payload; readonly callerId: string | undefined} {
  const read = targetFromJson(target)
  if (!read.ok) throw new WsmeshError('TARGET_INVALID', `Cannot send ${action}: ${read.reason}`)
  const payload = encodePayload(action, details)
  checkPublishedAction(action)
  const wrong = id === undefined ? undefined : whatIsWrongWithCallerId(id)
  if (wrong !== undefined) {
    throw new WsmeshError('DETAILS_INVALID', `Cannot send ${action}: ${wrong}`)
  }
  return {target: read.value, payload, callerId: id}
}

function failureOf(
  action: string, outcome: Exclude<PublishOutcome, {readonly type: 'stable'}>,
): WsmeshError {
  switch (outcome.type) {
    case 'refused':
      return new WsmeshError('OUTBOX_FULL', `Cannot send ${action}: ${REFUSALS[outcome.reason]}`)
    case 'timeout':
      return new WsmeshError(
        'RECEIPT_TIMED_OUT',
        `${action} was sent as ${outcome.id}, and has no receipt yet`,
      )
    default:
      return unreachable(outcome)
  }
}
