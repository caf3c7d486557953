import {describe, expect, it} from 'vitest'
import {checkPublishedAction} from '../../../src/lib/protocol/published-action.js'

describe('an action that is published', () => {
  it.each(['hello', 'cart/changed', 'hello:error', 'client/x', 'Clients/x', 'grüße', '世界'])(
    'may be %s',
    (action) => {
      expect(() => checkPublishedAction(action)).not.toThrow()
    },
  )

  it.each(['Client/authentication', 'Client/', 'a b', 'a\n', '\ta', 'a\0', 'a\u2028', 'a\u001b[2J'])(
    'is not %j, and the error shows no control character',
    (action) => {
      expect(() => checkPublishedAction(action)).toThrow(
        expect.objectContaining({
          code: 'REQUEST_INVALID',
          message: expect.not.stringMatching(/\p{Cc}/u),
        }),
      )
    },
  )
})
