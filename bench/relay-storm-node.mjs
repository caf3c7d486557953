/** One relay of bench/relay-storm.mjs, without a node above it: does what it is told. */
import {monitorEventLoopDelay} from 'node:perf_hooks'
import process from 'node:process'
import {defaultMeshConfig} from '../dist/lib/mesh/config.js'
import {Counters} from '../dist/lib/node/counters.js'
import {NatsRelay} from '../dist/lib/node/nats/nats-relay.js'
import {openPoolStore} from '../dist/lib/pool/open-pool-store.js'
import {encodePayload} from '../dist/lib/protocol/payload.js'
import {sleep} from './mesh.mjs'

const [id, nats, folder] = process.argv.slice(2)
const PAYLOAD = encodePayload('n', [1])
const quiet = {debug() {}, info() {}, warn() {}, error() {}}
const users = new Set()
const got = new Map()
const receipts = new Map()
let tickets = 0

const store = await openPoolStore({url: 'sqlite:', dataDir: folder})
await store.init()
const relay = new NatsRelay({
  self: id, config: defaultMeshConfig, store, hasOutbox: false,
  counters: new Counters(), log: quiet, now: () => performance.now(),
  relay: {
    nats: {servers: [nats], name: 'storm'},
    stream: {
      mesh: 'storm', slots: 1_048_576, replicas: 1, historyMs: 60_000, maxBytes: 1024 ** 3,
    },
  },
})
await relay.open()
const url = `ws://127.0.0.1:1/${id}`
relay.start({id, url, clientUrl: url, version: '0', pid: process.pid}, {
  deliver: (_epoch, entries) => entries.map(deliver),
  accepted() {},
  refused: (ticket, reason) => receipts.get(ticket)?.({reason}),
  receipt: (ticket, receipt) => receipts.get(ticket)?.(receipt),
  logReplaced() {}, standing() {}, members() {}, flushed() {},
  needs: () => ({users, groups: [], sessions: [...users].map((name) => `s-${name}`)}),
})

function deliver({envelope, repeatOf}) {
  const [user] = envelope?.target.ids ?? []
  if (repeatOf !== undefined || !users.has(user)) return 0
  got.set(user, (got.get(user) ?? 0) + 1)
  return 1
}

async function arrive(name) {
  const identity = {user: name, groups: [], session: `s-${name}`}
  const isIn = await (relay.prepare(identity, undefined) ?? true)
  if (isIn) users.add(name)
  return isIn
}

/** Each is there for as long as it takes to be let in. */
async function churn({from, perS, seconds}) {
  const startMs = performance.now()
  const waits = []
  let refused = 0
  const visit = async (name) => {
    const beganMs = performance.now()
    if (!(await arrive(name))) refused += 1
    waits.push(performance.now() - beganMs)
    users.delete(name)
  }
  const visits = []
  for (let at = 0; at < seconds * 1000; at = performance.now() - startMs) {
    while (visits.length < (at / 1000) * perS) visits.push(visit(`u${from + visits.length}`))
    await sleep(5)
  }
  await Promise.all(visits)
  waits.sort((a, b) => a - b)
  const part = (share) => waits[Math.floor(waits.length * share)]
  return {came: waits.length, refused, p50: part(0.5), p99: part(0.99), most: waits.at(-1)}
}

function send(name) {
  return new Promise((resolve) => {
    tickets += 1
    receipts.set(tickets, resolve)
    const target = {kind: 'user', ids: [name]}
    relay.publish({type: 'publish', ticket: tickets, target, payload: PAYLOAD})
  })
}

const acts = {
  state: () => ({standing: relay.standing.state, ...relay.stats().counters}),
  /** How many were turned away. */
  async come({from, count}) {
    const all = Array.from({length: count}, (_, n) => arrive(`u${from + n}`))
    return (await Promise.all(all)).filter((isIn) => !isIn).length
  },
  churn,
  /** How many receipts do not say one connection. */
  async send({names}) {
    const all = await Promise.all(names.map(send))
    const counts = all.map(({byNode = []}) =>
      byNode.reduce((sum, {connections}) => sum + connections, 0))
    return counts.filter((count) => count !== 1).length
  },
  got: ({names}) => names.map((name) => got.get(name) ?? 0),
}

const loop = monitorEventLoopDelay({resolution: 1})
loop.enable()
process.on('message', ({act, ...args}) => {
  loop.reset()
  void Promise.resolve(acts[act](args)).then((result) =>
    process.send({result, turnMs: loop.max / 1e6}))
})
process.send({result: 'up'})
