/** Faults of the pool store: no message may feel them. */
import {openPoolStore} from '../pool/open-pool-store.js'
import type {PoolStore} from '../pool/pool-store.js'
import {WsmeshError} from '../util/errors.js'
import type {Drill, DrillContext, DrillPromise} from './drill.js'
import {WITHIN} from './limits.js'

const NOBODY_FEELS_IT: DrillPromise = {
  firstMs: WITHIN.deathMs, isAnswered: true, masterChangesMax: 0,
}

export const storeDown: Drill = {
  name: 'store-down',
  fault: 'the pool store is out of reach for a while',
  promise: NOBODY_FEELS_IT,
  holdMs: [60_000, 4000],
  breaksStore: true,
  async run(context) {
    const {store, strike, hold} = context
    await strike([])
    await store.down()
    await hold()
    await isMet(context)
    await store.up()
  },
}

export const storeFrozen: Drill = {
  name: 'store-frozen',
  fault: 'the database server stands still (SIGSTOP): it takes connections and says nothing',
  promise: NOBODY_FEELS_IT,
  holdMs: [30_000, 4000],
  store: 'own-mariadb',
  async run(context) {
    const {store, strike, hold} = context
    await strike([])
    await store.freeze()
    await hold()
    await isMet(context)
    await store.up()
  },
}

export const storeSlow: Drill = {
  name: 'store-slow',
  fault: 'every answer of the pool store takes 1.5 s',
  promise: NOBODY_FEELS_IT,
  holdMs: [30_000, 4000],
  breaksStore: true,
  hasInnerFaults: true,
  async run({mesh, store, strike, hold}) {
    await strike([])
    await store.slow(mesh)
    await hold()
    await store.up()
  },
}

export const storeWipe: Drill = {
  name: 'store-wipe',
  fault: 'everything in the pool store is deleted',
  promise: NOBODY_FEELS_IT,
  holdMs: [10_000, 1000],
  async run(context) {
    const {mesh, store, strike, hold, expect, sleep, nats} = context
    await strike([])
    await store.wipe()
    await sleep(HEARTBEATS_MS)
    const {WSMESH_POOL: url = '', WSMESH_POOL_PREFIX: prefix} = store.env
    const pool = await openPoolStore({url, dataDir: '/', ...(prefix !== undefined && {prefix})})
    try {
      await expect('all nodes and the lease to be in the pool again, two heartbeats later', () =>
        isWhole(pool, mesh.places.length, nats === undefined))
    } finally {
      await pool.close()
    }
    await hold()
  },
}

/** "Whole within two heartbeats", a second each. */
const HEARTBEATS_MS = 2000

/** On NATS nobody holds the lease unless there is an outbox. */
async function isWhole(pool: PoolStore, nodes: number, hasMaster: boolean): Promise<boolean> {
  try {
    const [members, lease] = [await pool.list(), await pool.readLease()]
    return members.length === nodes && (lease?.holder !== undefined || !hasMaster)
  } catch (error) {
    if (error instanceof WsmeshError) return false
    throw error
  }
}

/** A fault that nobody met proves nothing. */
async function isMet({mesh, expect}: DrillContext): Promise<void> {
  await expect('every node to meet failures of the store', async () => {
    const looks = await mesh.look()
    return looks.every((look) => (look?.counters['storeFailures'] ?? 0) > 0)
  })
}
