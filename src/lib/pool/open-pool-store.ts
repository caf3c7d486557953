import type {PoolStore} from './pool-store.js'
import {checkPoolPrefix, parsePoolUrl} from './pool-url.js'
import {unreachable} from '../util/assert.js'

export interface OpenPoolOptions {
  /** `sqlite:`, `sqlite:PATH` or `mysql://…`, see pool-url.ts. */
  readonly url: string
  /** Begins the name of every table, so that several meshes share one database. */
  readonly prefix?: string
  /** Where `sqlite:` alone keeps pool.db. */
  readonly dataDir: string
  /** A call of the store rejects after this. */
  readonly timeoutMs?: number
}

export const DEFAULT_POOL_PREFIX = 'wsmesh_'

/** Longer than any healthy answer, shorter than the lease: a reader learns in time. */
export const DEFAULT_POOL_TIMEOUT_MS = 2000

/**
 * The store that the URL names. Opens no file or connection yet: the first call does. Throws
 * POOL_URL_INVALID or CONFIG_INVALID (prefix). The drivers are heavy, so only the one is loaded.
 */
export async function openPoolStore(options: OpenPoolOptions): Promise<PoolStore> {
  const prefix = options.prefix ?? DEFAULT_POOL_PREFIX
  const timeoutMs = options.timeoutMs ?? DEFAULT_POOL_TIMEOUT_MS
  checkPoolPrefix(prefix)
  const address = parsePoolUrl(options.url, options.dataDir)
  switch (address.type) {
    case 'sqlite': {
      const {SqlitePoolStore} = await import('./sqlite/sqlite-pool-store.js')
      return new SqlitePoolStore(address, {prefix, timeoutMs})
    }
    case 'mysql': {
      const {MysqlPoolStore} = await import('./mysql/mysql-pool-store.js')
      return new MysqlPoolStore(address, {prefix, timeoutMs})
    }
    default:
      return unreachable(address)
  }
}
