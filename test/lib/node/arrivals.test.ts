import {describe, expect, it} from 'vitest'
import {Arrivals} from '../../../src/lib/node/arrivals.js'
import {Counters} from '../../../src/lib/node/counters.js'

/** A crowd at a node that lets in so many a second, by a clock of its own. */
class Crowd {
  readonly counters = new Counters()
  readonly in: number[] = []
  readonly #arrivals: Arrivals
  /** The node takes nobody. */
  isClosed = false
  #nowMs = 0
  #last = 0

  constructor(perSecond: number) {
    this.#arrivals = new Arrivals(perSecond, this.counters, () => this.#nowMs, () => this.isClosed)
  }

  /** Undefined: it does not wait. Else what takes its place back. */
  come(): (() => void) | undefined {
    this.#last += 1
    const number = this.#last
    const enter = (): void => void this.in.push(number)
    const arrival = this.#arrivals.come()
    if (arrival === 'now') enter()
    return arrival === 'wait' ? this.#arrivals.wait(enter) : undefined
  }

  /** How many were let in within this time, looked at every 10 ms. */
  pass(ms: number): number {
    const before = this.in.length
    for (let passedMs = 0; passedMs < ms; passedMs += 10) {
      this.#nowMs += 10
      this.#arrivals.turn()
    }
    return this.in.length - before
  }

  /** Nothing is done meanwhile. */
  hold(ms: number): void {
    this.#nowMs += ms
  }

  get waiting(): number {
    return this.#arrivals.waiting
  }
}

function crowdOf(count: number, perSecond: number): Crowd {
  const crowd = new Crowd(perSecond)
  for (let i = 0; i < count; i += 1) crowd.come()
  return crowd
}

/** Of so many in a row. */
function mostOf(counts: readonly number[], inARow: number): number {
  const sums = counts.map((_, i) => counts.slice(i, i + inARow).reduce((a, b) => a + b, 0))
  return Math.max(...sums)
}

describe('clients that come at once', () => {
  it('are let in one after the other, in their order, and never more in a second', () => {
    const crowd = crowdOf(3000, 1000)
    const atOnce = crowd.in.length
    const parts = [atOnce, ...Array.from({length: 35}, () => crowd.pass(100))]
    expect(atOnce).toBe(100)
    expect(mostOf(parts, 10)).toBeLessThanOrEqual(1000)
    expect(Math.min(...parts.slice(1, 30))).toBeGreaterThan(20)
    expect(crowd.in.length).toBe(3000)
    expect(crowd.in).toEqual(Array.from({length: 3000}, (_, i) => i + 1))
    expect(crowd.waiting).toBe(0)
    expect(crowd.counters.get('clientsDelayedPace')).toBe(2900)
    expect(crowd.counters.get('clientsRefusedPace')).toBe(0)
  })

  it('are caught up with when the process was held up, in no second more', () => {
    const crowd = crowdOf(3000, 1000)
    crowd.pass(500)
    crowd.hold(400)
    const parts = Array.from({length: 20}, () => crowd.pass(50))
    expect(mostOf(parts, 2)).toBeGreaterThan(200)
    expect(mostOf(parts, 20)).toBeLessThanOrEqual(1000)
    expect(crowd.in.length).toBe(1575)
  })

  it('are refused when more wait than are let in within 5 s', () => {
    const crowd = crowdOf(5200, 1000)
    expect(crowd.waiting).toBe(5000)
    expect(crowd.counters.get('clientsRefusedPace')).toBe(100)
  })

  it('give their place to the next when they go', () => {
    const crowd = crowdOf(100, 1000)
    const leave = crowd.come()
    crowd.come()
    leave?.()
    expect(crowd.pass(10)).toBe(1)
    expect(crowd.in.at(-1)).toBe(102)
    expect(crowd.waiting).toBe(0)
  })

  it('wait behind who came before, even if it could be their turn', () => {
    const crowd = crowdOf(10, 10)
    expect(crowd.in).toEqual([1])
    crowd.pass(200)
    expect(crowd.in).toEqual([1, 2])
    crowd.come()
    expect(crowd.in).toEqual([1, 2])
  })

  it('have their answer within half a second when the node takes nobody any more', () => {
    const crowd = crowdOf(5100, 1000)
    crowd.isClosed = true
    expect(crowd.pass(10)).toBe(100)
    expect(crowd.pass(490)).toBe(4900)
    expect(crowd.waiting).toBe(0)
    const slow = crowdOf(6, 1)
    slow.isClosed = true
    expect(slow.pass(50)).toBe(5)
  })

  it('wait for their turn again when it takes them again', () => {
    const crowd = crowdOf(3000, 1000)
    crowd.isClosed = true
    crowd.pass(10)
    crowd.isClosed = false
    expect(crowd.pass(1000)).toBeLessThanOrEqual(1000)
    expect(crowd.waiting).toBeGreaterThan(1700)
  })

  it('are all let in where there is no limit', () => {
    expect(crowdOf(10_000, 0).in).toHaveLength(10_000)
  })
})
