import {expect, test} from 'vitest'
import {Histogram} from '../../../src/lib/simulation/histogram.js'

function of(values: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const value of values) histogram.add(value)
  return histogram
}

function upTo(count: number): number[] {
  return Array.from({length: count}, (_, index) => index + 1)
}

test('no values have no percentiles', () => {
  expect(of([]).percentiles()).toBeNull()
})

test('a few values are told as they were, by nearest rank', () => {
  const all = {count: 100, p50: 50, p90: 90, p99: 99, max: 100}
  expect(of(upTo(100)).percentiles()).toEqual(all)
  expect(of(upTo(100).toReversed()).percentiles()).toEqual(all)
  expect(of([34.56]).percentiles()).toEqual({count: 1, p50: 34.6, p90: 34.6, p99: 34.6, max: 34.6})
})

test('many values are right to half a per cent, the largest exactly', () => {
  const {count, p50 = 0, p90 = 0, p99 = 0, max} = of(upTo(100_000)).percentiles() ?? {}
  expect({count, max}).toEqual({count: 100_000, max: 100_000})
  expect(Math.abs(p50 / 50_000 - 1)).toBeLessThan(0.006)
  expect(Math.abs(p90 / 90_000 - 1)).toBeLessThan(0.006)
  expect(Math.abs(p99 / 99_000 - 1)).toBeLessThan(0.006)
})

test('no time at all is a time', () => {
  expect(of([0, 0, 5]).percentiles()).toMatchObject({p50: 0, max: 5})
})
