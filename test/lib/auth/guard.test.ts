import {describe, expect, it} from 'vitest'
import {FAILURES_MAX, Guard, NotAsked, OPEN_MS, OPEN_MS_MAX} from '../../../src/lib/auth/guard.js'

/** Whatever is ready to go on has gone on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

interface Question {
  readonly resolve: (answer: string) => void
  readonly reject: (error: Error) => void
}

class Bench {
  nowMs = 0
  readonly told: string[] = []
  readonly asked: Question[] = []
  readonly guard: Guard

  constructor(atOnce = 2, waitingMax = 2) {
    this.guard = new Guard({
      atOnce,
      waitingMax,
      now: () => this.nowMs,
      onOpen: (error) => this.told.push(`open: ${String(error)}`),
      onClose: () => this.told.push('closed'),
    })
  }

  ask(): Promise<string> {
    const asking = this.guard.ask(
      () => new Promise<string>((resolve, reject) => this.asked.push({resolve, reject})),
    )
    // Looked at later: until then its failure is not unhandled.
    asking.catch(() => {})
    return asking
  }

  async fail(times: number): Promise<void> {
    for (let n = 0; n < times; n += 1) {
      const asking = this.ask()
      await turn()
      this.asked.at(-1)?.reject(new Error('away'))
      await asking.catch(() => {})
    }
  }
}

describe('a guard', () => {
  it('asks so many at once and keeps so many waiting, in order', async () => {
    const bench = new Bench()
    const all = [bench.ask(), bench.ask(), bench.ask(), bench.ask()]
    await expect(bench.ask()).rejects.toBeInstanceOf(NotAsked)
    expect(bench.asked).toHaveLength(2)
    bench.asked[1]?.resolve('b')
    expect(await all[1]).toBe('b')
    await turn()
    expect(bench.asked).toHaveLength(3)
    bench.asked[0]?.resolve('a')
    bench.asked[2]?.resolve('c')
    expect([await all[0], await all[2]]).toEqual(['a', 'c'])
    await turn()
    bench.asked[3]?.resolve('d')
    expect(await all[3]).toBe('d')
    expect(bench.told).toEqual([])
  })

  it('never asks more at once, whoever comes while others are let in', async () => {
    const bench = new Bench(1, 10)
    const all = [bench.ask(), bench.ask(), bench.ask()]
    await turn()
    bench.asked[0]?.resolve('a')
    await all[0]
    all.push(bench.ask())
    for (let n = 1; n < 4; n += 1) {
      await turn()
      expect(bench.asked).toHaveLength(n + 1)
      bench.asked[n]?.resolve('x')
      await all[n]
    }
  })

  it('stops asking what fails again and again, and says so once', async () => {
    const bench = new Bench()
    await bench.fail(FAILURES_MAX)
    await expect(bench.ask()).rejects.toBeInstanceOf(NotAsked)
    await expect(bench.ask()).rejects.toBeInstanceOf(NotAsked)
    expect(bench.asked).toHaveLength(FAILURES_MAX)
    expect(bench.told).toEqual(['open: Error: away'])
  })

  it('does not mind failures between answers', async () => {
    const bench = new Bench()
    for (let n = 0; n < 3; n += 1) {
      await bench.fail(FAILURES_MAX - 1)
      const asking = bench.ask()
      await turn()
      bench.asked.at(-1)?.resolve('yes')
      await asking
    }
    expect(bench.told).toEqual([])
  })

  it('turns away those that wait when it stops', async () => {
    const bench = new Bench(1, 10)
    await bench.fail(FAILURES_MAX - 1)
    const [asked, waiting] = [bench.ask(), bench.ask()]
    await turn()
    bench.asked.at(-1)?.reject(new Error('away'))
    await expect(asked).rejects.toThrow('away')
    await expect(waiting).rejects.toBeInstanceOf(NotAsked)
  })

  it('asks one question to see, and lets the others in when it is answered', async () => {
    const bench = new Bench()
    await bench.fail(FAILURES_MAX)
    bench.nowMs = OPEN_MS
    const [probe, other] = [bench.ask(), bench.ask()]
    await turn()
    expect(bench.asked).toHaveLength(FAILURES_MAX + 1)
    bench.asked.at(-1)?.resolve('back')
    expect(await probe).toBe('back')
    await turn()
    expect(bench.asked).toHaveLength(FAILURES_MAX + 2)
    bench.asked.at(-1)?.resolve('yes')
    expect(await other).toBe('yes')
    expect(bench.told.at(-1)).toBe('closed')
  })

  it('waits twice as long after each question that fails, up to a bound', async () => {
    const bench = new Bench()
    await bench.fail(FAILURES_MAX)
    const pauses: number[] = []
    for (let n = 0; n < 8; n += 1) {
      const since = bench.nowMs
      const before = bench.asked.length
      while (bench.asked.length === before) {
        bench.nowMs += 500
        const asking = bench.ask()
        await turn()
        bench.asked[before]?.reject(new Error('away'))
        await asking.catch(() => {})
      }
      pauses.push(bench.nowMs - since)
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, OPEN_MS_MAX, OPEN_MS_MAX, OPEN_MS_MAX])
    expect(bench.told).toHaveLength(1)
  })

  it('takes no word from questions of before it stopped', async () => {
    const bench = new Bench(FAILURES_MAX + 1, 10)
    const late = bench.ask()
    await turn()
    const [first] = bench.asked
    await bench.fail(FAILURES_MAX)
    first?.resolve('late')
    expect(await late).toBe('late')
    await expect(bench.ask()).rejects.toBeInstanceOf(NotAsked)
  })
})
