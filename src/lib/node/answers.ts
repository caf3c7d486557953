/** What is said to one client, in the form that it speaks. False: it is gone, or is now. */
import {encodeArrayError, encodeArrayReply} from '../protocol/array-form.js'
import {
  AUTHENTICATION,
  encodeAuthenticated,
  encodeError,
  encodeReply,
} from '../protocol/client-frame.js'
import type {AuthenticationAnswer, ClientFrame} from '../protocol/client-frame.js'
import type {ClientConnection} from './client-connection.js'

const ARRAY_AUTHENTICATED = encodeArrayReply(AUTHENTICATION, 'ok')

/** `re`: the id of the frame that this answers. Throws WsmeshError DETAILS_INVALID. */
export function say(
  connection: ClientConnection,
  action: string,
  details: unknown,
  re?: string,
): boolean {
  if (connection.form === 'array') return connection.send(encodeArrayReply(action, details))
  return connection.send(encodeReply(action, details, connection.form === 'v1' ? re : undefined))
}

export function sayAuthenticated(
  connection: ClientConnection,
  {id}: ClientFrame,
  answer: AuthenticationAnswer,
): boolean {
  if (connection.form === 'array') return connection.send(ARRAY_AUTHENTICATED)
  return connection.send(encodeAuthenticated(answer, connection.form === 'v1' ? id : undefined))
}

/** Code as in HTTP, the text never empty. */
export function sayError(
  connection: ClientConnection,
  {action, id}: ClientFrame,
  code: number,
  text: string,
): boolean {
  if (connection.form !== 'array') {
    const re = connection.form === 'v1' ? id : undefined
    return connection.send(encodeError(action, code, text, re))
  }
  if (action !== AUTHENTICATION) return connection.send(encodeArrayError(action, code, text))
  // In 2015 nobody was told 401, and all were told in the words of HTTP alone.
  return connection.send(encodeArrayError(action, code === 401 ? 403 : code))
}
