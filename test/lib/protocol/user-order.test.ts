import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {compareUsers, firstUsersAfter} from '../../../src/lib/protocol/user-order.js'

const ids = fc.oneof(fc.string({minLength: 1}), fc.nat().map(String))

describe('the order of users', () => {
  it('has numbers by value first, then names', () => {
    const mixed = ['ann', '10', '9', '042', 'Bob', '100', '0']
    expect(mixed.toSorted(compareUsers)).toEqual(['0', '9', '10', '100', '042', 'Bob', 'ann'])
  })

  it('is total', () => {
    fc.assert(
      fc.property(ids, ids, ids, (a, b, c) => {
        expect(Math.sign(compareUsers(a, b))).toBe(-Math.sign(compareUsers(b, a)) + 0)
        expect(compareUsers(a, b) === 0).toBe(a === b)
        if (compareUsers(a, b) < 0 && compareUsers(b, c) < 0) {
          expect(compareUsers(a, c)).toBeLessThan(0)
        }
      }),
    )
  })

  it('is paged through without a hole or a repeat', () => {
    fc.assert(
      fc.property(fc.uniqueArray(ids), fc.integer({min: 1, max: 7}), (all, limit) => {
        const seen: string[] = []
        for (;;) {
          const page = firstUsersAfter(all, seen.at(-1), limit)
          if (page.length === 0) break
          expect(page.length).toBeLessThanOrEqual(limit)
          seen.push(...page)
        }
        expect(seen).toEqual(all.toSorted(compareUsers))
      }),
    )
  })
})
