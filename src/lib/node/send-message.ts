import {whatIsWrongWithCallerId} from '../protocol/caller-id.js'
import {encodePayload} from '../protocol/payload.js'
import type {Payload} from '../protocol/envelope.js'
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
 * its failure, and that must not end the process: the promise counts as handled.
 */
export function createSend(publisher: Publisher): SendMessage {
  return (...message) => {
    const sending = send(publisher, ...message)
    sending.catch(() => {})
    return sending
  }
}

async function send(
  publisher: Publisher,
  ...message: Parameters<SendMessage>
): ReturnType<SendMessage> {
  const {target, payload, callerId} = readMessage(...message)
  return resultOf(message[0], await publisher.publish(target, payload, {callerId}))
}

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

function resultOf(action: string, outcome: PublishOutcome): Awaited<ReturnType<SendMessage>> {
  switch (outcome.type) {
    case 'stable':
      return outcome.result
    case 'refused':
      throw new WsmeshError('OUTBOX_FULL', `Cannot send ${action}: ${REFUSALS[outcome.reason]}`)
    case 'timeout':
      throw new WsmeshError(
        'RECEIPT_TIMED_OUT',
        `${action} was sent as ${outcome.id}, and has no receipt yet`,
      )
    default:
      return unreachable(outcome)
  }
}
