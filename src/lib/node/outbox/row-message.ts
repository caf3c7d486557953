/** A row of the application's table as a message, or why it is none. */
import type {OutboxKey, OutboxRow, OutboxText} from '../../pool/outbox/outbox-store.js'
import {REASON_CHARACTERS} from '../../pool/outbox/outbox-store.js'
import type {Payload} from '../../protocol/envelope.js'
import {parseJson} from '../../protocol/json-text.js'
import {LIMITS} from '../../protocol/limits.js'
import {encodePayload} from '../../protocol/payload.js'
import {checkPublishedAction} from '../../protocol/published-action.js'
import {targetFromJson} from '../../protocol/target.js'
import type {Target} from '../../protocol/target.js'
import {WsmeshError} from '../../util/errors.js'
import {describeError} from '../log.js'

export type RowRead =
  | {readonly ok: true; readonly target: Target; readonly payload: Payload}
  /** For people, at most REASON_CHARACTERS. */
  | {readonly ok: false; readonly reason: string}

/** As an operator's publish is read: what one may send, the other may. */
export function messageOf({action, details, target}: OutboxRow): RowRead {
  if (action === null) return refused('the action is NULL')
  const value = valueOf('details', details, LIMITS.detailsBytes)
  if (!value.ok) return value
  const where = valueOf('target', target, undefined)
  if (!where.ok) return where
  if (target.type === 'null') return refused('the target is NULL: {"user":42}, {"everyone":true}')
  const read = targetFromJson(where.value)
  if (!read.ok) return refused(`the target is refused: ${read.reason}`)
  try {
    const payload = encodePayload(action, value.value)
    checkPublishedAction(action)
    return {ok: true, target: read.value, payload}
  } catch (error) {
    if (error instanceof WsmeshError) return refused(describeError(error))
    throw error
  }
}

type ValueRead = {readonly ok: true; readonly value: unknown} | Extract<RowRead, {ok: false}>

/** NULL is no details, as in every other way to publish. */
function valueOf(what: string, text: OutboxText, bytesMax: number | undefined): ValueRead {
  switch (text.type) {
    case 'null':
      return {ok: true, value: undefined}
    case 'too-big': {
      const allowed = bytesMax === undefined ? '' : `, ${bytesMax} are allowed`
      return refused(`the ${what} have ${text.bytes} bytes${allowed}`)
    }
    default: {
      const read = parseJson(text.text)
      if (read.ok) return read
      const begin = JSON.stringify(text.text.slice(0, 60))
      return refused(`the ${what} column is ${read.reason}: ${text.text === '' ? 'empty' : begin}`)
    }
  }
}

function refused(reason: string): Extract<RowRead, {ok: false}> {
  return {ok: false, reason: reason.slice(0, REASON_CHARACTERS)}
}

/** The id under which the mesh knows a row: sent again, it is delivered once. */
export function callerIdOf({id, createdUs}: OutboxKey): string {
  return `outbox-${id}-${createdUs}`
}

/** The row that a message of this id was; undefined for messages of others. */
export function keyOfCallerId(callerId: string): OutboxKey | undefined {
  const [, id, created] = /^outbox-(\d{1,20})-(\d{1,16})$/.exec(callerId) ?? []
  return id === undefined ? undefined : {id, createdUs: Number(created)}
}
