import fc from 'fast-check'
import {describe, expect, test} from 'vitest'

import {counted, EMPTY_TALLY, missing, total, verdict} from '../../../src/lib/demo/page/tally.js'

function tallyOf(numbers: readonly number[]) {
  return numbers.reduce((tally, number) => counted(tally, number), EMPTY_TALLY)
}

describe('what a tab says of the numbers that arrived', () => {
  test.each([
    ['in order', [1, 2, 3, 4], 'none missing'],
    ['from the middle: a tab that came later', [7, 8, 9], 'none missing'],
    ['a hole', [1, 2, 5, 6], '2 missing'],
    ['two holes', [1, 3, 5], '2 missing'],
    ['one that came twice', [1, 2, 2, 3], '1 doubled'],
    ['one that came too late', [1, 3, 2, 4], '1 out of order'],
    ['one that came too late, twice', [1, 3, 2, 2], '1 doubled, 1 out of order'],
    ['from before the first', [5, 6, 4], '1 out of order'],
    ['a hole of which the middle came late', [1, 5, 3], '2 missing, 1 out of order'],
    ['everything again', [1, 2, 1, 2], '2 doubled'],
    ['thousands', [1, 2002], '2,000 missing'],
    ['all faults', [1, 4, 4, 3, 9], '5 missing, 1 doubled, 1 out of order'],
  ])('%s', (_what, numbers, words) => {
    expect(verdict(tallyOf(numbers))).toEqual({isGood: words === 'none missing', words})
  })

  test('the last is the highest', () => {
    expect(tallyOf([3, 5, 4])).toMatchObject({first: 3, last: 5, arrived: 3})
  })

  test('any list: as somebody with all of it in hand would count', () => {
    fc.assert(fc.property(fc.array(fc.integer({min: 1, max: 40}), {minLength: 1}), (numbers) => {
      const tally = tallyOf(numbers)
      const [first = 0] = numbers
      const different = new Set(numbers)
      const wanted = Array.from({length: tally.last - first + 1}, (_, index) => first + index)
      expect(tally.last).toBe(Math.max(...numbers))
      expect(missing(tally)).toBe(wanted.filter((number) => !different.has(number)).length)
      const inOrder = numbers.every((number, index) => number === first + index)
      expect(verdict(tally).isGood).toBe(inOrder)
    }))
  })
})

test('all tabs as one', () => {
  const all = total([tallyOf([1, 2, 3]), tallyOf([1, 3]), tallyOf([2, 2, 3, 4])])
  expect(all).toMatchObject({last: 4, arrived: 9})
  expect(verdict(all).words).toBe('1 missing, 1 doubled')
  expect(verdict(total([])).words).toBe('none missing')
})
