import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {jsonDepth, parseJson} from '../../../src/lib/protocol/json-text.js'
import {LIMITS} from '../../../src/lib/protocol/limits.js'

/** What jsonDepth counts in text, counted on the value. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('jsonDepth', () => {
  it('is the nesting of the value that the text says', () => {
    fc.assert(
      fc.property(fc.jsonValue({maxDepth: 6}), (value) => {
        expect(jsonDepth(JSON.stringify(value))).toBe(depthOf(JSON.parse(JSON.stringify(value))))
      }),
    )
  })

  it.each([
    ['brackets in text', '"[[[{"', 0],
    ['brackets after an escaped quote', String.raw`"\"[[["`, 0],
    ['brackets after an escaped backslash', String.raw`["\\",[]]`, 2],
    ['text that does not end', '["[[[', 1],
    ['a backslash at the end', '["\\', 1],
    ['closing more than was opened', ']]]]][', 0],
  ])('counts no %s', (_, text, depth) => {
    expect(jsonDepth(text)).toBe(depth)
  })
})

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

describe('parseJson', () => {
  it('reads what JSON.parse reads, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const read = parseJson(text)
        let expected: unknown
        try {
          expected = JSON.parse(text)
        } catch {
          expect(read.ok).toBe(false)
          return
        }
        expect(read).toEqual({ok: true, value: expected})
      }),
    )
  })

  it.each([
    ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'not UTF-8'],
    ['nothing', '', 'not JSON'],
    ['half of an object', '{"a":', 'not JSON'],
    ['a million brackets', '['.repeat(1_000_000), 'nested deeper than 64'],
    ['a mark of byte order', '\uFEFF{}', 'not JSON'],
  ])('refuses %s', (_, data, reason) => {
    const read = parseJson(data)
    expect(read.ok).toBe(false)
    if (!read.ok) expect(read.reason).toContain(reason)
  })

  it('allows exactly the depth of the limit', () => {
    expect(parseJson(nested(LIMITS.jsonDepth)).ok).toBe(true)
    expect(parseJson(nested(LIMITS.jsonDepth + 1)).ok).toBe(false)
  })
})
