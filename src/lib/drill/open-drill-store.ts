/** Opens the pool store of a drill. */
import {randomBytes} from 'node:crypto'
import {unreachable} from '../util/assert.js'
import {parsePoolUrl} from '../pool/pool-url.js'
import type {DrillStore} from './drill-store.js'
import {EmbeddedStore} from './embedded-store.js'
import {MysqlStore} from './mysql-store.js'

/** Of tables in a database that others use too. */
export function drillPrefix(): string {
  return `wsmesh_drill_${randomBytes(4).toString('hex')}_`
}

/** Without a URL: the embedded pool, in a file of the folder. */
export async function openDrillStore(url: string | undefined, folder: string): Promise<DrillStore> {
  if (url === undefined) return EmbeddedStore.open(folder)
  const address = parsePoolUrl(url, folder)
  switch (address.type) {
    case 'sqlite':
      return EmbeddedStore.open(folder)
    case 'mysql':
      return MysqlStore.open(url, address, drillPrefix())
    default:
      return unreachable(address)
  }
}
