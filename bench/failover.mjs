/**
 * How long nothing arrives when the master is killed: three real nodes, a client on each, a message
 * for all of them every 5 ms from a node that lives, the master killed with SIGKILL and replaced by a fresh node,
 * again and again. Prints the gap in deliveries around each kill, and what leaked.
 *
 *   npm run build && node bench/failover.mjs --kills 20 [--pool mysql://…]
 */
import {spawn} from 'node:child_process'
import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'
import {loadSecret} from '../dist/lib/auth/secret.js'
import {signToken} from '../dist/lib/auth/token.js'
import {connectOperator} from '../dist/lib/client/operator-client.js'

const {values} = parseArgs({
  options: {kills: {type: 'string', default: '20'}, pool: {type: 'string'}},
})
const folder = mkdtempSync(join(tmpdir(), 'wsmesh-failover-'))
const env = {...process.env, WSMESH_DATA_DIR: folder, ...(values.pool && {WSMESH_POOL: values.pool})}
const bin = join(import.meta.dirname, '..', 'bin', 'run.js')
const nodes = new Map()
let secret
let token

const until = async (check, what) => {
  const deadline = performance.now() + 15_000
  for (;;) {
    const value = await check()
    if (value) return value
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function start() {
  const child = spawn(process.execPath, [bin, 'serve', '--port', '0', '--json'], {
    env, stdio: ['ignore', 'pipe', 'ignore'],
  })
  let out = ''
  child.stdout.on('data', (data) => (out += data))
  const ready = JSON.parse(await until(() => out.includes('\n') && out.split('\n')[0], 'ready'))
  secret ??= await loadSecret({env: {}, dataDir: folder})
  token ??= await signToken({user: '42', groups: [], ttlMs: 3_600_000}, secret)
  const client = new WebSocket(ready.clientUrl)
  const node = {child, ready, client, got: [], lastAt: 0, gap: 0}
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
  client.send(JSON.stringify({action: 'Client/authentication', details: [{token}]}))
  await new Promise((resolve) => client.once('message', resolve))
  node.operator = await connectOperator({url: ready.nodeUrl, secret, timeoutMs: 5000})
  nodes.set(ready.node, node)
  return node
}

const stats = async (node) => (await fetch(`${node.ready.httpUrl}/stats`)).json()
const percentile = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))]

try {
  for (let i = 0; i < 3; i++) await start()
  const gaps = []
  let number = 0
  let unanswered = 0
  for (let kill = 1; kill <= Number(values.kills); kill++) {
    const master = await until(async () => {
      for (const node of nodes.values()) {
        const {role, view} = await stats(node)
        if (role === 'master' && view.length === 3) return node
      }
      return undefined
    }, 'a master with a view of three')
    const others = [...nodes.values()].filter((node) => node !== master)
    const [publisher] = others
    for (const node of nodes.values()) Object.assign(node, {got: [], lastAt: 0, gap: 0})
    const first = number + 1
    const receipts = []
    const timer = setInterval(() => {
      number += 1
      receipts.push(publisher.operator.publish({
        action: 'n', details: [number], target: {user: '42'},
      }, 11_000).catch(() => (unanswered += 1)))
    }, 5)
    await until(() => others.every((node) => node.got.length > 40), 'messages before the kill')
    master.child.kill('SIGKILL')
    nodes.delete(master.ready.node)
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
  gaps.sort((a, b) => a - b)
  const ms = (p) => percentile(gaps, p).toFixed(0)
  console.log(`${values.kills} kills, ${number} messages: none lost, doubled or out of order`)
  console.log(`receipts not given: ${unanswered}`)
  console.log(`gap in deliveries, ms: p50 ${ms(0.5)} p90 ${ms(0.9)} p99 ${ms(0.99)} max ${ms(1)}`)
  for (const node of nodes.values()) {
    const {role, term, links, timers, rssBytes} = await stats(node)
    console.log({role, term, links, timers, rssMiB: Math.round(rssBytes / 2 ** 20)})
  }
} finally {
  for (const {child} of nodes.values()) child.kill('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
}
process.exit()
