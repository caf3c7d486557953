/**
 * What a delivered message costs a node when the mesh has more of them: unicast messages for users
 * spread over all nodes, each node publishing and delivering the same number a second, with a
 * master and with NATS (one server, beside them on this machine).
 *
 *   npm run build && node bench/relay.mjs [--nodes 2,4,8] [--rates 400,1000] [--seconds 5]
 *
 * `node us`: processor time of a node for each message that it delivered, of all nodes together;
 * `others`: the same without the busiest of them (the master, where there is one); `busiest %`: of
 * a core, that node; `nats us`: of the server. What a node costs that does nothing is taken off
 * (measured first). `end`: where the busiest node has a core full, in messages a second of all
 * nodes together, were each as dear as here.
 */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import process from 'node:process'
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'
import {signToken} from '../dist/lib/auth/token.js'
import {connectOperator} from '../dist/lib/operator/operator-client.js'
import {NatsCluster} from '../dist/lib/process/nats-cluster.js'
import {BenchMesh, sleep, statsOf, until} from './mesh.mjs'
import {cpuUs, steadily} from './relay-load.mjs'

const {values} = parseArgs({options: {
  nodes: {type: 'string', default: '2,4,8'},
  rates: {type: 'string', default: '400,1000'},
  seconds: {type: 'string', default: '5'},
  relays: {type: 'string', default: 'master,nats'},
}})
const RATES = values.rates.split(',').map(Number)
const SECONDS = Number(values.seconds)
const USERS_EACH = 40

async function client(node, user, secret, onMessage) {
  const ws = new WebSocket(node.ready.clientUrl)
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject))
  const token = await signToken({user, groups: [], ttlMs: 3_600_000}, secret)
  ws.send(JSON.stringify({action: 'Client/authentication', details: [{token}]}))
  await new Promise((resolve) => ws.once('message', resolve))
  ws.on('message', onMessage)
  return ws
}

/** All nodes are a part of the mesh, and know of each other. */
async function whole(nodes) {
  await until(async () => {
    const all = await Promise.all(nodes.map(statsOf))
    return all.every(({role, view}) => role !== 'joining' && view.length >= Math.min(nodes.length, 7))
  }, 'a whole mesh', 60_000)
}

async function measure(relay, size) {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-relay-'))
  const nats = relay === 'nats' ? await NatsCluster.start(folder, 1) : undefined
  const args = nats === undefined ? [] : ['--relay', `nats://${nats.addresses[0]}`]
  const mesh = new BenchMesh('relay')
  try {
    const nodes = []
    for (let n = 0; n < size; n += 1) nodes.push(await mesh.start(...args))
    await whole(nodes)
    let got = 0
    for (let user = 0; user < USERS_EACH * size; user += 1) {
      await client(nodes[user % size], String(user), mesh.secret, () => (got += 1))
    }
    const operators = await Promise.all(nodes.map(({ready}) =>
      connectOperator({url: ready.nodeUrl, secret: mesh.secret, timeoutMs: 5000})))
    const pids = [...nodes.map(({ready}) => ready.pid), ...(nats ? [nats.servers[0].pid] : [])]
    const during = async (work) => {
      const before = pids.map(cpuUs)
      await work()
      return pids.map((pid, index) => cpuUs(pid) - before[index])
    }
    const load = (rate, seconds) => Promise.all(operators.map((operator, index) =>
      steadily(rate, seconds, (n) => operator.publish({
        action: 'x', details: [n], target: {user: String((n * 7 + index * 13) % (USERS_EACH * size))},
      }, 20_000))))
    await load(RATES.at(-1), 2)
    await sleep(500)
    const idle = await during(() => sleep(SECONDS * 1000))
    const rows = []
    for (const rate of RATES) {
      got = 0
      const startMs = performance.now()
      const busy = await during(() => load(rate, SECONDS))
      const seconds = (performance.now() - startMs) / 1000
      await sleep(300)
      const own = busy.map((us, index) => us - idle[index])
      const nodesUs = own.slice(0, size)
      const [busiestUs, ...othersUs] = nodesUs.toSorted((a, b) => b - a)
      const busiest = busiestUs / seconds / 1e6
      rows.push({
        relay, nodes: size, 'a second': (got / seconds).toFixed(0),
        'node us': (sum(nodesUs) / got).toFixed(1),
        others: (sum(othersUs) / (size - 1) / (got / size)).toFixed(1),
        'busiest %': (busiest * 100).toFixed(1),
        'nats us': nats ? (own[size] / got).toFixed(1) : '-',
        'idle %': (sum(idle.slice(0, size)) / size / SECONDS / 1e4).toFixed(2),
        end: (got / seconds / busiest).toFixed(0),
      })
    }
    for (const operator of operators) operator.close()
    return rows
  } finally {
    mesh.end()
    await nats?.end()
    await rm(folder, {recursive: true, force: true})
  }
}

const sum = (all) => all.reduce((total, each) => total + each, 0)
const rows = []
for (const relay of values.relays.split(',')) {
  for (const size of values.nodes.split(',').map(Number)) rows.push(...await measure(relay, size))
}
console.table(rows)
process.exit()
