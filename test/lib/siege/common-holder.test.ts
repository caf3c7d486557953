import {expect, test} from 'vitest'
import {commonHolder} from '../../../src/lib/siege/soak/common-holder.js'

const INDEX = '… → ClientRegistry.#byUser → ConnectionIndex.#byKey → Map[…]'

test('what hangs from one place is held by that place', () => {
  const held = commonHolder([
    `${INDEX} → ClientConnection.socket → AcceptedWebSocket._receiver → Receiver`,
    `… → Context[…] → RunningNode.#registry${INDEX.slice(1)} → ClientConnection.pace → TokenBucket`,
    `${INDEX} → ClientConnection`,
  ])
  expect(held).toBe(INDEX)
})

test('one way is told whole, and the first of ways that share nothing', () => {
  expect(commonHolder([])).toBeUndefined()
  expect(commonHolder(['a.b → Set[…] → String'])).toBe('a.b → Set[…] → String')
  expect(commonHolder(['… → a.b → Set', '… → c.d → Map'])).toBe('… → a.b → Set')
})
