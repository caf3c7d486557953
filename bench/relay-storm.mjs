/**
 * A storm of subjects at the relay of NATS: very many users come to one node at once, then NATS is
 * killed and started again, so that all that they need is asked for anew, then users come and go
 * quickly. The relays of three nodes alone, without sockets of clients, in processes of their own;
 * one NATS server beside them on this machine. What is looked at: how long it takes, the longest
 * turn of the node that it hits, processor time and memory, and that what is published then comes.
 *
 *   npm run build && node bench/relay-storm.mjs [--users 60000] [--churn 1000] [--seconds 10]
 *
 * Exit status 1 when a message did not come where it should have, or came twice.
 */
import {fork} from 'node:child_process'
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import process from 'node:process'
import {parseArgs} from 'node:util'
import {NatsCluster} from '../dist/lib/process/nats-cluster.js'
import {cpuUs} from './relay-load.mjs'
import {until} from './mesh.mjs'

const {values} = parseArgs({options: {
  users: {type: 'string', default: '60000'},
  churn: {type: 'string', default: '1000'},
  seconds: {type: 'string', default: '10'},
}})
const USERS = Number(values.users)
const CHURN = Number(values.churn)
const SECONDS = Number(values.seconds)
const SAMPLE = 500
const NODE = join(import.meta.dirname, 'relay-storm-node.mjs')

function residentMb(pid) {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kb) / 1000)
}

async function ask(child, act, args = {}) {
  child.send({act, ...args})
  const [answer] = await once(child, 'message')
  return answer
}

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-storm-'))
  const nats = await NatsCluster.start(folder, 1)
  const children = []
  try {
    for (const id of ['n-a', 'n-b', 'n-c']) {
      const child = fork(NODE, [id, nats.addresses[0], folder])
      children.push(child)
      await once(child, 'message')
    }
    process.exitCode = await storm(children, nats.servers[0]) ? 0 : 1
  } finally {
    for (const child of children) child.kill('SIGKILL')
    await nats.end()
    await rm(folder, {recursive: true, force: true})
  }
}

await main()

async function storm(children, server) {
  const [a, b, c] = children
  const all = (check, what) => until(async () => {
    const states = await Promise.all(children.map((child) => ask(child, 'state')))
    return states.map(({result}) => result).every(check)
  }, what, 120_000)
  const pids = () => [a.pid, b.pid, c.pid, server.pid]
  const step = async (what, run) => {
    const before = pids().map(cpuUs)
    const startMs = performance.now()
    const said = await run()
    const ms = performance.now() - startMs
    const after = pids().map((pid, index) => cpuUs(pid) - (before[index] ?? 0))
    const [cpuA, cpuB, , cpuNats] = after.map((us) => Math.max(0, us / 1000).toFixed(0))
    const rss = pids().map(residentMb)
    console.log(`${what}: ${ms.toFixed(0)} ms${said === undefined ? '' : `, ${said}`}\n`
      + `  CPU ms: the node ${cpuA}, another ${cpuB}, NATS ${cpuNats};`
      + ` MB: ${rss[0]}, ${rss[1]}, ${rss[3]}`)
  }
  await all(({standing}) => standing === 'linked', 'three nodes')
  await step(`${USERS} users come at once`, async () => {
    const {result: refused, turnMs} = await ask(a, 'come', {from: 0, count: USERS})
    const {result: {relaySubjects}} = await ask(a, 'state')
    return `${relaySubjects} subjects, ${refused} turned away, longest turn ${turnMs.toFixed(0)} ms`
  })
  const names = Array.from({length: SAMPLE}, (_, n) => `u${Math.floor((n * USERS) / SAMPLE)}`)
  let sent = 0
  let wrong = 0
  const check = async () => {
    sent += 1
    const {result: counts} = await ask(b, 'send', {names})
    const {result: each} = await ask(a, 'got', {names})
    const off = each.filter((number) => number !== sent).length
    wrong += off + counts
    return `${SAMPLE} messages from another node: ${off} not there or twice, ${counts} receipts wrong`
  }
  await step('messages', check)
  await step('NATS is killed, started, and all is asked for anew', async () => {
    const {result: {relayReconnects = 0}} = await ask(a, 'state')
    await server.end('SIGKILL')
    await server.start()
    await all((state) => state.standing === 'linked' && state.relayReconnects > relayReconnects,
      'all nodes to be back')
    const {turnMs} = await ask(a, 'state')
    return `longest turn ${turnMs.toFixed(0)} ms since it was asked last`
  })
  await step('messages', check)
  await step(`${CHURN} new users a second, each for a moment`, async () => {
    const {result, turnMs} = await ask(a, 'churn', {from: USERS, perS: CHURN, seconds: SECONDS})
    const {came, refused, p50, p99, most} = result
    return `${came} came, ${refused} turned away; let in after p50 ${p50.toFixed(0)}, `
      + `p99 ${p99.toFixed(0)}, at most ${most.toFixed(0)} ms; longest turn ${turnMs.toFixed(0)} ms`
  })
  await step('messages', check)
  await step('who is gone is given up', async () => {
    await until(async () => (await ask(a, 'state')).result.relaySubjects <= 2 * USERS + 1,
      'subjects that nobody needs to be given up', 60_000)
  })
  await step('messages', check)
  return wrong === 0
}
