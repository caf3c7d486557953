import {LIMITS} from './limits.js'
import {isWellFormed, utf8Length} from './utf8.js'

/** Why a value cannot be a message's own id, as a sentence; undefined when it can. */
export function whatIsWrongWithCallerId(value: unknown): string | undefined {
  if (typeof value !== 'string') return "A message's id is text"
  if (value === '') return "A message's id is empty"
  if (!isWellFormed(value)) return "A message's id is not Unicode text"
  const length = utf8Length(value)
  if (length <= LIMITS.callerIdBytes) return undefined
  return `A message's id is ${length} bytes long, ${LIMITS.callerIdBytes} are allowed`
}
