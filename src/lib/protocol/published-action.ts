import {WsmeshError} from '../util/errors.js'

/** What begins an action of the protocol's own. */
const RESERVED = 'Client/'

const CONTROL = /\p{Cc}/u
const SPACE_OR_CONTROL = /[\s\p{Cc}]/u

/** `Client/*` belongs to the protocol: of these a client may send Client/authentication only. */
export function isReservedAction(action: string): boolean {
  return action.startsWith(RESERVED)
}

export function hasControlCharacter(action: string): boolean {
  return CONTROL.test(action)
}

/**
 * Throws REQUEST_INVALID for an action that nobody may publish: clients would take `Client/…` for
 * the node's own word, and nobody means a space or a line's end in a name.
 */
export function checkPublishedAction(action: string): void {
  const name = JSON.stringify(action)
  if (isReservedAction(action)) {
    throw new WsmeshError('REQUEST_INVALID', `The action ${name} cannot be sent`, {
      cause: new Error(`${RESERVED}… is what a node itself tells its clients`),
      suggestions: ['an action of your own: hello, cart/changed'],
    })
  }
  if (SPACE_OR_CONTROL.test(action)) {
    throw new WsmeshError('REQUEST_INVALID', `The action ${name} cannot be sent`, {
      cause: new Error('it has spaces, line ends or other control characters'),
      suggestions: ['a name without them: hello, cart/changed'],
    })
  }
}
