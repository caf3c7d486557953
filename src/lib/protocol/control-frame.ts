/** What operators ask about clients' identities (docs/PROTOCOL.md): done by every node. */
import {whatIsWrongWithCallerId} from './caller-id.js'
import {whatIsWrongWithReason} from './control.js'
import {count, literal, object, type Shape} from './shape.js'
import {targetFromJson, type TargetJson} from './target.js'

export interface KickRequest {
  readonly id: number
  readonly op: 'kick'
  /** Not everyone, nor everyone registered. */
  readonly target: TargetJson
  /** Comes to the client behind the reason of the close: "kicked: logged out". */
  readonly reason?: string
  /** As of a publish: the same one again closes nobody. */
  readonly messageId?: string
}

export interface RefreshRequest {
  readonly id: number
  readonly op: 'refresh'
  readonly target: TargetJson
  readonly messageId?: string
}

export type ControlRequest = KickRequest | RefreshRequest

const someTarget: Shape<TargetJson> = (value) => {
  const read = targetFromJson(value)
  if (!read.ok) return `is refused: ${read.reason}`
  const {kind} = read.value
  const isAll = kind === 'everyone' || kind === 'registered'
  return isAll ? `is ${kind}: name users, sessions, groups or a filter` : undefined
}

const callerId: Shape<string> = (value) => {
  const wrong = whatIsWrongWithCallerId(value)
  return wrong === undefined ? undefined : `is refused: ${wrong}`
}

const reason: Shape<string> = (value) => {
  const wrong = typeof value === 'string' ? whatIsWrongWithReason(value) : 'the reason is no text'
  return wrong === undefined ? undefined : `is refused: ${wrong}`
}

export const kickRequest = object<KickRequest>(
  {id: count, op: literal('kick'), target: someTarget, reason, messageId: callerId},
  {optional: ['reason', 'messageId'], closed: true},
)

export const refreshRequest = object<RefreshRequest>(
  {id: count, op: literal('refresh'), target: someTarget, messageId: callerId},
  {optional: ['messageId'], closed: true},
)
