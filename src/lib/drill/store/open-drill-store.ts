/** Opens the pool store of a drill. */
import {unreachable} from '../../util/assert.js'
import {parsePoolUrl} from '../../pool/pool-url.js'
import type {DrillStore} from './drill-store.js'
import {EmbeddedStore} from './embedded-store.js'
import {MysqlStore} from './mysql-store.js'
import {OwnMariadb} from './own-mariadb.js'

export interface OpenStoreOptions {
  /** Undefined: the embedded pool, in a file of the folder. */
  readonly url: string | undefined
  readonly ownMariadb: boolean
  readonly folder: string
  /** Where nodes reach a proxy before the database, where there has to be one. */
  readonly proxyHost: string | undefined
}

export async function openDrillStore(options: OpenStoreOptions): Promise<DrillStore> {
  const {url, ownMariadb, folder, proxyHost} = options
  if (ownMariadb) return OwnMariadb.open(folder)
  if (url === undefined) return EmbeddedStore.open(folder)
  const address = parsePoolUrl(url, folder)
  switch (address.type) {
    case 'sqlite':
      return EmbeddedStore.open(folder)
    case 'mysql':
      return MysqlStore.open({url, address, folder, proxyHost})
    default:
      return unreachable(address)
  }
}
