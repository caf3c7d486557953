/**
 * A storm: clients of the library, in a few processes, lose their node in one moment and come back
 * to the others. Fails unless all are back by themselves and recovered, no node took more than its
 * limit (--max-connects-per-second), 95 % were back within what full jitter and that limit predict
 * and a second of work (not with --untimed), and their processes hold no more than before. With
 * --also, one more node ends while clients wait there for their turn: it must have ended within
 * 10 s; when all are back is then only said.
 *
 *   npm run build && node bench/reconnect.mjs [--clients 10000] [--processes 4] [--limit 1000]
 *     [--also SIGTERM|SIGKILL]
 */
import {fork} from 'node:child_process'
import {once} from 'node:events'
import {parseArgs} from 'node:util'
import {BenchMesh, spreadOf, statsOf, until} from './mesh.mjs'
import {WebSocket} from 'ws'
import {connect} from '../dist/lib/client/connect.js'
import {cpuMsOf, endWhileWaiting, predictedMs, watchAccepts, watchAnswers} from './reconnect-parts.mjs'

const {values} = parseArgs({
  options: {
    clients: {type: 'string', default: '10000'},
    processes: {type: 'string', default: '4'},
    limit: {type: 'string', default: '1000'},
    also: {type: 'string'},
    untimed: {type: 'boolean', default: false},
  },
})
const limit = Number(values.limit)
const processes = Number(values.processes)
const share = Math.floor(Number(values.clients) / processes)
const WORK_MS = 1000
const GROWTH_BYTES_MAX = 500
const PROCESS_BYTES_MAX = 2 * 1024 * 1024

const mesh = new BenchMesh('reconnect')
const children = []
const failures = []

function check(isGood, what) {
  if (!isGood) failures.push(what)
}

/** Asks all processes the same; resolves with their answers. */
function ask(question) {
  return Promise.all(children.map(async (child) => {
    child.send(question)
    const [{answer}] = await once(child, 'message')
    return answer
  }))
}

async function sum(question) {
  return (await ask(question)).reduce((total, each) => total + each, 0)
}

try {
  const nodes = []
  const args = ['--max-per-user', '1000000', '--max-connects-per-second', values.limit]
  // More than half are left, whichever they are.
  const size = values.also === undefined ? 3 : 4
  for (let i = 0; i < size; i++) nodes.push(await mesh.start(...args))
  const master = await mesh.master(size)
  const [dying, ...others] = nodes.filter((node) => node !== master).concat(master)
  const urls = [dying, ...others].map(({ready}) => ready.clientUrl)
  for (let i = 0; i < processes; i++) {
    const script = new URL('reconnect-clients.mjs', import.meta.url)
    children.push(fork(script, {execArgv: ['--expose-gc']}))
  }
  const perSecond = (0.7 * limit) / processes
  const count = await sum({type: 'open', count: share, urls, token: mesh.token, perSecond})
  const here = (await statsOf(dying)).connections
  console.log(`${count} clients in ${processes} processes, ${here} of them on one of ${size} nodes`)
  // So long that the connections count as sound.
  await new Promise((resolve) => setTimeout(resolve, 6000))
  const before = await ask({type: 'memory'})
  await ask({type: 'begin'})

  const cpuMs = () => [children, others.map(({child}) => child)].map(cpuMsOf)
  const cpuBefore = cpuMs()
  const options = {token: mesh.token, WebSocket, timeoutMs: 60_000}
  const resident = connect(master.ready.clientUrl, options)
  await resident.request('bench').catch(() => {})
  const answers = watchAnswers(resident)
  const second = values.also === undefined ? undefined : others.shift()
  const accepts = watchAccepts(others)
  mesh.kill(dying)
  if (second !== undefined) {
    const {waiting, code, tookMs} = await endWhileWaiting(second, values.also, here / 10)
    mesh.nodes.delete(second)
    console.log(`${values.also} of another, where ${waiting} waited: over after ${tookMs} ms`)
    check(code === (values.also === 'SIGTERM' ? 0 : null), `it ended with ${code}`)
    check(tookMs < 10_000, 'it took too long to end')
  }
  await until(async () => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    return (await sum({type: 'back'})) >= here
  }, 'all clients back', 240_000)
  const cpu = cpuMs().map((ms, i) => ((ms - cpuBefore[i]) * 1000) / here)
  const most = await accepts.stop()
  const answersMs = await answers.stop()
  resident.close()
  const reports = await ask({type: 'report'})
  const waits = reports.flatMap(({waitsMs}) => waitsMs).filter((ms) => ms > 0)
    .toSorted((a, b) => a - b)
  const p95 = waits[Math.floor(waits.length * 0.95)]
  const isTimed = !values.untimed && second === undefined
  const predicted = predictedMs({clients: here, nodes: others.length, limit})
  const refused = await Promise.all(
    others.map(async (node) => (await statsOf(node)).counters.clientsRefusedPace),
  )
  console.log(`back after, ms: ${spreadOf(waits)}; p95 ${p95.toFixed(0)}, predicted ${predicted}`)
  console.log(`who was here has answers after, ms: ${spreadOf(answersMs)}`)
  const [ownUs, nodeUs] = cpu.map((us) => us.toFixed(0))
  console.log(`processor time a client, us: ${ownUs} at its own, ${nodeUs} at the node's`)
  console.log(`accepted in a second, at most: ${most.join(', ')}; refused: ${refused.join(', ')}`)
  // On a machine that is too busy other nodes may lose the mesh, and theirs come back as well.
  check(waits.length >= here, `${waits.length} of ${here} came back`)
  check(!isTimed || p95 <= predicted + WORK_MS, 'slower than predicted')
  check(most.every((rate) => rate <= limit), `a node took ${Math.max(...most)} in a second`)
  check(reports.every(({notRecovered}) => notRecovered === 0), 'clients were not recovered')

  const after = await ask({type: 'memory'})
  const grown = after.reduce((total, {heap}, i) => total + heap - before[i].heap, 0)
  const timers = after.reduce((total, each, i) => total + each.timers - before[i].timers, 0)
  const perClient = (grown / count).toFixed(0)
  console.log(`more for a client than before: ${perClient} bytes, ${timers / count} timers`)
  // What a process itself grew by, as its code was compiled, is no client's.
  const grownMax = GROWTH_BYTES_MAX * count + PROCESS_BYTES_MAX * processes
  check(grown <= grownMax, 'the clients hold more memory than before')
  check(timers <= 0, 'the clients hold more timers than before')
  const left = await sum({type: 'close'})
  check(left === 0, `${left} timers are left after close()`)
} finally {
  for (const child of children) child.kill('SIGKILL')
  mesh.end()
}
for (const failure of failures) console.error(`✗ ${failure}`)
if (failures.length === 0) console.log('✓ all are back, recovered, and nothing is left behind')
process.exit(failures.length === 0 ? 0 : 1)
