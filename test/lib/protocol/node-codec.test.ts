import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import type {Decoded} from '../../../src/lib/protocol/decoded.js'
import {encodeEnvelope, envelopeSize, packEnvelope} from '../../../src/lib/protocol/envelope-codec.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'
import {
  decodeNodeFrame,
  encodeNodeFrame,
  NODE_FRAME_TYPES,
} from '../../../src/lib/protocol/node-codec.js'
import type {NodeFrame, RelayFrame} from '../../../src/lib/protocol/node-frame.js'
import {encodePayload} from '../../../src/lib/protocol/payload.js'
import {nodeId} from '../../../src/lib/util/brand.js'
import {envelopes, framesOf, mutated, nodeFrames} from './arbitrary-frames.js'

function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

/** What every decoder promises of any bytes. */
function expectValueOrViolation(read: Decoded<unknown>): void {
  if (read.ok) return
  expect(['badFrame', 'tooBig']).toContain(read.violation.close)
  expect(read.violation.reason).not.toBe('')
}

describe('node frames', () => {
  it.each(NODE_FRAME_TYPES)('decodes every %s that it encodes', (type) => {
    fc.assert(
      fc.property(framesOf[type], (frame) => {
        expect(decodeNodeFrame(encodeNodeFrame(frame))).toEqual({ok: true, value: frame})
      }),
      {numRuns: 150},
    )
  })

  it('takes any bytes without throwing', () => {
    const bytes = fc.oneof(
      fc.uint8Array({maxLength: 200}),
      // A known type, so that the fields are reached too.
      fc.tuple(fc.nat(15), fc.uint8Array({maxLength: 80})).map(([t, b]) => Uint8Array.of(t, ...b)),
    )
    fc.assert(
      fc.property(bytes, (data) => expectValueOrViolation(decodeNodeFrame(data))),
      {numRuns: 3000},
    )
  })

  it('takes frames that were changed on the way without throwing', () => {
    const property = fc.property(mutated(nodeFrames.map(encodeNodeFrame)), (data) => {
      const read = decodeNodeFrame(data)
      expectValueOrViolation(read)
      // Every frame has one form: what is accepted is what would have been sent.
      if (read.ok) expect(Buffer.from(encodeNodeFrame(read.value))).toEqual(Buffer.from(data))
    })
    fc.assert(property, {numRuns: 3000})
  })

  it('refuses every frame that is cut anywhere', () => {
    fc.assert(
      fc.property(nodeFrames, (frame) => {
        const bytes = encodeNodeFrame(frame)
        for (let length = 0; length < bytes.length; length += 1) {
          expect(decodeNodeFrame(bytes.subarray(0, length)).ok).toBe(false)
        }
      }),
      {numRuns: 100},
    )
  })

  it.each([
    ['an unknown type', 'ff 00', 'unknown type of node frame'],
    ['nothing', '', 'an empty node frame'],
    ['a byte after the last field', '06 05 00', 'leave: 1 bytes too many at byte 2'],
    ['a number longer than it needs to be', '06 85 00', 'term is longer than it needs to be'],
    ['a number of 2^53', '06 80 80 80 80 80 80 80 10', 'term is larger than 2^53 - 1'],
    ['a number without end', '06 ff ff ff ff ff ff ff ff ff', 'term is larger than 2^53 - 1'],
    ['a flag of 2', '0b 05 02', 'yes is neither 0 nor 1'],
    ['an epoch with a capital', '0c 05 01 41 00', 'epoch is none'],
    ['an empty epoch of a promise', '0c 05 00 00', 'epoch is none'],
    ['a master that is no node id', '0a 05 01 61 01 2d', 'master is no node id'],
    ['text that is not UTF-8', '0c 05 01 61 02 c3 28', 'url is not UTF-8'],
    ['an unknown reason', '02 05 09 00', 'reason is unknown'],
    ['an url over 255 bytes', '0c 05 01 61 80 02', 'url of 256 bytes where 255 are allowed'],
    ['a length beyond the frame', '0c 05 01 61 7f', 'url of 127 bytes does not fit the frame'],
    ['an unknown target', '03 05 00 01 01 61 01 00 06 01 61 00 00', 'target is unknown'],
    ['an empty action', '03 05 00 01 01 61 01 00 05 00 00 00', 'action is empty'],
    ['an id over 64 bytes', `03 05 00 01 01 61 01 41 ${'61 '.repeat(65)}`, 'id of 65 bytes where 64'],
    ['an empty id of a caller', '01 05 01 61 00 00 01 00 00 00 00 01 00 01 01 00', 'id is empty'],
    ['an unknown shape', '03 05 00 01 01 61 01 00 05 01 61 03 00', 'shape is unknown'],
    ['none with details', '03 05 00 01 01 61 01 00 05 01 61 00 01 31', 'do not have their shape'],
    ['a list without details', '03 05 00 01 01 61 01 00 05 01 61 02 00', 'do not have their shape'],
  ])('refuses %s', (_, bytes, reason) => {
    const read = decodeNodeFrame(hex(bytes))
    expect(read).toMatchObject({ok: false, violation: {close: 'badFrame'}})
    if (!read.ok) expect(read.violation.reason).toContain(reason)
  })

  it.each([
    ['counts', '04 05 00 00 00', LIMITS.nodeFrameItems],
    ['entries', '07 05 00 00', LIMITS.nodeFrameItems],
    ['envelopes', '03 05 00', LIMITS.nodeFrameItems],
    ['messages', '08 05', LIMITS.nodeFrameItems],
    ['callers', '01 05 01 61 00 00 01 00 00 00 00', LIMITS.callers],
    ['members', '01 05 01 61 00 00 00 00 00', LIMITS.viewNodes],
    ['ids', '03 05 00 01 01 61 01 00 00', LIMITS.targetIds],
    ['pairs', '03 05 00 01 01 61 01 00 03', LIMITS.filterPairs],
  ])('refuses a number of %s that the frame cannot hold, at once', (what, start, max) => {
    const huge = decodeNodeFrame(hex(`${start} ff ff ff ff ff ff ff 0f 00 00 00 00`))
    expect(huge).toMatchObject({ok: false})
    if (!huge.ok) expect(huge.violation.reason).toContain(`${what} where ${max} are allowed`)
    const beyond = decodeNodeFrame(hex(`${start} 0f 00 00 00 00 00 00 00`))
    expect(beyond.ok).toBe(false)
    if (!beyond.ok) expect(beyond.violation.reason).toContain(`15 ${what} do not fit the frame`)
  })

  it('refuses a frame over the limit without looking into it', () => {
    const read = decodeNodeFrame(new Uint8Array(LIMITS.nodeFrameBytes + 1))
    expect(read).toMatchObject({ok: false, violation: {close: 'tooBig'}})
  })

  it('refuses entries whose seq or term would leave the safe integers', () => {
    const max = 'ff ff ff ff ff ff ff 0f'
    const seq = decodeNodeFrame(hex(`07 05 00 ${max} 01 00 00 00 00`))
    expect(seq).toMatchObject({ok: false})
    const term = decodeNodeFrame(hex(`07 05 ${max} 00 01 01 00 00 00`))
    expect(term).toMatchObject({ok: false})
  })

  it('asserts that entries follow on each other before it writes them', () => {
    const frame: RelayFrame = {
      type: 'relay',
      term: 2,
      after: {term: 1, seq: 7},
      entries: [{term: 2, seq: 9, envelope: undefined}],
      commit: 0,
      stable: 0,
    }
    expect(() => encodeNodeFrame(frame)).toThrow('Entries follow on each other')
  })
})

/** What a master relays of a publish frame. */
function passedOn(frame: NodeFrame): RelayFrame {
  const read = decodeNodeFrame(encodeNodeFrame(frame))
  if (!read.ok || read.value.type !== 'publish') throw new Error('expected a publish frame')
  const entries = read.value.envelopes.map((item, index) => ({
    term: 1,
    seq: index + 1,
    envelope: item,
  }))
  return {type: 'relay', term: 1, after: {term: 0, seq: 0}, entries, commit: 0, stable: 0}
}

describe('envelopes on their way through the master', () => {
  const envelope = {
    origin: nodeId('a'),
    counter: 7,
    callerId: undefined,
    target: {kind: 'user', ids: ['42']},
    payload: encodePayload('hello', ['Hi']),
  } as const

  it('leave it as they came', () => {
    fc.assert(
      fc.property(fc.array(envelopes, {maxLength: 4}), (list) => {
        const relay = passedOn({type: 'publish', term: 1, first: 1, envelopes: list})
        const plain = {
          ...relay,
          entries: relay.entries.map((entry, index) => ({...entry, envelope: list[index]})),
        }
        const bytes = Buffer.from(encodeNodeFrame(relay))
        expect(bytes).toEqual(Buffer.from(encodeNodeFrame(plain as RelayFrame)))
      }),
    )
  })

  it('do not keep their bytes when they are changed', () => {
    const [entry] = passedOn({type: 'publish', term: 1, first: 1, envelopes: [envelope]}).entries
    if (entry?.envelope === undefined) throw new Error('expected an envelope')
    const changed = encodeEnvelope({...entry.envelope, counter: 8})
    expect(Buffer.from(changed)).toEqual(Buffer.from(encodeEnvelope({...envelope, counter: 8})))
  })

  it('share the bytes of the frame that brought them', () => {
    const frame = encodeNodeFrame({type: 'publish', term: 1, first: 1, envelopes: [envelope]})
    const read = decodeNodeFrame(frame)
    if (!read.ok || read.value.type !== 'publish') throw new Error('expected a publish frame')
    expect(read.value.envelopes[0]?.payload.details.buffer).toBe(frame.buffer)
  })

  it('say packed what they said, in the same bytes, as often as they are asked', () => {
    fc.assert(
      fc.property(envelopes, (item) => {
        const {entries} = passedOn({type: 'publish', term: 1, first: 1, envelopes: [item]})
        const packed = packEnvelope(entries[0]?.envelope ?? expect.unreachable())
        expect(Object.keys(packed)).toEqual(['origin', 'counter', 'callerId'])
        const {origin, counter, callerId, target, payload} = packed
        expect({origin, counter, callerId, target, payload}).toEqual(item)
        expect(packed.payload).toBe(payload)
        expect(Buffer.from(encodeEnvelope(packed))).toEqual(Buffer.from(encodeEnvelope(item)))
        expect(packEnvelope(item)).toBe(item)
      }),
    )
  })

  it('are never larger than their size says', () => {
    fc.assert(
      fc.property(envelopes, (item) => {
        expect(encodeEnvelope(item).length).toBeLessThanOrEqual(envelopeSize(item))
      }),
    )
  })
})
