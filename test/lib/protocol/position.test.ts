import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {
  comparePlaces,
  formatPosition,
  isEpoch,
  parsePosition,
} from '../../../src/lib/protocol/position.js'
import {epochs, places} from './arbitrary-frames.js'

const LARGEST = 999_999_999_999_999

describe('a position', () => {
  it('comes back from its text', () => {
    const numbers = fc.nat(LARGEST)
    fc.assert(
      fc.property(epochs, numbers, numbers, (epoch, term, seq) => {
        expect(parsePosition(formatPosition({epoch, term, seq}))).toEqual({epoch, term, seq})
      }),
    )
  })

  it.each([
    '',
    'e.1',
    'e.1.2.3',
    '.1.2',
    'E.1.2',
    'e.01.2',
    'e.1.+2',
    'e.1.-2',
    'e.1. 2',
    'e.1.2\n',
    'e.1.1e3',
    `${'e'.repeat(17)}.1.2`,
    'e.1.9999999999999999',
  ])('is not %j', (text) => {
    expect(parsePosition(text)).toBeUndefined()
  })

  it('is what formatPosition prints, or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9]{1,3}\.\d+\.\d+$/)), (text) => {
        const position = parsePosition(text)
        if (position !== undefined) expect(formatPosition(position)).toBe(text)
      }),
    )
  })
})

describe('an epoch', () => {
  it.each([
    ['a', true],
    ['0z', true],
    ['a'.repeat(16), true],
    ['', false],
    ['a'.repeat(17), false],
    ['A', false],
    ['a.b', false],
  ])('%j: %s', (text, is) => {
    expect(isEpoch(text)).toBe(is)
  })
})

describe('comparePlaces', () => {
  it('orders by term first, then by seq', () => {
    const sorted = [
      {term: 0, seq: 9},
      {term: 1, seq: 1},
      {term: 1, seq: 2},
      {term: 2, seq: 0},
    ]
    expect(sorted.toReversed().toSorted(comparePlaces)).toEqual(sorted)
  })

  it('is an order', () => {
    fc.assert(
      fc.property(places, places, (a, b) => {
        expect(Math.sign(comparePlaces(a, b))).toBe(-Math.sign(comparePlaces(b, a)) + 0)
        expect(comparePlaces(a, a)).toBe(0)
      }),
    )
  })
})
