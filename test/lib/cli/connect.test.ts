import {Chalk} from 'chalk'
import {describe, expect, test} from 'vitest'

import {eventJson, eventLine, stateLines} from '../../../src/lib/cli/connect/connect-view.js'
import type {SessionEvent} from '../../../src/lib/cli/connect/session.js'
import {readTypedLine} from '../../../src/lib/cli/connect/typed-line.js'
import {describeClose, isFinalClose} from '../../../src/lib/cli/connect/why-closed.js'
import {CLOSE} from '../../../src/lib/protocol/close-code.js'

const plain = new Chalk({level: 0})

describe('a line that was typed', () => {
  test.each([
    ['hello', 'hello', []],
    ['hello Hi', 'hello', ['Hi']],
    ['hello "Hi there" \'and you\'', 'hello', ['Hi there', 'and you']],
    ['  cart/add {"id": 3, "tags": ["}", "\\""]}  2 true null', 'cart/add',
      [{id: 3, tags: ['}', '"']}, 2, true, null]],
    ['a "x"[1]', 'a', ['x', [1]]],
    ["a ''", 'a', ['']],
    ['a it\'s', 'a', ["it's"]],
  ])('%s', (line, action, details) => {
    expect(readTypedLine(line)).toEqual({type: 'action', action, details})
  })

  test.each([
    ['', {type: 'nothing'}],
    ['# a remark', {type: 'nothing'}],
    ['{"action": "x"}', {type: 'text', text: '{"action": "x"}'}],
    ['["hello", "Hi"]', {type: 'text', text: '["hello", "Hi"]'}],
    ['/raw {not json', {type: 'text', text: '{not json'}],
    ['/raw', {type: 'raw', isOn: undefined}],
    ['/raw off', {type: 'raw', isOn: false}],
    ['/quit', {type: 'quit'}],
    ['/exit', {type: 'quit'}],
    ['/ping', {type: 'ping'}],
  ])('%s is %j', (line, typed) => {
    expect(readTypedLine(line)).toEqual(typed)
  })

  test.each([
    ['/nope', 'there is no /nope'],
    ['/ping 3', 'takes nothing'],
    ['{"a"', 'no JSON'],
    ['hello "Hi', '" is not closed'],
    ['hello {"a": [1}', '{ is not closed'],
    ['hello {a: 1}', 'no JSON: {a: 1}'],
    ["hello 'Hi", "' is not closed"],
  ])('%s is wrong: %s', (line, why) => {
    expect(readTypedLine(line)).toMatchObject({type: 'wrong', why: expect.stringContaining(why) as string})
  })
})

describe('what is shown', () => {
  const view = {colours: plain, isRaw: false, isScript: false}
  const shown = (event: SessionEvent, more: Partial<typeof view> = {}) =>
    eventLine(event, 0, {...view, ...more})?.replace(/^\d\d:\d\d:\d\d\.\d{3} /, '')
  const frame = {action: 'hello', details: ['Hi', {a: 1}], id: 'n1-7', position: 'e.1.8', re: undefined}
  const received = (more: object, answerMs?: number): SessionEvent =>
    ({type: 'received', text: '{"raw":1}', frame: {...frame, ...more}, answerMs})

  test('a message has its position and its id, which begins with its node', () => {
    expect(shown(received({}))).toBe('< hello "Hi" {"a":1}  at e.1.8, id n1-7')
  })

  test('an answer says how long it took', () => {
    const answer = {action: 'hello:error', details: [400, 'No'], id: undefined, position: undefined, re: 'q1'}
    expect(shown(received(answer, 2.13))).toBe('< hello:error 400 "No"  answer in 2.1 ms')
  })

  test('what belongs to the protocol is shown raw alone', () => {
    const position = received({action: 'Client/position', details: ['e.1.9']})
    expect(shown(position)).toBeUndefined()
    expect(shown(position, {isRaw: true})).toBe('< {"raw":1}')
  })

  test('control characters of others move no cursor', () => {
    expect(shown(received({action: '\u001B[2J', details: ['\u202E']}))).toBe(
      '< \\x1b[2J "\\x202e"  at e.1.8, id n1-7')
    expect(shown({type: 'received', text: '\u0007', frame: undefined, answerMs: undefined})).toBe(
      '< \\x07  no frame')
  })

  test('what was sent is repeated for who did not type it', () => {
    const sent: SessionEvent = {type: 'sent', text: '{"action":"a","details":["b"]}', waits: false}
    expect([shown(sent), shown(sent, {isScript: true})]).toEqual([undefined, '> a "b"'])
    expect(shown({...sent, waits: true})).toBe('> a "b"  waits for a connection')
  })

  test('whether something was missed stands out', () => {
    const letIn = {
      node: 'n2', user: '42', position: 'e.1.9', recovered: false, heartbeatMs: 1, expiresInMs: 60_000,
    }
    const event: SessionEvent = {type: 'connected', url: 'ws://x', label: '', letIn, tookMs: 5, isAgain: true}
    expect(shown(event)).toBe('connected again to node n2 at ws://x as user 42 in 5 ms; '
      + 'what was missed is NOT known (recovered: false)')
    expect(JSON.parse(eventJson(event, 7))).toEqual({
      type: 'connected', at: 7, url: 'ws://x', ms: 5, again: true, node: 'n2', user: '42',
      position: 'e.1.9', recovered: false,
    })
    expect(stateLines({url: 'ws://x', isOpen: true, letIn, position: 'e.1.9', waiting: 2})).toEqual([
      'open  ws://x', 'node      n2', 'who       user 42, proved for 1 m 0 s', 'position  e.1.9', 'waiting   2',
    ])
  })

  test('a close says what it means', () => {
    expect(shown({type: 'lost', code: 4000, reason: 'drain', delayMs: 300})).toBe('! closed with 4000 '
      + 'drain: the node is being stopped in order: connect again, to another (again in 300 ms)')
    expect(describeClose(4242, '')).toBe('4242')
    expect(describeClose(1006, '')).toMatch(/^1006: the connection broke/)
  })
})

test('a client comes back unless the node would close it again', () => {
  expect(isFinalClose(CLOSE.drain.code)).toBe(false)
  expect(isFinalClose(1006)).toBe(false)
  expect(isFinalClose(CLOSE.kicked.code)).toBe(true)
})
