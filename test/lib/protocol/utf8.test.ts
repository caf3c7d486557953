import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {
  isWellFormed,
  utf8Decode,
  utf8Encode,
  utf8Length,
} from '../../../src/lib/protocol/utf8.js'

const anyText = fc.string({
  unit: fc.nat(0xff_ff).map((unit) => String.fromCharCode(unit)),
})

describe('UTF-8', () => {
  it('comes back as it went', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => {
        expect(utf8Decode(utf8Encode(text))).toBe(text)
      }),
    )
  })

  it('is not written over by what is encoded later', () => {
    fc.assert(
      fc.property(fc.array(fc.string({unit: 'binary', maxLength: 2000})), (texts) => {
        const encoded = texts.map((text) => utf8Encode(text))
        expect(encoded.map((bytes) => utf8Decode(bytes))).toEqual(texts)
      }),
    )
    // More than one piece of what they share.
    const numbers = Array.from({length: 20_000}, (_, n) => `number ${n}`)
    const encoded = numbers.map((text) => utf8Encode(text))
    expect(encoded.map((bytes) => utf8Decode(bytes))).toEqual(numbers)
  })

  it('has the length that utf8Length says', () => {
    fc.assert(
      fc.property(fc.string({unit: 'binary'}), (text) => {
        expect(utf8Length(text)).toBe(utf8Encode(text).length)
      }),
    )
  })

  it('is possible for well-formed text only', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({unit: 'binary'})), (text) => {
        expect(isWellFormed(text)).toBe(utf8Decode(utf8Encode(text)) === text)
      }),
    )
    expect(isWellFormed('half \uD83D of a smile')).toBe(false)
  })

  it('decodes any bytes to text or to nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = utf8Decode(bytes)
        if (text !== undefined) expect(Buffer.from(utf8Encode(text))).toEqual(Buffer.from(bytes))
      }),
    )
  })
})
