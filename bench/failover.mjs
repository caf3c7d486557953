/**
 * How long nothing arrives when the master is killed: three real nodes, a client on each, a message
 * for all of them every 5 ms from a node that lives, the master killed with SIGKILL and replaced by a fresh node,
 * again and again. Prints the gap in deliveries around each kill, and what leaked.
 *
 *   npm run build && node bench/failover.mjs --kills 20 [--pool mysql://…]
 */
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'
import {connectOperator} from '../dist/lib/operator/operator-client.js'
import {BenchMesh, USER, spreadOf, statsOf, until} from './mesh.mjs'

const {values} = parseArgs({
  options: {kills: {type: 'string', default: '20'}, pool: {type: 'string'}},
})
const mesh = new BenchMesh('failover', values.pool)

/** A node with a client, which notes what comes and how long nothing did. */
async function start() {
  const node = Object.assign(await mesh.start(), {got: [], lastAt: 0, gap: 0})
  const client = new WebSocket(node.ready.clientUrl)
  client.on('message', (data) => {
    const frame = JSON.parse(data)
    if (frame.action !== 'n') return
    const at = performance.now()
    if (node.lastAt) node.gap = Math.max(node.gap, at - node.lastAt)
    node.lastAt = at
    node.got.push(frame.details[0])
  })
  client.on('error', () => {})
  await new Promise((resolve) => client.once('open', resolve))
  const {token, secret} = mesh
  client.send(JSON.stringify({action: 'Client/authentication', details: [{token}]}))
  await new Promise((resolve) => client.once('message', resolve))
  node.operator = await connectOperator({url: node.ready.nodeUrl, secret, timeoutMs: 5000})
}

try {
  for (let i = 0; i < 3; i++) await start()
  const gaps = []
  let number = 0
  let unanswered = 0
  for (let kill = 1; kill <= Number(values.kills); kill++) {
    const master = await mesh.master(3)
    const others = [...mesh.nodes].filter((node) => node !== master)
    const [publisher] = others
    for (const node of mesh.nodes) Object.assign(node, {got: [], lastAt: 0, gap: 0})
    const first = number + 1
    const receipts = []
    const timer = setInterval(() => {
      number += 1
      receipts.push(publisher.operator.publish({
        action: 'n', details: [number], target: {user: USER},
      }, 11_000).catch(() => (unanswered += 1)))
    }, 5)
    await until(() => others.every((node) => node.got.length > 40), 'messages before the kill')
    mesh.kill(master)
    const seen = others.map((node) => node.got.length)
    await until(() => others.every((node, i) => node.got.length > seen[i] + 100), 'messages after')
    clearInterval(timer)
    await Promise.all(receipts)
    for (const node of others) {
      gaps.push(node.gap)
      const wanted = Array.from({length: number - first + 1}, (_, i) => first + i)
      await until(() => node.got.length >= wanted.length, 'all messages')
      if (node.got.join() !== wanted.join()) throw new Error('lost, doubled or out of order')
    }
    await start()
  }
  console.log(`${values.kills} kills, ${number} messages: none lost, doubled or out of order`)
  console.log(`receipts not given: ${unanswered}`)
  console.log(`gap in deliveries, ms: ${spreadOf(gaps)}`)
  for (const node of mesh.nodes) {
    const {role, term, links, timers, rssBytes} = await statsOf(node)
    console.log({role, term, links, timers, rssMiB: Math.round(rssBytes / 2 ** 20)})
  }
} finally {
  mesh.end()
}
process.exit()
