/**
 * A process of its own at a pool, from the build: `node pool-racer.mjs URL WINS [ID]` joins, says
 * "joined ORDER", and swaps the lease until it won WINS times, each adding one to its term. Then it
 * leaves its store open and must end by itself all the same.
 */
import process from 'node:process'
import {openPoolStore} from '../../dist/lib/pool/open-pool-store.js'

const [url, wins, id] = process.argv.slice(2)
const store = await openPoolStore({url, dataDir: '.', timeoutMs: 10_000})
await store.init()
if (id) {
  const info = {id, url: 'ws://x', clientUrl: 'ws://x', version: '1', pid: process.pid}
  console.log(`joined ${await store.join(info)}`)
}
for (let won = 0; won < Number(wins);) {
  const lease = await store.readLease()
  if (!lease) continue
  const {term, version} = lease
  if (await store.swapLease(lease, {...lease, term: term + 1, version: version + 1})) won += 1
}
