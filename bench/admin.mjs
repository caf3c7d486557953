/**
 * What `wsmesh admin` costs: nodes that are not there say that thousands are connected; one page
 * looks and searches for users every five seconds. The admin's processor time and memory are read
 * from /proc. Exits with 1 when it takes more than 5 % of a core, or 150 MB.
 *
 *   npm run build && node bench/admin.mjs [--nodes 50] [--connections 100000] [--time 60] [--json]
 */
import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {setTimeout as delay} from 'node:timers/promises'
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'
import {startFakeNodes} from './fake-nodes.mjs'

const {values} = parseArgs({
  options: {
    nodes: {type: 'string', default: '50'},
    connections: {type: 'string', default: '100000'},
    time: {type: 'string', default: '60'},
    json: {type: 'boolean', default: false},
  },
})
const [count, connections, timeS] = [values.nodes, values.connections, values.time].map(Number)
const CPU_PERCENT_MAX = 5
const RSS_BYTES_MAX = 150e6
const WARM_UP_MS = 10_000
const SEARCH_MS = 5000
/** sysconf(_SC_CLK_TCK), the same on every Linux that Node runs on. */
const TICKS_PER_S = 100

const dataDir = mkdtempSync(join(tmpdir(), 'wsmesh-admin-bench-'))
const fakes = await startFakeNodes({dataDir, count, connections})
const bin = join(import.meta.dirname, '..', 'bin', 'run.js')
const admin = spawn(process.execPath, [bin, 'admin', '--listen', '0', '--json'], {
  env: {...process.env, WSMESH_DATA_DIR: dataDir}, stdio: ['ignore', 'pipe', 'inherit'],
})
try {
  const ready = await new Promise((resolve) => {
    createInterface({input: admin.stdout}).once('line', (line) => resolve(JSON.parse(line)))
  })
  const page = await openPage(ready)
  await delay(WARM_UP_MS)
  const before = {ticks: ticksOf(admin.pid), snapshots: page.snapshots, bytes: page.bytes}
  const startMs = performance.now()
  const searches = []
  let rssBytes = 0
  while (performance.now() - startMs < timeS * 1000) {
    const askedMs = performance.now()
    const found = await page.ask({ask: 'users', by: 'user', text: 'user-7', after: null})
    searches.push(performance.now() - askedMs)
    if (!(found.users.length > 0)) throw new Error('Nobody was found')
    rssBytes = Math.max(rssBytes, rssOf(admin.pid))
    await delay(SEARCH_MS)
  }
  const elapsedS = (performance.now() - startMs) / 1000
  const cpuPercent = (100 * (ticksOf(admin.pid) - before.ticks)) / TICKS_PER_S / elapsedS
  const report = {
    nodes: page.last.nodes.length,
    connections: page.last.totals.clients,
    cpuPercent: Number(cpuPercent.toFixed(1)),
    rssMB: Math.round(rssBytes / 1e6),
    snapshotsPerS: Number(((page.snapshots - before.snapshots) / elapsedS).toFixed(2)),
    snapshotKB: Math.round((page.bytes - before.bytes) / (page.snapshots - before.snapshots) / 1000),
    searchMs: Math.round(searches.toSorted((a, b) => a - b)[Math.floor(searches.length / 2)]),
  }
  if (values.json) console.log(JSON.stringify(report))
  else console.log(Object.entries(report).map(([name, value]) => `${name}: ${value}`).join('\n'))
  if (cpuPercent > CPU_PERCENT_MAX || rssBytes > RSS_BYTES_MAX) process.exitCode = 1
  page.close()
} finally {
  admin.kill('SIGTERM')
  await fakes.close()
  rmSync(dataDir, {recursive: true, force: true})
}

async function openPage({url, operatorUrl}) {
  const token = new URL(operatorUrl).hash.replace('#token=', '')
  const entered = await fetch(`${url}/session`, {
    method: 'POST', headers: {'content-type': 'application/json', origin: url},
    body: JSON.stringify({token}),
  })
  const cookie = entered.headers.get('set-cookie').split(';')[0]
  const socket = new WebSocket(`${url.replace('http', 'ws')}/live`, {headers: {cookie, origin: url}})
  const waiting = new Map()
  let lastId = 0
  const page = {
    snapshots: 0, bytes: 0, last: undefined,
    ask(question) {
      lastId += 1
      const id = lastId
      socket.send(JSON.stringify({...question, id}))
      return new Promise((resolve) => waiting.set(id, resolve))
    },
    close: () => socket.terminate(),
  }
  socket.on('message', (/** @type {Buffer} */ data) => {
    const message = JSON.parse(data.toString('utf8'))
    if (message.type === 'snapshot') {
      page.snapshots += 1
      page.bytes += data.length
      page.last = message
    }
    if (message.type === 'answer') waiting.get(message.id)?.(message.result)
  })
  await new Promise((resolve) => socket.once('open', resolve))
  return page
}

function ticksOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
  return Number(fields[11]) + Number(fields[12])
}

function rssOf(pid) {
  const [, kB] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(kB) * 1024
}
