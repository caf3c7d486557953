import fc from 'fast-check'
import {describe, expect, it} from 'vitest'
import {Latency, LATENCY_BOUNDS_MS} from '../../../../src/lib/node/metrics/latency.js'

describe('latencies', () => {
  it('are read within a quarter of what they were, and never above the longest', () => {
    const times = fc.array(fc.double({min: 0.05, max: 90_000, noNaN: true}), {minLength: 1})
    fc.assert(
      fc.property(times, (all) => {
        const latency = new Latency()
        for (const ms of all) latency.note(ms)
        const sorted = all.toSorted((a, b) => a - b)
        const {p50Ms, p99Ms, maxMs, messages} = latency.reading()
        expect(messages).toBe(all.length)
        expect(Math.abs(maxMs - (sorted.at(-1) ?? 0))).toBeLessThan(0.001)
        for (const [share, read] of [[0.5, p50Ms], [0.99, p99Ms]] as const) {
          const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
          expect(Math.abs(read - exact)).toBeLessThanOrEqual(exact * 0.3 + 0.001)
          expect(read).toBeLessThanOrEqual(maxMs)
        }
      }),
      {numRuns: 200},
    )
  })

  it('of long ago are in the totals, not in the reading', () => {
    const latency = new Latency()
    latency.note(3, 10)
    latency.sample(5000)
    latency.note(300)
    expect(latency.reading()).toMatchObject({messages: 11, p50Ms: 2.885, maxMs: 300})
    latency.sample(9999)
    expect(latency.reading().messages).toBe(11)
    latency.sample(10_000)
    expect(latency.reading()).toMatchObject({messages: 1, maxMs: 300})
    latency.sample(15_000)
    expect(latency.reading()).toEqual({messages: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0})
    expect(latency.totals()).toMatchObject({count: 11, sumMs: 330})
  })

  it('are summed up to each bound', () => {
    const latency = new Latency()
    for (const ms of [0, 1, 1.0001, 2, 1e9]) latency.note(ms)
    const totals = latency.totals()
    const upTo = (ms: number): number => totals.atMost(LATENCY_BOUNDS_MS.indexOf(ms))
    expect([upTo(0.01), upTo(1), upTo(1.25), upTo(2), upTo(80_000), totals.count]).toEqual(
      [1, 2, 3, 4, 4, 5],
    )
  })

  it('have ascending bounds, with those of Prometheus among them', () => {
    expect(LATENCY_BOUNDS_MS).toEqual(LATENCY_BOUNDS_MS.toSorted((a, b) => a - b))
    expect(LATENCY_BOUNDS_MS).toEqual(expect.arrayContaining([0.1, 0.25, 0.5, 1, 2.5, 5, 10_000]))
  })
})
