/** How fast a node sends its clients away, and what it tells them; no real time passes. */
import {afterEach, beforeEach, expect, it, vi} from 'vitest'
import type {ClientRegistry} from '../../../../src/lib/node/client-registry.js'
import type {ClientConnection} from '../../../../src/lib/node/client-connection.js'
import {LeadAway} from '../../../../src/lib/node/leaving/lead-away.js'

beforeEach(() => vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout', 'performance']}))
afterEach(() => vi.useRealTimers())

interface Gone {
  readonly atMs: number
  readonly why: string
}

function crowd(size: number, connectsPerSecond = 0) {
  const gone: Gone[] = []
  const connections = new Set<{close(why: string, detail: string): void}>()
  for (let n = 0; n < size; n += 1) {
    const connection = {
      close(why: string, detail: string) {
        connections.delete(connection)
        gone.push({atMs: performance.now() - startMs, why: `${why}: ${detail}`})
      },
    }
    connections.add(connection)
  }
  const registry: Pick<ClientRegistry, 'size' | 'all'> = {
    get size() {
      return connections.size
    },
    all: () => connections.values() as unknown as Iterable<ClientConnection>,
  }
  const startMs = performance.now()
  const leadAway = new LeadAway({registry, connectsPerSecond, now: () => performance.now()})
  const run = async (overMs: number): Promise<number> => {
    const done = leadAway.run(overMs).then(() => performance.now() - startMs)
    await vi.advanceTimersByTimeAsync(3_600_000)
    return done
  }
  return {gone, leadAway, run}
}

it('many go evenly over the time that there is', async () => {
  const {gone, run} = crowd(1000)
  expect(await run(10_000)).toBe(9950)
  const bySecond = Array.from({length: 10}, (_, second) => (
    gone.filter(({atMs}) => Math.floor(atMs / 1000) === second).length
  ))
  for (const count of bySecond) expect(Math.abs(count - 100)).toBeLessThanOrEqual(1)
})

it('few do not take all of it, one takes none, and nobody is no wait', async () => {
  expect(await crowd(10).run(60_000)).toBe(150)
  expect(await crowd(1).run(60_000)).toBe(0)
  expect(await crowd(0).run(60_000)).toBe(0)
})

it('without time all go at once, in parts between which other work is done', async () => {
  const {gone, run} = crowd(1200)
  expect(await run(0)).toBe(100)
  expect([0, 50, 100].map((ms) => gone.filter(({atMs}) => atMs === ms).length))
    .toEqual([500, 500, 200])
})

it('a hurry ends the pace where it stands', async () => {
  const {gone, leadAway, run} = crowd(1000)
  setTimeout(() => leadAway.hurry(), 1001)
  expect(await run(100_000)).toBeLessThan(1200)
  expect(gone).toHaveLength(1000)
})

it('each is told to come elsewhere within what one node needs for all of them', async () => {
  const all = crowd(1000, 100)
  await all.run(0)
  expect(all.gone[0]?.why).toBe('drain: within 10000 ms')
  const slowly = crowd(1000, 100)
  await slowly.run(8000)
  expect(slowly.gone[0]?.why).toBe('drain: within 2000 ms')
  expect(slowly.gone.at(-1)?.why).toBe('drain: within 500 ms')
  const far = crowd(1000, 1)
  await far.run(0)
  expect(far.gone[0]?.why).toBe('drain: within 60000 ms')
})
