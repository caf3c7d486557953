import type {PoolStore} from '../pool/pool-store.js'
import {WsmeshError} from '../util/errors.js'
import type {Log} from './log.js'

/** A machine that starts many nodes at once may be too slow for the first answers. */
const TRIES = 3

/**
 * Opens the pool for a node that starts. A pool that cannot be reached is asked three times before
 * the node gives up: one that refuses fails within an instant, one that is slow gets three times
 * the limit of a call. Rejects with what the last try met.
 */
export async function initStore(store: PoolStore, log: Log): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await store.init()
    } catch (error) {
      const isUnreachable = error instanceof WsmeshError && error.code === 'POOL_UNREACHABLE'
      if (!isUnreachable || tries === TRIES) throw error
      log.debug('The pool store did not answer, it is asked again', {pool: store.label, tries})
    }
  }
}
