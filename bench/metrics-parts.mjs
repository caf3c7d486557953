/**
 * What each part of the metrics costs, alone, since a machine that others use changes its speed by
 * more than all of them: noting the times of a message, hearing of a garbage collection, answering
 * GET /metrics; and what that is of a core at 25,000 messages and 50 collections a second.
 *
 *   npm run build && node bench/metrics-parts.mjs
 */
import {readdirSync, readFileSync} from 'node:fs'
import {setFlagsFromString} from 'node:v8'
import {runInNewContext} from 'node:vm'
import {Meter} from '../dist/lib/node/metrics/meter.js'
import {BenchMesh} from './mesh.mjs'

const MESSAGES = 1_000_000
const COLLECTIONS = 500
const ASKED = 200
const [MESSAGES_A_SECOND, COLLECTIONS_A_SECOND] = [25_000, 50]

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

function cpuUs() {
  const {user, system} = process.cpuUsage()
  return user + system
}

function cpuUsOf(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const ns = tasks.map((task) =>
    Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
  return ns.reduce((sum, each) => sum + each, 0) / 1000
}

function now() {
  return performance.now()
}

/** As a message that is alone in its turn; those that come together share some of it. */
function ofMessage(meter) {
  const note = () => {
    const sinceMs = now()
    meter.relay.note(now() - sinceMs)
    meter.delivering(sinceMs, 1)
    meter.flushing(now)?.()
    meter.receipt.note(now() - sinceMs)
  }
  for (let n = 0; n < MESSAGES / 10; n += 1) note()
  const beforeUs = cpuUs()
  for (let n = 0; n < MESSAGES; n += 1) note()
  return (cpuUs() - beforeUs) / MESSAGES
}

/** Each is heard of after its turn. */
async function collect() {
  const beforeUs = cpuUs()
  for (let n = 0; n < COLLECTIONS; n += 1) {
    gc({type: 'minor'})
    await new Promise((resolve) => setImmediate(resolve))
  }
  return (cpuUs() - beforeUs) / COLLECTIONS
}

function middleOf(all) {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)]
}

async function ofCollection() {
  await collect()
  const more = []
  for (let round = 0; round < 9; round += 1) {
    const without = await collect()
    const meter = new Meter()
    more.push((await collect()) - without)
    meter.close()
  }
  return Math.max(0, middleOf(more))
}

async function ofAnswer() {
  const mesh = new BenchMesh('metrics')
  try {
    const {ready} = await mesh.start()
    const ask = async () => (await fetch(`${ready.httpUrl}/metrics`)).text()
    for (let n = 0; n < ASKED; n += 1) await ask()
    const beforeUs = cpuUsOf(ready.pid)
    for (let n = 0; n < ASKED; n += 1) await ask()
    return (cpuUsOf(ready.pid) - beforeUs) / ASKED
  } finally {
    mesh.end()
  }
}

function share(us) {
  return `${(us / 10_000).toFixed(2)} % of a core`
}

const collection = await ofCollection()
const meter = new Meter()
const message = ofMessage(meter)
meter.close()
const answer = await ofAnswer()
const measuring = message * MESSAGES_A_SECOND + collection * COLLECTIONS_A_SECOND
console.log(`${message.toFixed(3)} µs of CPU a message, ${collection.toFixed(1)} µs a collection: `
  + share(measuring))
console.log(`${(answer / 1000).toFixed(2)} ms for GET /metrics: ${share(answer)} once a second`)
