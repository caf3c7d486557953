/**
 * What operators tell all nodes of a mesh about clients' identities. It goes the way of messages,
 * so it has its place in the one order, a receipt, and is not lost with a master; but nodes act on
 * it instead of delivering it. Its actions are the protocol's own: nobody else can publish them.
 */
import type {Payload} from './envelope.js'
import {isRecord} from './json-text.js'
import {LIMITS} from './limits.js'
import {detailsOf, encodePayload} from './payload.js'
import {hasControlCharacter} from './published-action.js'
import {isWellFormed, utf8Length} from './utf8.js'

/** Closes the connections that the target means. */
export const KICK = 'Client/kick'
/** Has the identity of the connections that the target means read again. */
export const REFRESH = 'Client/refresh'

export type Control =
  | {readonly type: 'kick'; readonly reason: string | undefined}
  | {readonly type: 'refresh'}

/** As a message, for the target that it is about. */
export function encodeControl(
  request: {readonly op: 'kick'; readonly reason?: string} | {readonly op: 'refresh'},
): Payload {
  if (request.op === 'refresh') return encodePayload(REFRESH, [])
  const {reason} = request
  return encodePayload(KICK, reason === undefined ? [] : [{reason}])
}

/** Undefined: an ordinary message. */
export function controlOf(payload: Payload): Control | undefined {
  switch (payload.action) {
    case KICK:
      return {type: 'kick', reason: reasonOf(detailsOf(payload))}
    case REFRESH:
      return {type: 'refresh'}
    default:
      return undefined
  }
}

function reasonOf(details: unknown): string | undefined {
  const [about] = Array.isArray(details) ? (details as readonly unknown[]) : [details]
  const reason = isRecord(about) ? about['reason'] : undefined
  return typeof reason === 'string' && whatIsWrongWithReason(reason) === undefined
    ? reason
    : undefined
}

/** The name of the close goes before it, as in "kicked: logged out". */
const REASON_BYTES_MAX = LIMITS.closeReasonBytes - utf8Length('session-expired: ')

/** Why a text cannot stand in a close frame, for people; undefined when it can. */
export function whatIsWrongWithReason(reason: string): string | undefined {
  if (reason === '' || !isWellFormed(reason) || hasControlCharacter(reason)) {
    return 'the reason is no line of text'
  }
  const bytes = utf8Length(reason)
  if (bytes <= REASON_BYTES_MAX) return undefined
  return `the reason has ${bytes} bytes, ${REASON_BYTES_MAX} are allowed`
}
