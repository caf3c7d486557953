import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {
  arrayProofOf,
  asItCame,
  encodeArrayError,
  encodeArrayReply,
  formOfFirst,
  isActionName,
} from '../../../src/lib/protocol/array-form.js'
import {decodeAuthentication, decodeClientFrame} from '../../../src/lib/protocol/client-frame.js'
import type {ClientFrameOptions} from '../../../src/lib/protocol/client-frame.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import {FROM_CLIENT, FROM_SERVER, PROOFS, REFUSED_FRAMES} from './frames-of-2015.js'
import {mutated} from './arbitrary-frames.js'
import {clientFrameBytes} from '../../helpers/client-frame-bytes.js'

function decode(text: string | Uint8Array, options: ClientFrameOptions = {}) {
  return decodeClientFrame(text, {...options, form: 'array'})
}

function nested(levels: number): string {
  return `["a",${'['.repeat(levels)}${']'.repeat(levels)}]`
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The original wrote slashes as \/ until April 2015: the same JSON, so that no client cares. */
function withoutEscapes(text: string): string {
  return text.replaceAll(String.raw`\/`, '/')
}

describe('frames of clients, as the original took them', () => {
  it.each(FROM_CLIENT)('$what ($source)', ({frame, action, details}) => {
    expect(formOfFirst(bytesOf(frame))).toBe('array')
    const [, came] = JSON.parse(frame) as readonly unknown[]
    const value = Array.isArray(came) ? {action, details} : {action, details, given: came}
    expect(decode(frame)).toEqual({ok: true, value})
    expect(decode(bytesOf(frame))).toEqual({ok: true, value})
  })

  it.each(REFUSED_FRAMES)('closed for: $what ($source)', ({frame, reason}) => {
    const read = decode(frame)
    expect(read).toMatchObject({ok: false, violation: {close: 'badFrame'}})
    if (!read.ok) expect(read.violation.reason).toContain(reason)
  })
})

describe('frames of the server, as the original sent them', () => {
  it.each(FROM_SERVER)('$what ($source)', ({frame, action, details}) => {
    expect(encodeArrayReply(action, details)).toBe(withoutEscapes(frame))
    const published = clientFrameBytes(encodePayload(action, details), 'array')
    expect(Buffer.from(published).toString()).toBe(withoutEscapes(frame))
  })

  it.each([
    ['a handler’s own text', 400, 'No hello message:(', '["hello:error",[400,"No hello message:("]]'],
    ['the text of the code', 400, undefined, '["hello:error",[400,"400 Bad Request"]]'],
    ['another', 403, undefined, '["hello:error",[403,"403 Forbidden"]]'],
    ['one more', 503, undefined, '["hello:error",[503,"503 Service Unavailable"]]'],
  ])('errors have %s (1.3)', (_, code, text, frame) => {
    expect(encodeArrayError('hello', code, text)).toBe(frame)
  })

  it('an error without a text is a mistake of ours', () => {
    expect(() => encodeArrayError('hello', 418)).toThrow('An error says what is wrong')
    expect(() => encodeArrayError('hello', 400, '')).toThrow('An error says what is wrong')
  })
})

describe('proofs', () => {
  it.each(PROOFS)('$what ($source)', ({frame, proof}) => {
    const read = decode(frame)
    const details = read.ok ? arrayProofOf(read.value.details) : undefined
    if (proof === undefined) expect(details).toBeUndefined()
    else expect(decodeAuthentication(details ?? ['none'])).toEqual({ok: true, value: proof})
  })
})

describe('details that a handler passes on', () => {
  it.each([
    ['"Hi"', 'Hi'], ['false', false], ['null', null], ['{"a":1}', {a: 1}], ['["Hi"]', ['Hi']],
  ])('%s, as they are, are what came', (text, came) => {
    const read = decode(`["hello",${text}]`)
    expect(read.ok && asItCame(read.value, read.value.details)).toEqual(came)
  })

  it('are a list once they are changed, or another one', () => {
    const frame = {details: ['Hi'], given: 'Hi'}
    expect(asItCame(frame, [...frame.details])).toEqual(['Hi'])
    expect(asItCame(frame, 'Hi!')).toBe('Hi!')
    frame.details.push('more')
    expect(asItCame(frame, frame.details)).toEqual(['Hi', 'more'])
    const none = {details: ['now'], given: null}
    expect(asItCame(none, none.details)).toEqual(['now'])
    const other = {details: ['Hello'], given: 'Hi'}
    expect(asItCame(other, other.details)).toEqual(['Hello'])
  })
})

describe('the form of a connection', () => {
  it.each([
    ['["a",null]', 'array'],
    [' \t\r\n["a",null]', 'array'],
    ['[', 'array'],
    ['{"action":"a"}', 'object'],
    ['{"a":[]}', 'object'],
    ['"["', 'object'],
    ['', 'object'],
    [' ', 'object'],
    ['\uFEFF["a",null]', 'object'],
  ])('whose first frame is %j is %s', (text, form) => {
    expect(formOfFirst(bytesOf(text))).toBe(form)
  })

  it('is of all its frames', () => {
    const refused = {ok: false, violation: {close: 'badFrame'}}
    expect(decode('{"action":"hello","details":[]}')).toMatchObject(refused)
    expect(decodeClientFrame('["hello",null]', {form: 'object'})).toMatchObject(refused)
  })
})

describe('any frame', () => {
  it('of an action and details comes back, whatever they are', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), fc.jsonValue(), (action, details) => {
        const given: unknown = JSON.parse(JSON.stringify(details))
        const text = JSON.stringify([action, given])
        const list = Array.isArray(given) ? given : given === null ? [] : [given]
        const came = Array.isArray(given) ? {} : {given}
        const read = decode(text)
        expect(read).toEqual({ok: true, value: {action, details: list, ...came}})
        if (read.ok) expect(asItCame(read.value, read.value.details)).toEqual(given)
        if (!isActionName(action)) return
        expect(JSON.parse(encodeArrayReply(action, given))).toEqual([action, given])
        const published = clientFrameBytes(encodePayload(action, given), 'array')
        expect(JSON.parse(Buffer.from(published).toString())).toEqual([action, given])
      }),
    )
  })

  it('of any bytes gives a value or a violation', () => {
    const valid = fc.json().map((details) => bytesOf(`["hello",${details}]`))
    const data = fc.oneof(fc.uint8Array(), fc.json(), mutated(valid))
    fc.assert(
      fc.property(data, fc.boolean(), (bytes, isBinary) => {
        const read = decode(bytes, {isBinary})
        if (!read.ok) expect(read.violation.reason).not.toBe('')
        else if (isActionName(read.value.action)) expect(read.value.action).not.toBe('')
      }),
      {numRuns: 3000},
    )
  })

  it('is bounded like those in the other form', () => {
    expect(decode('["a",null]', {isBinary: true})).toMatchObject({violation: {close: 'badFrame'}})
    expect(decode('["a","too long"]', {bytesMax: 15})).toMatchObject({violation: {close: 'tooBig'}})
    expect(decode('["a","too long"]', {bytesMax: 16})).toMatchObject({ok: true})
    expect(decode(nested(3), {detailsDepth: 3})).toMatchObject({ok: true})
    expect(decode(nested(4), {detailsDepth: 3})).toMatchObject({violation: {isTooDeep: true}})
  })
})

describe('names that no handler has', () => {
  it.each([
    ['hello', true],
    ['Системы/сообщение', true],
    ['', false],
    ['["early","q"]', true],
    [JSON.stringify(['early', 'q'.repeat(300)]), false],
    ['line\nend', false],
    ['hello:error', false],
    ['a'.repeat(256), false],
  ])('%j: %s', (action, isName) => {
    expect(isActionName(action)).toBe(isName)
  })
})
