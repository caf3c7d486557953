/**
 * What a delivered message costs a node when the mesh has more of them: unicast messages for users
 * spread over all nodes, each node publishing and delivering the same number a second, with a
 * master and with NATS (one server, beside them on this machine).
 *
 *   npm run build && node bench/relay.mjs [--nodes 2,4,8] [--rate 400] [--seconds 8]
 *
 * `node us`: processor time of a node for each message that it delivered, of all nodes together;
 * `busiest`: the same of the node with the most (the master, where there is one); `nats us`: of
 * the server. What a node costs that does nothing is taken off (measured first).
 */
import {readFileSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'
import {signToken} from '../dist/lib/auth/token.js'
import {connectOperator} from '../dist/lib/operator/operator-client.js'
import {NatsCluster} from '../dist/lib/process/nats-cluster.js'
import {BenchMesh, statsOf, until} from './mesh.mjs'

const {values} = parseArgs({options: {
  nodes: {type: 'string', default: '2,4,8'},
  rate: {type: 'string', default: '400'},
  seconds: {type: 'string', default: '8'},
  relays: {type: 'string', default: 'master,nats'},
}})
const RATE = Number(values.rate)
const SECONDS = Number(values.seconds)
const USERS_EACH = 40
const STEP_MS = 10
const US_PER_TICK = 10_000

/** Processor time of a process so far, of user and system, in microseconds. */
function cpuUs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * US_PER_TICK
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

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
    const load = async (seconds) => {
      const start = performance.now()
      const publishing = operators.map(async (operator, index) => {
        let sent = 0
        const answers = []
        for (let at = 0; at < seconds * 1000; at = performance.now() - start) {
          for (; sent < (at / 1000) * RATE; sent += 1) {
            const user = (sent * 7 + index * 13) % (USERS_EACH * size)
            answers.push(operator.publish({action: 'x', details: [sent], target: {user}}, 20_000))
          }
          await sleep(STEP_MS)
        }
        await Promise.all(answers)
      })
      await Promise.all(publishing)
    }
    await load(2)
    await sleep(500)
    const idle = await during(() => sleep(SECONDS * 1000))
    got = 0
    const busy = await during(() => load(SECONDS))
    await sleep(300)
    const own = busy.map((us, index) => us - idle[index])
    const each = own.slice(0, size).map((us) => us / (got / size))
    const mean = each.reduce((sum, us) => sum + us, 0) / size
    const row = {
      relay, nodes: size, delivered: got, 'node us': mean.toFixed(1),
      busiest: Math.max(...each).toFixed(1),
      'nats us': nats ? (own[size] / got).toFixed(1) : '-',
      'idle %': (idle.slice(0, size).reduce((sum, us) => sum + us, 0) / size / SECONDS / 1e4).toFixed(2),
    }
    for (const operator of operators) operator.close?.()
    return row
  } finally {
    mesh.end()
    await nats?.end()
    await rm(folder, {recursive: true, force: true})
  }
}

const rows = []
for (const relay of values.relays.split(',')) {
  for (const size of values.nodes.split(',').map(Number)) rows.push(await measure(relay, size))
}
console.table(rows)
process.exit()
