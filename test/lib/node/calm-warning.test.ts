import {afterEach, beforeEach, expect, it, vi} from 'vitest'
import {CALM_MS, CalmWarning} from '../../../src/lib/node/calm-warning.js'
import {silentLog} from '../../../src/lib/node/log.js'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

it('says a flood once in a second, with how many were left out', () => {
  const said: unknown[] = []
  const log = {...silentLog, warn: (...line: unknown[]) => void said.push(line)}
  const warning = new CalmWarning(log)
  for (let n = 1; n <= 1000; n += 1) warning.warn('Turned away', {n})
  expect(said.splice(0)).toEqual([['Turned away', {n: 1}]])
  vi.advanceTimersByTime(CALM_MS)
  expect(said.splice(0)).toEqual([['Turned away', {n: 1000, leftOut: 998}]])
  warning.warn('Turned away', {n: 1001})
  vi.advanceTimersByTime(CALM_MS)
  expect(said.splice(0)).toEqual([['Turned away', {n: 1001}]])
  vi.advanceTimersByTime(CALM_MS)
  warning.warn('Turned away', {n: 1002})
  expect(said).toEqual([['Turned away', {n: 1002}]])
})

it('says errors as errors', () => {
  const said: unknown[] = []
  const log = {...silentLog, error: (...line: unknown[]) => void said.push(line)}
  const warning = new CalmWarning(log)
  for (let n = 1; n <= 1000; n += 1) warning.error('Failed', {n})
  vi.advanceTimersByTime(CALM_MS)
  expect(said).toEqual([['Failed', {n: 1}], ['Failed', {n: 1000, leftOut: 998}]])
})
