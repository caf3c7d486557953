import {afterAll, beforeAll} from 'vitest'
import {openPoolStore} from '../../../src/lib/pool/open-pool-store.js'
import type {PoolStore} from '../../../src/lib/pool/pool-store.js'
import {runPoolStoreContract} from '../../contract/pool-store-contract.js'
import {startMariadb} from '../../helpers/mariadb.js'
import type {Mariadb} from '../../helpers/mariadb.js'

let server: Mariadb
let pools = 0

beforeAll(async () => {
  server = await startMariadb()
}, 60_000)

afterAll(async () => {
  await server.stop()
})

for (const engine of ['memory', 'innodb']) {
  runPoolStoreContract(`mysql, members in ${engine}`, async () => {
    pools += 1
    const prefix = `t${pools}_`
    const stores: PoolStore[] = []
    return {
      async open() {
        const url = `${server.url}?engine=${engine}`
        const store = await openPoolStore({url, prefix, dataDir: '/nowhere'})
        stores.push(store)
        return store
      },
      async wipe() {
        await server.exec(`DROP TABLE mesh.${prefix}members, mesh.${prefix}lease`)
      },
      async dispose() {
        await Promise.all(stores.map((store) => store.close()))
      },
    }
  })
}
