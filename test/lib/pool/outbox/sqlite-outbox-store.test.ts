import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import Libsql from 'libsql'
import {openOutboxStore} from '../../../../src/lib/pool/outbox/open-outbox-store.js'
import type {OutboxStore} from '../../../../src/lib/pool/outbox/outbox-store.js'
import {runOutboxStoreContract} from '../../../contract/outbox-store-contract.js'
import {assertBuilt} from '../../../helpers/built.js'

assertBuilt('lib/pool')

runOutboxStoreContract('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-outbox-'))
  const stores: OutboxStore[] = []
  return {
    async open() {
      const store = await openOutboxStore({url: 'sqlite:', dataDir: folder, prefix: 't_'})
      stores.push(store)
      return store
    },
    async exec(sql) {
      const database = new Libsql(join(folder, 'pool.db'))
      database.exec('PRAGMA busy_timeout = 5000')
      database.exec(sql)
      database.close()
    },
    async dispose() {
      await Promise.all(stores.map((store) => store.close()))
      await rm(folder, {recursive: true})
    },
  }
})
