import {describe, expect, it} from 'vitest'
import type {Verdict} from '../../../src/lib/auth/authenticator.js'
import {VerdictCache} from '../../../src/lib/auth/verdict-cache.js'

function known(user: string, expiresAtMs = Number.POSITIVE_INFINITY): Verdict {
  const claims = {user, groups: [], session: `s-${user}`, language: undefined, properties: {}}
  return {type: 'known', claims, expiresAtMs, isLive: true}
}

class Bench {
  nowMs = 0
  asked = 0
  readonly cache: VerdictCache

  constructor(ttlMs = 5000, entriesMax = 100) {
    const now = (): number => this.nowMs
    this.cache = new VerdictCache({ttlMs, entriesMax, now, wallClock: now})
  }

  get(key: string, verdict: Verdict | Promise<Verdict> = known(key)): Promise<Verdict> {
    return this.cache.get([key], async () => {
      this.asked += 1
      return verdict
    })
  }
}

describe('a cache of verdicts', () => {
  it('answers again for a while, then asks', async () => {
    const bench = new Bench()
    await bench.get('42')
    bench.nowMs = 4999
    expect(await bench.get('42')).toEqual(known('42'))
    expect(bench.asked).toBe(1)
    bench.nowMs = 5000
    await bench.get('42')
    expect(bench.asked).toBe(2)
  })

  it('asks once for all who ask at the same time, also when it keeps nothing', async () => {
    const bench = new Bench(0)
    await Promise.all([bench.get('42'), bench.get('42'), bench.get('42')])
    expect(bench.asked).toBe(1)
    await bench.get('42')
    expect(bench.asked).toBe(2)
    expect(bench.cache.size).toBe(0)
  })

  it('keeps no session past its end', async () => {
    const bench = new Bench()
    await bench.get('42', known('42', 1000))
    bench.nowMs = 1000
    await bench.get('42')
    expect(bench.asked).toBe(2)
  })

  it.each<Verdict>([
    {type: 'refused', status: 403, reason: 'no'},
    {type: 'unavailable', reason: 'away'},
    {type: 'not-mine'},
  ])('keeps no $type', async (verdict) => {
    const bench = new Bench()
    await bench.get('42', verdict)
    await bench.get('42')
    expect(bench.asked).toBe(2)
  })

  it('tells what differs in any part apart', async () => {
    const bench = new Bench()
    const asked: string[] = []
    for (const given of [['a', 'b'], ['ab', undefined], ['a', undefined], [undefined, 'a']]) {
      await bench.cache.get(given, async () => {
        asked.push(String(given))
        return known('42')
      })
    }
    expect(asked).toHaveLength(4)
  })

  it('holds so many, the newest', async () => {
    const bench = new Bench(5000, 3)
    for (const user of ['1', '2', '3', '4']) await bench.get(user)
    expect(bench.cache.size).toBe(3)
    await bench.get('4')
    expect(bench.asked).toBe(4)
    await bench.get('1')
    expect(bench.asked).toBe(5)
  })

  it('forgets whom it is told to, and no other', async () => {
    const bench = new Bench()
    await bench.get('42')
    await bench.get('7')
    bench.cache.forget(({session}) => session === 's-42')
    await bench.get('7')
    expect(bench.asked).toBe(2)
    await bench.get('42')
    expect(bench.asked).toBe(3)
  })

  it('neither keeps nor shares an answer that was on its way when it had to forget', async () => {
    const bench = new Bench()
    const answers: ((verdict: Verdict) => void)[] = []
    const first = bench.get('42', new Promise((resolve) => answers.push(resolve)))
    bench.cache.forget(() => false)
    const second = bench.get('42', {type: 'refused', status: 403, reason: 'logged out'})
    expect((await second).type).toBe('refused')
    answers[0]?.(known('42'))
    expect((await first).type).toBe('known')
    expect(bench.cache.size).toBe(0)
  })
})
