import * as fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {formatDuration, parseDuration} from '../../../src/lib/util/duration.js'

describe('parseDuration', () => {
  it.each([
    ['0ms', 0],
    ['1ms', 1],
    ['250ms', 250],
    ['5s', 5000],
    ['1.5s', 1500],
    ['1m', 60_000],
    ['1m30s', 90_000],
    ['1h', 3_600_000],
    ['30d', 2_592_000_000],
    ['1d2h3m4s5ms', 93_784_005],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '5', 's', '5 s', '-5s', '5S', '5sec', '1e3s', '.5s', '5s ', '1,5s', 'Infinitys'])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )

  it('refuses what is no number any more', () => {
    expect(parseDuration(`${'9'.repeat(400)}s`)).toBeUndefined()
  })

  it('answers any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = parseDuration(text)
        if (ms !== undefined) expect(ms).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

describe('formatDuration', () => {
  it.each([
    [0, '0 ms'],
    [0.04, '0 ms'],
    [4.12, '4.1 ms'],
    [9.96, '10 ms'],
    [41.5, '42 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1000, '1 s'],
    [59_999, '59 s'],
    [200_000, '3 m 20 s'],
    [7_500_000, '2 h 5 m'],
    [273_600_000, '3 d 4 h'],
  ])('shows %d as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})
