import {describe, expect, test} from 'vitest'

import {reachEnvironment, reachText} from '../../../src/lib/admin/command-text.js'
import {listenAddressOf} from '../../../src/lib/admin/listen-address.js'
import {asksOf, readRequest} from '../../../src/lib/admin/requests.js'

function read(value: unknown) {
  return readRequest(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
}

const GOOD = [
  {id: 1, ask: 'look', isOn: true},
  {id: 1, ask: 'history', node: null, span: '6h'},
  {id: 1, ask: 'users', by: 'one', text: '42', after: null},
  {id: 1, ask: 'kick', by: 'user', value: '42', reason: ''},
  {id: 1, ask: 'trace', user: null},
  {id: 1, ask: 'send', action: 'hello', details: '', target: 'everyone', value: ''},
  {id: 1, ask: 'act', node: 'n1', act: 'step-down', name: ''},
  {id: 1, ask: 'remove', node: 'n1'},
  {id: 1, ask: 'start'},
  {id: 1, ask: 'siege', connections: 500, rate: 2000, timeS: 120},
  {id: 1, ask: 'end-siege'},
]

test.each(GOOD)('%j is a question', (question) => {
  expect(read(question)).toEqual({ok: true, request: question})
})

test.each([
  ['{', undefined, 'not JSON'],
  ['[]', undefined, 'not an object'],
  [{id: 1, ask: 'format-disk'}, 1, 'an unknown question'],
  [{id: 1, ask: '__proto__'}, 1, 'an unknown question'],
  [{id: 1, ask: 'start', host: 'elsewhere'}, 1, 'host is unknown'],
  [{id: -1, ask: 'start'}, -1, 'id is -1, not a whole number from 0'],
  [{id: 1, ask: 'act', node: 'n1', act: 'kill', name: ''}, 1, /^act is "kill", not "drain"/],
  [{id: 1, ask: 'act', act: 'stop', name: ''}, 1, 'node is missing'],
  [{id: 1, ask: 'remove', node: 'x'.repeat(301)}, 1, 'node is longer than 300'],
  [{id: 1, ask: 'siege', connections: 501, rate: 1, timeS: 2}, 1, /500 are allowed/],
  [{id: 1, ask: 'siege', connections: 1, rate: 0, timeS: 2}, 1, /1 to 2000 are allowed/],
  [{id: 1, ask: 'siege', connections: 1, rate: 1, timeS: 1.5}, 1, /whole number/],
])('%j is refused', (question, id, why) => {
  const answer = read(question)
  expect(answer).toMatchObject({ok: false})
  if (answer.ok) return
  expect(answer.id).toBe(id)
  expect(answer.why).toMatch(why)
})

test('viewers may ask what changes nothing, and follow nobody', () => {
  expect(asksOf('viewer')).toEqual(['look', 'history', 'users'])
  expect(asksOf('operator')).toEqual(GOOD.map(({ask}) => ask))
})

describe('the same from a terminal', () => {
  const reach = {'pool-prefix': 'wsmesh_', timeout: 5000}

  test('has the flags that were given, and no password', () => {
    const flags = {...reach, pool: 'mysql://app:geheim@db/app', 'data-dir': '/var/my mesh'}
    expect(reachText(flags, {})).toBe(`--pool "$WSMESH_POOL" --data-dir '/var/my mesh'`)
    expect(reachText({...reach, pool: 'mysql://app@db/app'}, {})).toBe('--pool mysql://app@db/app')
  })

  test('has no flag for what the environment says', () => {
    const flags = {...reach, 'data-dir': '/data', 'pool-prefix': 'b_'}
    expect(reachText(flags, {WSMESH_DATA_DIR: '/data'})).toBe('--pool-prefix b_')
    expect(reachText(reach, {})).toBe('')
  })

  test('what is started gets them by its environment, where nobody sees them', () => {
    expect(reachEnvironment({...reach, pool: 'mysql://app:geheim@db/app'}, {PATH: '/bin'})).toEqual({
      PATH: '/bin', WSMESH_POOL: 'mysql://app:geheim@db/app',
    })
  })
})

test.each([
  ['127.0.0.1:8890', '127.0.0.1', 8890],
  ['[::1]:80', '::1', 80],
  ['0.0.0.0:0', '0.0.0.0', 0],
  [':9000', '127.0.0.1', 9000],
  ['0', '127.0.0.1', 0],
  ['admin.local:1', 'admin.local', 1],
])('--listen %s', (text, host, port) => {
  expect(listenAddressOf(text)).toEqual({host, port})
})

test.each(['', 'x', '1.2.3.4', '1.2.3.4:', '1.2.3.4:65536', '::1:80', 'http://a:1', 'a b:1'])(
  '--listen %j is no address',
  (text) => {
    expect(() => listenAddressOf(text)).toThrow('is no address and port')
  },
)
