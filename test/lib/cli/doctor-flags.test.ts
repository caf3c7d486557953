import {expect, test} from 'vitest'

import {checkedPage, checkedUrl} from '../../../src/lib/cli/doctor-flags.js'

test.each([
  ['https://example.com', 'https://example.com'],
  ['https://Example.com:443/shop?a=1', 'https://example.com'],
])('the page %s has the origin %s', (text, origin) => {
  expect(checkedPage(text)).toBe(origin)
})

test.each(['foo', '', 'null', 'file:///etc', 'data:x'])('%j is no page', (text) => {
  expect(() => checkedPage(text)).toThrow(/^--page .* is no page$/)
})

test('a URL of clients is one of WebSockets', () => {
  expect(checkedUrl('wss://example.com')).toBe('wss://example.com/')
})

test.each(['http://example.com', 'example.com', '', 'wss://ann:hunter2@example.com/'])(
  '%j is no URL of clients, and no password is repeated', (text) => {
    expect(() => checkedUrl(text)).toThrow(/^--url is no ws:\/\/ or wss:\/\/ URL: (?!.*hunter2)/)
  },
)
