import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {heldByMajority, isAtLeastHalf, isMajority} from '../../../src/lib/mesh/quorum.js'
import {nodeId} from '../../../src/lib/util/brand.js'

function view(size: number) {
  return Array.from({length: size}, (_, index) => ({id: nodeId(`n${index}`), url: ''}))
}

/** n3 is in a set whose fourth flag is on. */
function isIn(set: readonly boolean[]): (id: string) => boolean {
  return (id) => set[Number(id.slice(1))] ?? false
}

describe('quorum', () => {
  test.each([
    ['one member alone', [5], 5],
    ['of two both', [9, 4], 4],
    ['of three two', [9, 4, 1], 4],
    ['of four three', [9, 8, 4, 1], 4],
    ['of five three', [9, 8, 7, 1, 0], 7],
    ['nobody holds anything', [], 0],
  ])('held by more than half: %s', (_, held, expected) => {
    const members = view(held.length)
    const byId = new Map(members.map((member, index) => [member.id, held[index] ?? 0]))
    expect(heldByMajority(members, (id) => byId.get(id) ?? 0)).toBe(expected)
  })

  test('any majority and any half of a view meet', () => {
    const pick = fc.array(fc.boolean(), {minLength: 1, maxLength: 9})
    fc.assert(fc.property(pick, pick, (a, b) => {
      const members = view(Math.min(a.length, b.length))
      fc.pre(isMajority(members, isIn(a)) && isAtLeastHalf(members, isIn(b)))
      expect(members.some((member) => isIn(a)(member.id) && isIn(b)(member.id))).toBe(true)
    }))
  })
})
