import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {
  decodeHandshakeFrame,
  encodeHandshakeFrame,
  type HandshakeFrame,
} from '../../../src/lib/protocol/handshake-frame.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {mutated, nodeIds, numbers} from './arbitrary-frames.js'

const key = fc
  .uint8Array({minLength: 32, maxLength: 32})
  .map((bytes) => Buffer.from(bytes).toString('base64url'))

const frames: fc.Arbitrary<HandshakeFrame> = fc.oneof(
  fc.record({
    type: fc.constant('challenge'),
    node: nodeIds,
    nonce: key,
    versions: fc.array(numbers),
  }),
  fc.record({
    type: fc.constant('proof'),
    role: fc.constantFrom('node', 'operator'),
    node: fc.oneof(nodeIds, fc.constantFrom('send@host', 'backend:1.2')),
    nonce: key,
    version: numbers,
    mac: key,
  }),
  fc.record({type: fc.constant('proved'), mac: key}),
  fc.record({
    type: fc.constant('denied'),
    reason: fc.constantFrom('wrong-secret', 'version', 'self', 'role', 'bad-frame'),
  }),
)

describe('frames of the handshake', () => {
  it('come back as they were sent', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeHandshakeFrame(encodeHandshakeFrame(frame))).toEqual({ok: true, value: frame})
      }),
    )
  })

  const mac = 'A'.repeat(43)

  it.each([
    ['no JSON', 'challenge', 'not JSON'],
    ['a list', '[]', 'is an object'],
    ['an unknown type', '{"type":"hello"}', 'unknown type'],
    ['a short nonce', '{"type":"challenge","node":"a","nonce":"x","versions":[1]}', 'nonce is "x"'],
    ['a long mac', `{"type":"proved","mac":"${mac}A"}`, 'mac is'],
    ['a mac of other letters', `{"type":"proved","mac":"${mac.replace('A', '+')}"}`, 'mac is'],
    ['no node id', `{"type":"challenge","node":"A!","nonce":"${mac}","versions":[]}`, 'node is'],
    ['text as one', `{"type":"challenge","node":"a","nonce":"${mac}","versions":["1"]}`, 'versi'],
    ['an unknown reason', '{"type":"denied","reason":"tired"}', 'reason is "tired"'],
  ])('with %s are refused', (_, text, reason) => {
    const read = decodeHandshakeFrame(text)
    expect(read).toMatchObject({ok: false, violation: {close: 'badFrame'}})
    if (!read.ok) expect(read.violation.reason).toContain(reason)
  })

  it('have a length that they may not pass', () => {
    const read = decodeHandshakeFrame(' '.repeat(LIMITS.handshakeFrameBytes + 1))
    expect(read).toMatchObject({ok: false, violation: {close: 'tooBig'}})
  })

  it('may be any bytes: the answer is a value or a violation', () => {
    const valid = frames.map((frame) => new TextEncoder().encode(encodeHandshakeFrame(frame)))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json(), mutated(valid)), (bytes) => {
        const read = decodeHandshakeFrame(bytes)
        if (!read.ok) expect(read.violation.reason).not.toBe('')
      }),
      {numRuns: 2000},
    )
  })
})
