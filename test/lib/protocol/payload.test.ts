import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {detailsOf, encodePayload} from '../../../src/lib/protocol/payload.js'
import {WsmeshError} from '../../../src/lib/util/errors.js'
import {payloads} from './arbitrary-frames.js'
import {clientFrameBytes} from '../../helpers/client-frame-bytes.js'

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

function nested(depth: number): unknown {
  let value: unknown = []
  for (let level = 1; level < depth; level += 1) value = [value]
  return value
}

describe('details as the argument list', () => {
  it.each([
    ['a list is the list', ['Hi'], '{"action":"hello","details":["Hi"]}'],
    ['a list of lists stays as it is', [[1], [2]], '{"action":"hello","details":[[1],[2]]}'],
    ['an empty list is none', [], '{"action":"hello","details":[]}'],
    ['text is one argument', 'Hi', '{"action":"hello","details":["Hi"]}'],
    ['an object is one argument', {a: 1}, '{"action":"hello","details":[{"a":1}]}'],
    ['a number is one argument', 0, '{"action":"hello","details":[0]}'],
    ['false is one argument', false, '{"action":"hello","details":[false]}'],
    ['empty text is one argument', '', '{"action":"hello","details":[""]}'],
    ['null is none', null, '{"action":"hello","details":[]}'],
    ['nothing is none', undefined, '{"action":"hello","details":[]}'],
    ['what becomes text is one', {toJSON: () => 'x'}, '{"action":"hello","details":["x"]}'],
    ['what becomes a list is it', {toJSON: () => [1]}, '{"action":"hello","details":[1]}'],
    ['what becomes null is none', Number.NaN, '{"action":"hello","details":[]}'],
    ['letters of the world stay', ['Grüße 😀'], '{"action":"hello","details":["Grüße 😀"]}'],
  ])('%s', (_, details, frame) => {
    expect(text(clientFrameBytes(encodePayload('hello', details), 'object'))).toBe(frame)
  })

  it('is the same list in every frame, and the frame is JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({unit: 'binary', minLength: 1}), (details, id) => {
        const payload = encodePayload('a "quoted"\n action', details)
        const frame: unknown = JSON.parse(text(clientFrameBytes(payload, {id, position: 'e.1.2'})))
        const sent: unknown = JSON.parse(JSON.stringify(details))
        const list = Array.isArray(sent) ? sent : sent === null ? [] : [sent]
        expect(frame).toEqual({
          action: 'a "quoted"\n action',
          details: list,
          id,
          position: 'e.1.2',
        })
      }),
    )
  })

  it('adds id and position for clients of wsmesh.v1', () => {
    const bytes = clientFrameBytes(encodePayload('hello', 'Hi'), {id: 'n1-7', position: 'e.1.2'})
    expect(text(bytes)).toBe(
      '{"action":"hello","details":["Hi"],"id":"n1-7","position":"e.1.2"}',
    )
  })

  it('comes back as published', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (details) => {
        const published: unknown = JSON.parse(JSON.stringify(details))
        expect(detailsOf(encodePayload('hello', details))).toEqual(published)
      }),
    )
  })

  it('shows bytes that are no JSON as text, and never throws', () => {
    fc.assert(fc.property(payloads, (payload) => void detailsOf(payload)))
    const details = new TextEncoder().encode('{broken')
    expect(detailsOf({action: 'a', shape: 'list', details})).toBe('{broken')
  })
})

describe('what cannot be published', () => {
  const loop: {self?: unknown} = {}
  loop.self = loop

  it.each([
    ['a loop', 'hello', loop, 'cannot be written as JSON'],
    ['a bigint', 'hello', [1n], 'cannot be written as JSON'],
    ['a function', 'hello', () => 1, 'they are a function'],
    ['a symbol', 'hello', Symbol('s'), 'they are a symbol'],
    ['65 levels', 'hello', nested(65), 'nested deeper than 64'],
    ['100,000 levels', 'hello', nested(100_000), 'details of hello'],
    ['more than a mebibyte', 'hello', 'x'.repeat(LIMITS.detailsBytes), 'bytes of JSON'],
    ['an empty action', '', [], 'The action is empty'],
    ['an action of 256 bytes', 'é'.repeat(128), [], '256 bytes long, 255 are allowed'],
    ['half a letter', '\uDC00', [], 'not Unicode text'],
  ])('%s', (_, action, details, message) => {
    let thrown: unknown
    try {
      encodePayload(action, details)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(WsmeshError)
    expect(thrown).toMatchObject({code: 'DETAILS_INVALID'})
    expect((thrown as WsmeshError).message).toContain(message)
  })

  it('ends exactly at the limits', () => {
    expect(encodePayload('a'.repeat(LIMITS.actionBytes), nested(LIMITS.jsonDepth)).shape).toBe(
      'list',
    )
    const largest = encodePayload('hello', 'x'.repeat(LIMITS.detailsBytes - 2))
    expect(largest.details.length).toBe(LIMITS.detailsBytes)
  })
})
