/** Faults of the pool store: no message may feel them. */
import type {Drill} from './drill.js'
import {WITHIN} from './limits.js'

/** "Whole within two heartbeats", a second each, and the time to look. */
const WHOLE_AGAIN_MS = 3000

export const storeDown: Drill = {
  name: 'store-down',
  fault: 'the pool store is out of reach for a while',
  promise: {firstMs: WITHIN.deathMs, isAnswered: true, masterChangesMax: 0},
  holdMs: [60_000, 5000],
  async run({mesh, store, strike, sleep, holdMs, broken}) {
    strike([])
    await store.down()
    await sleep(holdMs)
    // A fault that nobody met proves nothing.
    for (const look of await mesh.look()) {
      const failures = Number(look?.counters['storeFailures'] ?? 0)
      if (failures === 0) broken(`node ${look?.place.name ?? '?'} met no failure of the store`)
    }
    await store.up()
  },
}

export const storeWipe: Drill = {
  name: 'store-wipe',
  fault: 'everything in the pool store is deleted',
  promise: {firstMs: WITHIN.deathMs, isAnswered: true, masterChangesMax: 0},
  holdMs: [10_000, 3000],
  async run({store, strike, sleep, holdMs}) {
    strike([])
    await store.wipe()
    await sleep(Math.max(holdMs, WHOLE_AGAIN_MS))
  },
}

export const storeSlow: Drill = {
  name: 'store-slow',
  fault: 'every write to the pool store takes 1.5 s',
  promise: {firstMs: WITHIN.deathMs, isAnswered: true, masterChangesMax: 0},
  holdMs: [30_000, 5000],
  async run({store, strike, sleep, holdMs}) {
    strike([])
    await store.slow()
    await sleep(holdMs)
    await store.up()
  },
}
