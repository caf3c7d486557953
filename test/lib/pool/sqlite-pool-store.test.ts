import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openPoolStore} from '../../../src/lib/pool/open-pool-store.js'
import type {PoolStore} from '../../../src/lib/pool/pool-store.js'
import {runPoolStoreContract} from '../../contract/pool-store-contract.js'
import {assertBuilt} from '../../helpers/built.js'

assertBuilt('lib/pool')

runPoolStoreContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-pool-'))
  const stores: PoolStore[] = []
  return {
    async open() {
      const store = await openPoolStore({url: 'sqlite:', dataDir: folder})
      stores.push(store)
      return store
    },
    async wipe() {
      await rm(join(folder, 'pool.db'))
    },
    async dispose() {
      await Promise.all(stores.map((store) => store.close()))
      await rm(folder, {recursive: true})
    },
  }
})
