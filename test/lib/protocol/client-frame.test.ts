import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {
  decodeAuthentication,
  decodeClientFrame,
  encodeAuthenticated,
  encodeError,
  encodeReply,
} from '../../../src/lib/protocol/client-frame.js'
import {isReservedAction} from '../../../src/lib/protocol/published-action.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {mutated} from './arbitrary-frames.js'

/** A frame of so many bytes, whose action is too long. */
function frameOf(length: number): string {
  return `{"action":"${' '.repeat(length - 13)}"}`
}

describe("a client's frame", () => {
  it.each([
    ['details as a list', '{"action":"hello","details":["Hi"]}', ['Hi']],
    ['one text', '{"action":"hello","details":"Hi"}', ['Hi']],
    ['one object', '{"action":"hello","details":{"a":[1]}}', [{a: [1]}]],
    ['zero', '{"action":"hello","details":0}', [0]],
    ['null', '{"action":"hello","details":null}', []],
    ['no details', '{"action":"hello"}', []],
    ['fields of a later version', '{"action":"hello","details":[1],"later":true}', [1]],
  ])('is understood with %s', (_, text, details) => {
    const value = {action: 'hello', details}
    expect(decodeClientFrame(text)).toEqual({ok: true, value})
    expect(decodeClientFrame(new TextEncoder().encode(text))).toEqual({ok: true, value})
  })

  it('keeps its id', () => {
    const read = decodeClientFrame('{"action":"hello","details":[],"id":"q1"}')
    expect(read).toEqual({ok: true, value: {action: 'hello', details: [], id: 'q1'}})
  })

  it('comes back for any action and details', () => {
    const action = fc
      .string({unit: 'binary', minLength: 1, maxLength: 60})
      .filter((text) => !text.endsWith(':error') && !/\p{Cc}/u.test(text))
    fc.assert(
      fc.property(action, fc.array(fc.jsonValue()), (name, details) => {
        const sent: unknown = JSON.parse(JSON.stringify(details))
        const read = decodeClientFrame(JSON.stringify({action: name, details}))
        expect(read).toEqual({ok: true, value: {action: name, details: sent}})
      }),
    )
  })

  it.each([
    ['empty', '', 'not JSON'],
    ['not JSON', 'hello', 'not JSON'],
    ['JSON but a number', '42', 'a frame is an object'],
    ['null', 'null', 'a frame is an object'],
    ['in the array form', '["hello",["Hi"]]', 'a frame is an object'],
    ['without action', '{"details":[]}', '"action" is no text'],
    ['with a number as action', '{"action":7}', '"action" is no text'],
    ['with an empty action', '{"action":""}', 'The action is empty'],
    ['with a line end', '{"action":"a\\n"}', 'the action has control characters'],
    ['with a long action', `{"action":"${'a'.repeat(256)}"}`, '255 are allowed'],
    ['with half a letter', String.raw`{"action":"\ud800"}`, 'not Unicode text'],
    ['an error', '{"action":"hello:error","details":[400,"x"]}', 'ends in ":error"'],
    ['with a number as id', '{"action":"hello","id":1}', '"id" is no text'],
    ['with an empty id', '{"action":"hello","id":""}', '"id" is no text'],
    ['too deep', `{"action":"a","details":${'['.repeat(64)}${']'.repeat(64)}}`, 'nested deeper'],
  ])('is a violation when it is %s', (_, text, reason) => {
    const read = decodeClientFrame(text)
    expect(read).toMatchObject({ok: false, violation: {close: 'badFrame'}})
    if (!read.ok) expect(read.violation.reason).toContain(reason)
  })

  it('is a violation when it is binary, whatever it says', () => {
    const bytes = new TextEncoder().encode('{"action":"hello"}')
    const read = decodeClientFrame(bytes, {isBinary: true})
    expect(read).toMatchObject({ok: false, violation: {close: 'badFrame'}})
  })

  it.each([
    ['before authentication', LIMITS.unauthenticatedFrameBytes],
    ['after it', LIMITS.clientFrameBytes],
  ])('may be of so many bytes %s and no more', (_, bytesMax) => {
    const within = decodeClientFrame(frameOf(bytesMax), {bytesMax})
    expect(within).toMatchObject({ok: false, violation: {close: 'badFrame'}})
    const over = decodeClientFrame(frameOf(bytesMax + 1), {bytesMax})
    expect(over).toMatchObject({ok: false, violation: {close: 'tooBig'}})
  })

  it('may be any bytes: the answer is a value or a violation', () => {
    const valid = fc
      .record({action: fc.string(), details: fc.jsonValue(), id: fc.string()})
      .map((frame) => new TextEncoder().encode(JSON.stringify(frame)))
    const data = fc.oneof(fc.uint8Array(), fc.string(), fc.json(), mutated(valid))
    fc.assert(
      fc.property(data, fc.boolean(), (bytes, isBinary) => {
        const read = decodeClientFrame(bytes, {isBinary})
        if (!read.ok) expect(read.violation.reason).not.toBe('')
        else expect(read.value.action).not.toBe('')
      }),
      {numRuns: 3000},
    )
  })
})

describe('reserved actions', () => {
  it.each([
    ['Client/disconnection', true],
    ['Client/authentication', true],
    ['Client/', true],
    ['client/disconnection', false],
    ['Clients', false],
    ['hello', false],
  ])('%s: %s', (action, isReserved) => {
    expect(isReservedAction(action)).toBe(isReserved)
  })
})

describe('answers to a client', () => {
  it('are frames like any other', () => {
    expect(encodeReply('hello', ['Hi'])).toBe('{"action":"hello","details":["Hi"]}')
    expect(encodeReply('hello', 'Hi')).toBe('{"action":"hello","details":["Hi"]}')
    expect(encodeReply('hello', undefined)).toBe('{"action":"hello","details":[]}')
  })

  it('carry the id that they answer', () => {
    expect(encodeReply('hello', [], 'q"1')).toBe(
      String.raw`{"action":"hello","details":[],"re":"q\"1"}`,
    )
  })

  it('say code and text when the action failed', () => {
    expect(encodeError('hello', 400, 'No hello message:(')).toBe(
      '{"action":"hello:error","details":[400,"No hello message:("]}',
    )
    expect(encodeError('hello', 404, 'No such action', 'q1')).toBe(
      '{"action":"hello:error","details":[404,"No such action"],"re":"q1"}',
    )
  })

  it('never fail without a reason', () => {
    expect(() => encodeError('hello', 200, 'x')).toThrow('No error code')
    expect(() => encodeError('hello', 400, '')).toThrow('An error says what is wrong')
  })

  it('refuse what is not JSON', () => {
    expect(() => encodeReply('hello', [1n])).toThrow('cannot be written as JSON')
  })
})

describe('Client/authentication', () => {
  it.each([
    ['nothing', [], {}],
    ['an empty object', [{}], {}],
    ['a token', [{token: 't'}], {token: 't'}],
    [
      'a session',
      [{session: 's', language: 'en', user_agent: 'x'}],
      {session: 's', language: 'en', userAgent: 'x'},
    ],
    ['a place to go on from', [{token: 't', resume: 'e.1.2'}], {token: 't', resume: 'e.1.2'}],
    ['fields of a later version', [{token: 't', later: 1}], {token: 't'}],
    ['null fields', [{token: 't', session: null}], {token: 't'}],
  ])('may hold %s', (_, details, value) => {
    expect(decodeAuthentication(details)).toEqual({ok: true, value})
  })

  it.each([
    ['text', ['token'], 'takes an object'],
    ['a list', [[]], 'takes an object'],
    ['null', [null], 'takes an object'],
    ['two objects', [{}, {}], 'takes one object'],
    ['a number as token', [{token: 1}], '"token" is no text'],
    ['an empty token', [{token: ''}], '"token" is no text'],
    ['a session over 4096 bytes', [{session: 's'.repeat(4097)}], 'at most 4096 bytes'],
    ['half a letter', [{language: '\uD800'}], 'not Unicode text'],
  ])('may not hold %s', (_, details, reason) => {
    const read = decodeAuthentication(details)
    expect(read.ok).toBe(false)
    if (!read.ok) expect(read.violation.reason).toContain(reason)
  })

  it('may hold any JSON: the answer is a value or a violation', () => {
    fc.assert(fc.property(fc.array(fc.jsonValue()), (d) => void decodeAuthentication(d)))
  })

  it('is answered with who the client is', () => {
    const answer = {
      user: '42',
      groups: ['staff'],
      session: null,
      node: 'n1',
      position: 'e.1.2',
      recovered: false,
      heartbeatMs: 25_000,
      expiresInMs: 1000,
    }
    expect(JSON.parse(encodeAuthenticated(answer, 'q1'))).toEqual({
      action: 'Client/authentication',
      details: ['ok', answer],
      re: 'q1',
    })
  })
})
