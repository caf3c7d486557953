/**
 * A rolling upgrade under load: a mesh of three nodes of an earlier commit, to which this program
 * publishes numbered messages while one node after the other, the master last, is led out
 * (`wsmesh node drain`, or SIGTERM where the node is too old for it) and its place taken by what is
 * built here, and with --back by the earlier one again. Clients are half of the earlier library,
 * half of this one. Fails unless every client got every number, once and in order, and every
 * message has its receipt.
 *
 *   npm run build && node bench/upgrade.mjs [--from HEAD~1] [--rate 200] [--clients 30] [--back]
 *
 * --quick: the earlier commit is compiled without checking its types again. --from-dir DIR: a wsmesh
 * that is built already, in place of a commit. --json for programs.
 */
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'
import {MeshAccess} from '../dist/lib/operator/mesh-access.js'
import {ResendingPublisher} from '../dist/lib/operator/resending-publisher.js'
import {buildOf, HERE, leadOut, Ledger, RollingMesh} from './upgrade-parts.mjs'

const {values} = parseArgs({
  options: {
    from: {type: 'string', default: 'HEAD~1'},
    'from-dir': {type: 'string'},
    rate: {type: 'string', default: '200'},
    clients: {type: 'string', default: '30'},
    back: {type: 'boolean', default: false},
    quick: {type: 'boolean', default: false},
    json: {type: 'boolean', default: false},
  },
})
const say = values.json ? () => {} : console.log
const rate = Number(values.rate)
const SIZE = 3

/** Publishes a number every so often, on an absolute schedule, until it is told to stop. */
function publishNumbers(publisher, ledger) {
  const startMs = performance.now()
  const timer = setInterval(() => {
    while (ledger.sent < ((performance.now() - startMs) * rate) / 1000) {
      const n = ledger.send()
      publisher
        .publish({action: 'n', details: [n], target: {user: ['42']}, messageId: `upgrade-${n}`})
        .then(() => ledger.receipt(n), (error) => ledger.refused(n, error))
    }
  }, 5)
  return () => clearInterval(timer)
}

const dir = values['from-dir']
const before = dir === undefined ? await buildOf(values.from, say, values.quick) : {dir, name: dir, end() {}}
const mesh = new RollingMesh()
let publisher
const ledger = new Ledger()
const steps = []
try {
  for (let i = 0; i < SIZE; i += 1) await mesh.start(before, i)
  await mesh.wholeAgain(SIZE)
  const urls = mesh.nodes.map(({ready}) => ready.clientUrl)
  for (let i = 0; i < Number(values.clients); i += 1) {
    const library = i % 2 === 0 ? before : HERE
    const {connect} = await import(`${library.dir}/dist/lib/client/connect.js`)
    ledger.listen(connect(urls, {token: mesh.token, WebSocket}))
  }
  await ledger.allOpen()
  const access = new MeshAccess({...mesh.reach, timeoutMs: 20_000})
  // Each search for a node has its own time, as `wsmesh send` has it.
  publisher = new ResendingPublisher({timeoutMs: 20_000, findNode: (ms) => access.findNode(ms)})
  const stop = publishNumbers(publisher, ledger)

  for (const next of values.back ? [HERE, before] : [HERE]) {
    const places = await mesh.followersFirst()
    for (const place of places) {
      const from = performance.now()
      const left = await leadOut(mesh, place)
      await mesh.start(next, place)
      await mesh.wholeAgain(SIZE)
      const gapMs = ledger.longestGapMs(from)
      steps.push({...left, to: next.name, gapMs})
      say(`${left.node} (${left.role}) left by ${left.by} in ${left.ms} ms, `
        + `${left.clients} clients; ${next.name} in its place; longest gap ${gapMs} ms`)
    }
  }
  stop()
  await ledger.settled()
} finally {
  publisher?.close()
  ledger.end()
  await mesh.end()
  before.end()
}
const clients = Number(values.clients)
const verdict = {from: before.name, clients, rate, steps, ...ledger.verdict()}
if (values.json) console.log(JSON.stringify(verdict))
const {sent, receipts, refused, lost, duplicated, reordered, notRecovered, longestGapMs} = verdict
say(`${sent} sent, ${receipts} receipts, ${refused} refused; of ${sent * clients} deliveries `
  + `${lost} lost, ${duplicated} duplicated, ${reordered} out of order; clients had missed `
  + `something ${notRecovered} times; longest gap of a client ${longestGapMs} ms`)
process.exit(verdict.isGood ? 0 : 1)
