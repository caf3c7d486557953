import {expect, test} from 'vitest'

import {peerOf, upgradeRequest} from '../../../src/lib/siege/wire/upgrade.js'

test.each([
  ['ws://a.example/WebSockets', {type: 'tcp', host: 'a.example', port: 80, isSecure: false}],
  ['wss://a.example/?x=1', {type: 'tcp', host: 'a.example', port: 443, isSecure: true}],
  ['ws://[::1]:81/', {type: 'tcp', host: '::1', port: 81, isSecure: false}],
  ['ws+unix:/run/a b.sock:/mesh', {type: 'unix', path: '/run/a b.sock'}],
  ['ws+unix:/run/a.sock', {type: 'unix', path: '/run/a.sock'}],
])('%s is dialled at %o', (url, peer) => {
  expect(peerOf(new URL(url))).toEqual(peer)
})

test.each([
  ['ws://a.example:81/WebSockets?x=1', 'GET /WebSockets?x=1 HTTP/1.1\r\nHost: a.example:81\r\n'],
  ['ws+unix:/run/a.sock:/mesh', 'GET /mesh HTTP/1.1\r\nHost: localhost\r\n'],
  ['ws+unix:/run/a.sock', 'GET / HTTP/1.1\r\nHost: localhost\r\n'],
])('%s is asked for by its path', (url, text) => {
  expect(upgradeRequest({url: new URL(url), subprotocol: undefined}).text.startsWith(text)).toBe(true)
})
