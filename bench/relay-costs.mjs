/**
 * What a message costs, part by part, with each relay: processor time of the node that took it, of
 * the master, of a node that has nobody for it, of each delivery, and of the NATS server. What
 * `wsmesh simulate` prices messages by.
 *
 *   npm run build && node bench/relay-costs.mjs [--rates 500,2000,6000] [--seconds 3] [--out FILE]
 *
 * One node publishes messages for a hundred users in turn by an operator's connection, with
 * receipts: users who are nowhere, who have one connection each at another node, and five there.
 * With 3 nodes and with 6, so that the master's cost for each follower is the difference. What a node costs that does nothing is
 * measured first and taken off.
 */
import {writeFileSync} from 'node:fs'
import {mkdtemp, rm} from 'node:fs/promises'
import {cpus, tmpdir} from 'node:os'
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
  rates: {type: 'string', default: '500,2000,6000'},
  seconds: {type: 'string', default: '3'},
  out: {type: 'string', default: join(import.meta.dirname, 'relay-costs.json')},
}})
const SECONDS = Number(values.seconds)
const RATES = values.rates.split(',').map(Number)
const FEW = 3
const MANY = 6
const USERS = 100
const CONNECTIONS = 5
const KINDS = ['nobody', 'one', 'five']
const TEXT = 'x'.repeat(100)

async function connect(node, user, mesh) {
  const ws = new WebSocket(node.ready.clientUrl)
  await new Promise((resolve, reject) => ws.on('open', resolve).on('error', reject))
  const token = await signToken({user, groups: [], ttlMs: 3_600_000}, mesh.secret)
  ws.send(JSON.stringify({action: 'Client/authentication', details: [{token}]}))
  await new Promise((resolve) => ws.once('message', resolve))
}

/** Of one mesh: for each rate and number of connections, what each of its parts spent a message. */
async function measure(relay, size) {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-relay-costs-'))
  const nats = relay === 'nats' ? await NatsCluster.start(folder, 1) : undefined
  const args = nats === undefined ? [] : ['--relay', `nats://${nats.addresses[0]}`]
  const mesh = new BenchMesh('relay-costs')
  try {
    const nodes = []
    for (let n = 0; n < size; n += 1) nodes.push(await mesh.start(...args))
    await until(async () => (await Promise.all(nodes.map(statsOf)))
      .every(({role, view}) => role !== 'joining' && view.length >= Math.min(size, 7)), 'a whole mesh')
    // The first to start is the master, where there is one.
    const [, publisher, receiver] = nodes
    for (let n = 0; n < USERS; n += 1) {
      await connect(receiver, `one-${n}`, mesh)
      for (let more = 0; more < CONNECTIONS; more += 1) await connect(receiver, `five-${n}`, mesh)
    }
    const {nodeUrl: url} = publisher.ready
    const operator = await connectOperator({url, secret: mesh.secret, timeoutMs: 5000})
    const pids = [...nodes.map(({ready}) => ready.pid), ...(nats ? [nats.servers[0].pid] : [])]
    const spent = async (work) => {
      const before = pids.map(cpuUs)
      await work()
      return pids.map((pid, index) => cpuUs(pid) - before[index])
    }
    const load = (user, rate, seconds) => steadily(rate, seconds, (n) => operator.publish(
      {action: 'x', details: [TEXT], target: {user: `${user}-${n % USERS}`}}, 20_000))
    for (const user of KINDS) await load(user, RATES.at(-1), 2)
    await sleep(500)
    const idle = await spent(() => sleep(SECONDS * 1000))
    const found = []
    for (const rate of RATES) {
      for (const user of KINDS) {
        let count = 0
        const busy = await spent(async () => (count = await load(user, rate, SECONDS)))
        const each = busy.map((us, index) => Math.max(0, us - idle[index]) / count)
        const [first, second, third] = each
        const bystanders = each.slice(3, size)
        found.push({
          relay, nodes: size, rate, user, first, publisher: second, receiver: third,
          bystander: bystanders.length === 0 ? undefined
            : bystanders.reduce((sum, us) => sum + us, 0) / bystanders.length,
          server: nats && each[size],
        })
        await sleep(300)
      }
    }
    const idleUs = idle.slice(0, size).reduce((sum, us) => sum + us, 0) / size / SECONDS
    operator.close()
    return {found, idleUs}
  } finally {
    mesh.end()
    await nats?.end()
    await rm(folder, {recursive: true, force: true})
  }
}

const runs = {}
for (const relay of ['master', 'nats']) {
  runs[relay] = {few: await measure(relay, FEW), many: await measure(relay, MANY)}
}
const round = (us) => Math.max(0, Number(us.toFixed(1)))

/** Of what does not depend on who gets it: the mean over all kinds of users. */
const meanOf = (relay, size, rate, part) => {
  const found = runs[relay][size].found.filter((each) => each.rate === rate)
  return found.reduce((sum, each) => sum + each[part], 0) / found.length
}

function masterCosts(rate) {
  const receiver = (user) => runs.master.many.found
    .find((each) => each.rate === rate && each.user === user).receiver
  const [few, many] = [meanOf('master', 'few', rate, 'first'), meanOf('master', 'many', rate, 'first')]
  const perFollowerUs = (many - few) / (MANY - FEW)
  return {
    ratePerS: rate,
    publishedUs: round(meanOf('master', 'many', rate, 'publisher')),
    orderedUs: round(few - perFollowerUs * (FEW - 1)),
    perFollowerUs: round(perFollowerUs),
    relayedUs: round(meanOf('master', 'many', rate, 'bystander')),
    firstDeliveredUs: round(receiver('one') - receiver('nobody')),
    deliveredUs: round((receiver('five') - receiver('one')) / (CONNECTIONS - 1)),
  }
}

function natsCosts(rate) {
  const at = (size, user) =>
    runs.nats[size].found.find((each) => each.rate === rate && each.user === user)
  const [none, one, five] = KINDS.map((user) => at('many', user))
  return {
    ratePerS: rate,
    publishedUs: round(none.publisher),
    publishedForOthersUs: round(one.publisher),
    neededUs: round(one.receiver),
    deliveredUs: round((five.receiver - one.receiver) / (CONNECTIONS - 1)),
    bystanderUs: round(one.bystander),
    serverStoredUs: round(none.server),
    serverPassedOnUs: round(one.server - none.server),
  }
}

const result = {
  command: 'node bench/relay-costs.mjs',
  unit: 'microseconds of processor time for each message, unless the name says otherwise',
  machine: {processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version},
  payloadBytes: TEXT.length,
  master: {
    idleUsPerS: round(runs.master.many.idleUs),
    what: {
      publishedUs: 'the node that takes it from a publisher, and answers with a receipt',
      orderedUs: 'the master, whatever the number of nodes',
      perFollowerUs: 'the master, for each other node',
      relayedUs: 'each node that has nobody for it',
      firstDeliveredUs: 'a node with a connection for it: beside relayedUs',
      deliveredUs: 'the same, for each further connection',
    },
    byRate: RATES.map(masterCosts),
  },
  nats: {
    idleUsPerS: round(runs.nats.many.idleUs),
    what: {
      publishedUs: 'the node that takes it, where no node needs it',
      publishedForOthersUs: 'the same, where one does and reports',
      neededUs: 'a node with one connection for it, delivery and report with it',
      deliveredUs: 'the same, for each further connection',
      bystanderUs: 'each node that has nobody for it',
      serverStoredUs: 'the NATS server, one copy',
      serverPassedOnUs: 'the same, for each node that needs it, its report with it',
    },
    byRate: RATES.map(natsCosts),
  },
}
console.table([...runs.master.few.found, ...runs.master.many.found,
  ...runs.nats.few.found, ...runs.nats.many.found].map((row) => Object.fromEntries(
  Object.entries(row).map(([name, value]) =>
    [name, typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(1) : value]))))
writeFileSync(values.out, `${JSON.stringify(result, undefined, 2)}\n`)
console.log(JSON.stringify(result, undefined, 2))
process.exit()
