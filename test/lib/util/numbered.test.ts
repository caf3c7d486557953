import fc from 'fast-check'
import {expect, test} from 'vitest'
import {Numbered} from '../../../src/lib/util/numbered.js'

type Step =
  | {readonly type: 'add'; readonly gap: number}
  | {readonly type: 'take' | 'replace'; readonly which: number}

const STEP: fc.Arbitrary<Step> = fc.oneof(
  {weight: 3, arbitrary: fc.record({type: fc.constant('add'), gap: fc.integer({min: 1, max: 3})})},
  {weight: 3, arbitrary: fc.record({type: fc.constant('take'), which: fc.nat(9)})},
  fc.record({type: fc.constant('replace'), which: fc.nat(9)}),
)

test('does what a Map that is kept in order does', () => {
  fc.assert(fc.property(fc.array(STEP, {maxLength: 200}), fc.nat(99), (steps, at) => {
    const numbered = new Numbered<string>()
    const model = new Map<number, string>()
    let last = at
    for (const step of steps) {
      const number = [...model.keys()][step.type === 'add' ? 0 : step.which] ?? last + 1
      if (step.type === 'add') {
        last += step.gap
        numbered.add(last, `added ${last}`)
        model.set(last, `added ${last}`)
      } else if (step.type === 'take') {
        expect(numbered.take(number)).toBe(model.get(number))
        model.delete(number)
      } else {
        numbered.replace(number, `replaced ${number}`)
        if (model.has(number)) model.set(number, `replaced ${number}`)
      }
      expect(numbered.size).toBe(model.size)
      expect(numbered.first).toBe([...model.keys()][0])
      expect([...numbered.above(-1)]).toEqual([...model.values()])
      const middle = [...model.keys()][2] ?? 0
      expect([...numbered.above(middle)])
        .toEqual([...model].filter(([key]) => key > middle).map(([, value]) => value))
    }
  }), {numRuns: 300})
})

test('one that stays is found behind thousands that came and went', () => {
  const numbered = new Numbered<number>()
  for (let number = 1; number <= 20_000; number += 1) {
    numbered.add(number, number)
    if (number > 10 && number !== 5000) expect(numbered.take(number - 10)).toBe(number - 10)
  }
  expect(numbered.get(4990)).toBe(4990)
  expect(numbered.size).toBe(11)
  expect(numbered.take(4990)).toBe(4990)
  expect(numbered.take(4990)).toBeUndefined()
  expect(numbered.first).toBe(19_991)
})

test('all can be taken while they are gone through', () => {
  const numbered = new Numbered<number>()
  for (let number = 1; number <= 5000; number += 1) numbered.add(number, number)
  const taken: number[] = []
  for (const number of numbered.above(0)) taken.push(numbered.take(number) ?? 0)
  expect(taken).toEqual(Array.from({length: 5000}, (_, at) => at + 1))
  expect(numbered.size).toBe(0)
})

test.each([0, -1, 1.5, Number.NaN, 99, Infinity])('a number that was never given: %d', (number) => {
  const numbered = new Numbered<string>()
  numbered.add(5, 'five')
  numbered.add(6, 'six')
  expect(numbered.get(number)).toBeUndefined()
  expect(numbered.take(number)).toBeUndefined()
  expect(numbered.size).toBe(2)
})
