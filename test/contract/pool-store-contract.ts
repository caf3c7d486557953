/** What every pool store must do: each adapter's test runs this suite over itself. */
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import type {Lease, MemberInfo} from '../../src/lib/mesh/membership.js'
import type {PoolStore} from '../../src/lib/pool/pool-store.js'
import {nodeId} from '../../src/lib/util/brand.js'

export interface PoolUnderTest {
  /** Another handle to the same pool, as another process would have. Not initialised. */
  open(): Promise<PoolStore>
  /** Drops tables or file under the open handles. */
  wipe(): Promise<void>
  /** Closes all handles and removes the pool. */
  dispose(): Promise<void>
}

export function memberInfo(name: string, more: Partial<MemberInfo> = {}): MemberInfo {
  return {
    id: nodeId(name),
    url: `ws://127.0.0.1:1/${name}`,
    clientUrl: `ws://127.0.0.1:1/${name}/clients`,
    version: '1.2.3',
    pid: 42,
    ...more,
  }
}

export function leaseOf(lease: Partial<Lease> = {}): Lease {
  return {epoch: 'abc', term: 1, version: 1, holder: undefined, view: [], ...lease}
}

/** The code that each call was rejected with; 'done' for one that was not. */
export async function codesOf(calls: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
  return (await Promise.allSettled(calls)).map((end) => (
    end.status === 'fulfilled' ? 'done' : (end.reason as {code?: unknown}).code ?? end.reason
  ))
}

/** How many claims race. */
const RACES = 1000

export function runPoolStoreContract(name: string, setup: () => Promise<PoolUnderTest>): void {
  describe(`pool store contract: ${name}`, () => {
    let pool: PoolUnderTest
    let store: PoolStore

    beforeEach(async () => {
      pool = await setup()
      store = await pool.open()
    })

    afterEach(async () => {
      await pool.dispose()
    })

    const other = async (): Promise<PoolStore> => pool.open()

    /** What the store holds after init, as a stamp to swap against. */
    async function begin(): Promise<Lease> {
      await store.init()
      const lease = await store.readLease()
      if (!lease) throw new Error('init left no lease row')
      return lease
    }

    describe('members', () => {
      test('a store that was never made is empty, and reading does not make it', async () => {
        expect(await store.list()).toEqual([])
        expect(await store.readLease()).toBeUndefined()
        expect(await store.heartbeat(nodeId('a'))).toBe(false)
        await store.remove(nodeId('a'))
        await store.init()
        expect(await store.readLease()).toBeDefined()
      })

      test('are listed as they joined, in join order, whatever their ids', async () => {
        await store.init()
        const orders: number[] = []
        for (const id of ['m', 'z', 'a']) orders.push(await store.join(memberInfo(id)))
        expect(orders).toEqual([...orders].toSorted((one, two) => one - two))
        expect(new Set(orders).size).toBe(3)
        expect(await store.list()).toEqual(['m', 'z', 'a'].map((id, index) => ({
          ...memberInfo(id), order: orders[index], beat: 0,
        })))
      })

      test('that join again keep row, order and beat, and have the new info', async () => {
        await store.init()
        const first = await store.join(memberInfo('a'))
        await store.join(memberInfo('b'))
        await store.heartbeat(nodeId('a'))
        const info = memberInfo('a', {url: 'ws://new', clientUrl: 'wss://x', version: '2', pid: 7})
        expect(await (await other()).join(info)).toBe(first)
        const [member] = await store.list()
        expect(member).toEqual({...info, order: first, beat: 1})
        expect(await store.join(memberInfo('c'))).toBeGreaterThan(first + 1)
      })

      test('that left and join again come last', async () => {
        await store.init()
        await store.join(memberInfo('a'))
        const second = await store.join(memberInfo('b'))
        await store.remove(nodeId('a'))
        expect(await store.join(memberInfo('a'))).toBeGreaterThan(second)
        expect((await store.list()).map(({id}) => id)).toEqual(['b', 'a'])
      })

      test('that were the last to join and left do not leave their order to the next', async () => {
        await store.init()
        await store.join(memberInfo('a'))
        const second = await store.join(memberInfo('b'))
        await store.remove(nodeId('b'))
        expect(await store.join(memberInfo('c'))).toBeGreaterThan(second)
      })

      test('beat one by one, each its own', async () => {
        await store.init()
        await store.join(memberInfo('a'))
        await store.join(memberInfo('b'))
        const handle = await other()
        expect(await store.heartbeat(nodeId('a'))).toBe(true)
        expect(await handle.heartbeat(nodeId('a'))).toBe(true)
        expect((await store.list()).map(({beat}) => beat)).toEqual([2, 0])
      })

      test('without a row are told so by their heartbeat', async () => {
        await store.init()
        await store.join(memberInfo('a'))
        expect(await store.heartbeat(nodeId('b'))).toBe(false)
        await (await other()).remove(nodeId('a'))
        expect(await store.heartbeat(nodeId('a'))).toBe(false)
      })

      test('that nobody knows can be removed', async () => {
        await store.init()
        await store.join(memberInfo('a'))
        await store.remove(nodeId('b'))
        await store.remove(nodeId('b'))
        expect(await store.list()).toHaveLength(1)
      })

      test('have ids that are compared as they are written', async () => {
        await store.init()
        const ids = ['a', 'a-', '0', '00', 'a'.repeat(32)]
        for (const id of ids) await store.join(memberInfo(id))
        expect((await store.list()).map(({id}) => id)).toEqual(ids)
      })

      test('may fill their columns and not more', async () => {
        await store.init()
        const full = {
          url: `ws://${'u'.repeat(250)}`, clientUrl: `ws://${'c'.repeat(250)}`,
          version: 'v'.repeat(32), pid: 4_194_304,
        }
        await store.join(memberInfo('a', full))
        expect(await store.list()).toMatchObject([full])
        const wides = [{url: `${full.url}u`}, {clientUrl: 'ws://ö'}, {version: 'v'.repeat(33)}]
        for (const wide of wides) {
          await expect(store.join(memberInfo('b', wide))).rejects.toMatchObject({
            code: 'CONFIG_INVALID',
          })
        }
      })

      test('of many handles that join at once each have a row and an order', async () => {
        await store.init()
        const handles = await Promise.all(Array.from({length: 5}, other))
        const orders = await Promise.all(handles.flatMap((handle, index) => (
          ['a', 'b'].map((letter) => handle.join(memberInfo(`${letter}${index}`)))
        )))
        expect(new Set(orders).size).toBe(10)
        const listed = await store.list()
        expect(listed.map(({order}) => order)).toEqual(orders.toSorted((one, two) => one - two))
      })
    })

    describe('lease', () => {
      test('begins with term 0, no holder and a random epoch, once', async () => {
        const lease = await begin()
        expect(lease).toMatchObject({term: 0, holder: undefined, view: []})
        expect(lease.epoch).toMatch(/^[a-z0-9]{8,16}$/)
        await store.init()
        await (await other()).init()
        expect(await store.readLease()).toEqual(lease)
      })

      test('begins as one when many handles begin at once', async () => {
        const handles = await Promise.all(Array.from({length: 8}, other))
        const leases = await Promise.all(handles.map(async (handle) => {
          await handle.init()
          return handle.readLease()
        }))
        expect(leases[0]).toBeDefined()
        for (const lease of leases) expect(lease).toEqual(leases[0])
      })

      test('is read as it was written', async () => {
        const first = await begin()
        const view = ['a', 'b'].map((id) => ({id: nodeId(id), url: `ws://[::1]:80/"'\\?x=${id}`}))
        const next = leaseOf({
          epoch: first.epoch, term: 123_456_789_012_345, version: 9_007_199_254_740_991,
          holder: nodeId('a'), view,
        })
        expect(await store.swapLease(first, next)).toBe(true)
        expect(await (await other()).readLease()).toEqual(next)
      })

      test('holds a view of a thousand members', async () => {
        const first = await begin()
        const view = Array.from({length: 1000}, (_, index) => ({
          id: nodeId(`n${index}`), url: `ws://${'u'.repeat(250)}`,
        }))
        expect(await store.swapLease(first, {...first, version: 1, view})).toBe(true)
        expect((await store.readLease())?.view).toEqual(view)
      })

      test('is swapped only against what is there: epoch, term and version', async () => {
        const first = await begin()
        const second = {...first, version: first.version + 1, holder: nodeId('a')}
        expect(await store.swapLease(first, second)).toBe(true)
        const wrong = [
          first,
          {...second, epoch: 'other'},
          {...second, term: second.term + 1},
          {...second, version: second.version + 1},
        ]
        for (const expected of wrong) {
          const next = leaseOf({term: 99, holder: nodeId('b')})
          expect(await store.swapLease(expected, next)).toBe(false)
        }
        expect(await store.readLease()).toEqual(second)
      })

      test('may be rewritten under another epoch and a lower term', async () => {
        const first = await begin()
        const high = leaseOf({epoch: first.epoch, term: 7, version: 70, holder: nodeId('a')})
        const low = leaseOf({epoch: 'other', term: 1, version: 1})
        expect(await store.swapLease(first, high)).toBe(true)
        expect(await store.swapLease(high, low)).toBe(true)
        expect(await store.readLease()).toEqual(low)
      })

      test('without a row is written only by who expects none, and by one of them', async () => {
        const first = await begin()
        expect(await store.swapLease(undefined, leaseOf())).toBe(false)
        expect(await store.readLease()).toEqual(first)
        await pool.wipe()
        expect(await store.swapLease(first, {...first, version: 5})).toBe(false)
        expect(await store.readLease()).toBeUndefined()
        const handles = [store, await other(), await other()]
        const wins = await Promise.all(handles.map((handle, index) => (
          handle.swapLease(undefined, leaseOf({epoch: `e${index}`}))
        )))
        expect(wins.filter(Boolean)).toHaveLength(1)
        expect(await store.readLease()).toEqual(leaseOf({epoch: `e${wins.indexOf(true)}`}))
      })

      test('refuses a swap that would leave its stamp as it is', async () => {
        const first = await begin()
        const same = {...first, holder: nodeId('a')}
        await expect(store.swapLease(first, same)).rejects.toThrow('stamp')
      })

      test(`of ${RACES} races between two handles each has one winner`, async () => {
        let stored = await begin()
        const handles = [
          {handle: store, id: nodeId('a')},
          {handle: await other(), id: nodeId('b')},
        ]
        const wins = {a: 0, b: 0}
        for (let race = 0; race < RACES; race += 1) {
          const expected = stored
          // Each writes a version of its own: only what is compared, not what is written, decides.
          const claims = await Promise.all(handles.map(async ({handle, id}, index) => {
            const next = leaseOf({
              epoch: expected.epoch, term: race + 1, holder: id,
              version: expected.version + 1 + index,
            })
            return {next, won: await handle.swapLease(expected, next)}
          }))
          const winners = claims.filter(({won}) => won)
          expect(winners).toHaveLength(1)
          const [winner] = winners as [typeof claims[number]]
          const lease = await handles[race % 2]?.handle.readLease()
          expect(lease).toEqual(winner.next)
          stored = winner.next
          wins[stored.holder as 'a' | 'b'] += 1
        }
        expect(wins.a + wins.b).toBe(RACES)
      }, 60_000)

      test('ends a race of many handles that each count to fifty at their sum', async () => {
        await begin()
        const handles = await Promise.all(Array.from({length: 4}, other))
        await Promise.all(handles.map(async (handle) => {
          for (let wins = 0; wins < 50;) {
            const lease = await handle.readLease()
            if (!lease) throw new Error('the lease row vanished')
            if (await handle.swapLease(lease, {...lease, version: lease.version + 1})) wins += 1
          }
        }))
        expect((await store.readLease())?.version).toBe(200)
      }, 60_000)
    })

    describe('wiped', () => {
      test('is empty, and whole again after joins; the lease stays missing', async () => {
        await begin()
        await store.join(memberInfo('a'))
        const handle = await other()
        await handle.join(memberInfo('b'))
        await pool.wipe()
        expect(await store.list()).toEqual([])
        expect(await store.heartbeat(nodeId('a'))).toBe(false)
        await Promise.all([store.join(memberInfo('a')), handle.join(memberInfo('b'))])
        expect((await store.list()).map(({id}) => id).toSorted()).toEqual(['a', 'b'])
        // Nobody began this mesh: its holder writes the row again, others wait for that.
        expect(await handle.readLease()).toBeUndefined()
        await (await other()).init()
        expect(await handle.readLease()).toBeUndefined()
      })

      test('before anybody joined again begins anew by init', async () => {
        const first = await begin()
        await pool.wipe()
        await (await other()).init()
        const lease = await store.readLease()
        expect(lease).toMatchObject({term: 0, holder: undefined})
        expect(lease?.epoch).not.toBe(first.epoch)
      })
    })

    describe('closed', () => {
      test('rejects calls that wait and later ones, and may be closed twice', async () => {
        await store.init()
        const waiting = store.list().then(() => 'answered', (error: unknown) => error)
        await store.close()
        await store.close()
        expect(await waiting).toSatisfy((end) => (
          end === 'answered' || (end as {code?: unknown}).code === 'POOL_UNREACHABLE'
        ))
        await expect(store.list()).rejects.toMatchObject({code: 'POOL_UNREACHABLE'})
        await expect(store.join(memberInfo('a'))).rejects.toMatchObject({code: 'POOL_UNREACHABLE'})
      })

      test('before its first call is closed', async () => {
        await store.close()
        await expect(store.readLease()).rejects.toMatchObject({code: 'POOL_UNREACHABLE'})
      })
    })
  })
}
