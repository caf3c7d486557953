import {describe, expect, test} from 'vitest'
import {callerIdOf, keyOfCallerId, messageOf} from '../../../../src/lib/node/outbox/row-message.js'
import {SENT_ROWS_MAX, SentRows} from '../../../../src/lib/node/outbox/sent-rows.js'
import type {OutboxText} from '../../../../src/lib/pool/outbox/outbox-store.js'
import {whatIsWrongWithCallerId} from '../../../../src/lib/protocol/caller-id.js'
import {detailsOf} from '../../../../src/lib/protocol/payload.js'

const KEY = {id: '7', createdUs: 1_700_000_000_000_000}
const EVERYONE = '{"everyone":true}'

const position = (seq: number) => ({epoch: 'e', term: 1, seq})

function text(value: string | null): OutboxText {
  return value === null ? {type: 'null'} : {type: 'text', text: value}
}

function read(action: string | null, details: string | null, target: string | null) {
  return messageOf({...KEY, action, details: text(details), target: text(target)})
}

describe('a row', () => {
  test.each([
    ['[1,"ß"]', [1, 'ß']], [' {"a":1}\n', {a: 1}], ['7', 7], ['[]', []], ['null', null],
    [null, null],
  ])('with the details %j says %j', (details, expected) => {
    const message = read('paid', details, '{"user":42}')
    if (!message.ok) throw new Error(message.reason)
    expect(message.payload.action).toBe('paid')
    expect(detailsOf(message.payload)).toEqual(expected)
    expect(message.target).toEqual({kind: 'user', ids: ['42']})
  })

  test.each<[string | null, string | null, string | null, string]>([
    [null, '[1]', EVERYONE, 'the action is NULL'],
    ['', '[1]', EVERYONE, 'The action is empty'],
    ['x'.repeat(256), '[1]', EVERYONE, '256 bytes long'],
    ['Client/kick', '[1]', EVERYONE, 'what a node itself tells'],
    ['two words', '[1]', EVERYONE, 'spaces'],
    ['a', '{', EVERYONE, 'the details column is not JSON: "{"'],
    ['a', '', EVERYONE, 'the details column is not JSON: empty'],
    ['a', '['.repeat(100) + ']'.repeat(100), EVERYONE, 'nested deeper'],
    ['a', '[1]', null, 'the target is NULL'],
    ['a', '[1]', 'everyone', 'the target column is not JSON: "everyone"'],
    ['a', '[1]', '{}', 'the target is refused: no target'],
    ['a', '[1]', '{"user":[]}', 'empty list'],
    ['a', '[1]', '{"user":1,"group":2}', 'two targets'],
    ['a', '[1]', '[1]', 'a target is an object'],
  ])('(%j, %j, %j) is none: %s', (action, details, target, reason) => {
    const message = read(action, details, target)
    if (message.ok) throw new Error('taken')
    expect(message.reason).toContain(reason)
    expect(message.reason.length).toBeLessThanOrEqual(500)
  })

  test('that is too big is none, and says how big', () => {
    const row = {...KEY, action: 'a', target: text(EVERYONE)}
    const message = messageOf({...row, details: {type: 'too-big', bytes: 2_000_000}})
    expect(message).toEqual({
      ok: false, reason: 'the details have 2000000 bytes, 1048576 are allowed',
    })
  })
})

describe('the id of a row', () => {
  test.each([
    KEY, {id: '18446744073709551615', createdUs: 9_000_000_000_000_000},
  ])('%j may be a message id, and names it', (key) => {
    expect(whatIsWrongWithCallerId(callerIdOf(key))).toBeUndefined()
    expect(keyOfCallerId(callerIdOf(key))).toEqual(key)
  })

  test.each(['outbox-', 'outbox-1', 'outbox-1-x', 'outbox-1-2-3', 'order-1-2', 'outbox--1-2'])(
    '%s is none', (id) => {
      expect(keyOfCallerId(id)).toBeUndefined()
    },
  )
})

test('the newest rows that were delivered are known, others are not', () => {
  const sent = new SentRows()
  const deliver = (callerId: string | undefined, seq: number): void =>
    sent.delivered({envelope: {callerId}, term: 1, seq}, 'e')
  deliver(undefined, 1)
  deliver('order-7', 2)
  for (let n = 0; n <= SENT_ROWS_MAX; n += 1) {
    deliver(`outbox-${n}-5`, n + 3)
  }
  expect(sent.all()).toHaveLength(SENT_ROWS_MAX)
  expect(sent.get('outbox-0-5')).toBeUndefined()
  expect(sent.get('outbox-1-5')).toEqual({key: {id: '1', createdUs: 5}, position: position(4)})
})
