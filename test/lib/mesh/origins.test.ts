import {expect, test} from 'vitest'
import {Origins} from '../../../src/lib/mesh/origins.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const id = (number: number) => nodeId(`n${number}`)

test('the last counter of each origin, those not heard for the longest time first', () => {
  const origins = new Origins([{origin: id(1), counter: 5}, {origin: id(2), counter: 7}])
  origins.hear(id(1), 6)
  expect(origins.counterOf(id(1))).toBe(6)
  expect(origins.counterOf(id(3))).toBeUndefined()
  expect(origins.all()).toEqual([{origin: id(2), counter: 7}, {origin: id(1), counter: 6}])
})

test('a message taken back leaves what was heard before', () => {
  const origins = new Origins([{origin: id(1), counter: 5}])
  origins.hear(id(1), 6)
  origins.putBack(id(1), 5)
  expect(origins.counterOf(id(1))).toBe(5)
  origins.hear(id(2), 1)
  origins.putBack(id(2), undefined)
  expect(origins.all()).toEqual([{origin: id(1), counter: 5}])
})

test('of more than 10,000 the oldest are forgotten, however they came', () => {
  const origins = new Origins()
  for (let number = 1; number <= 11_001; number += 1) {
    origins.hear(id(number), number)
    origins.hear(id(1), number)
  }
  expect(origins.size).toBe(10_000)
  expect(origins.counterOf(id(2))).toBeUndefined()
  expect(origins.counterOf(id(1))).toBe(11_001)
  expect(origins.counterOf(id(11_001))).toBe(11_001)
  origins.hear(id(20_000), 1)
  expect(origins.all()).toHaveLength(10_000)
  expect(origins.all().at(-1)).toEqual({origin: id(20_000), counter: 1})
})
