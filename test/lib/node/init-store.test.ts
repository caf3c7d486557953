import {expect, it} from 'vitest'
import {initStore} from '../../../src/lib/node/init-store.js'
import {silentLog} from '../../../src/lib/node/log.js'
import type {PoolStore} from '../../../src/lib/pool/pool-store.js'
import {WsmeshError, type ErrorCode} from '../../../src/lib/util/errors.js'

const unused = () => Promise.reject(new Error('not asked for here'))

/** Fails as often as told, then answers. */
function storeThat(fails: number, code: ErrorCode): {readonly store: PoolStore; calls: number} {
  const bench = {
    calls: 0,
    store: {
      label: 'test:', join: unused, heartbeat: unused, list: unused, readLease: unused,
      swapLease: unused, remove: unused, close: unused,
      init: async () => {
        bench.calls += 1
        if (bench.calls <= fails) throw new WsmeshError(code, `failure ${bench.calls}`)
        return Promise.resolve()
      },
    },
  }
  return bench
}

it('a pool that does not answer is asked three times', async () => {
  const bench = storeThat(2, 'POOL_UNREACHABLE')
  await initStore(bench.store, silentLog)
  expect(bench.calls).toBe(3)
})

it('then it is given up, with what the last try met', async () => {
  const bench = storeThat(9, 'POOL_UNREACHABLE')
  await expect(initStore(bench.store, silentLog)).rejects.toThrow('failure 3')
  expect(bench.calls).toBe(3)
})

it('what is wrong, not slow, is told at once', async () => {
  const bench = storeThat(9, 'CONFIG_INVALID')
  await expect(initStore(bench.store, silentLog)).rejects.toThrow('failure 1')
})
