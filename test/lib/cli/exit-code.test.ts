import {expect, test} from 'vitest'

import {EXIT, exitCodeOf, worseExit} from '../../../src/lib/cli/exit-code.js'

test.each([
  ['NODE_UNREACHABLE', 3],
  ['POOL_UNREACHABLE', 3],
  ['NODES_MISSING', 3],
  ['TIMED_OUT', 3],
  ['AUTH_REJECTED', 4],
  ['POOL_DENIED', 4],
  ['USAGE', 2],
  ['CONFIG_INVALID', 2],
  ['POOL_URL_INVALID', 2],
  ['RECEIPT_TIMED_OUT', 1],
] as const)('%s ends with %i', (code, exit) => {
  expect(exitCodeOf(code)).toBe(exit)
})

test.each([
  [0, 5, 5],
  [5, 2, 2],
  [2, 1, 1],
  [1, 4, 4],
  [4, 3, 3],
  [3, 0, 3],
  [70, 3, 70],
])('of %i and %i the worse is %i', (a, b, worse) => {
  expect(worseExit(a, b)).toBe(worse)
  expect(worseExit(b, a)).toBe(worse)
})

test('no status has two meanings', () => {
  const codes = Object.values(EXIT).map(({code}) => code)
  expect(new Set(codes).size).toBe(codes.length)
})
