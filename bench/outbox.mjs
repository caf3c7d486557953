/**
 * What an application commits to the outbox arrives, each row once, and nothing else: several writers
 * with transactions of any length, one in ten rolled back, while the master is killed with SIGKILL
 * again and again, and stopped for longer than its lease and continued. Then how long a row takes and how often the table is looked at when there is
 * nothing else to do, and how a backlog drains. Exits with 1 when a promise was broken.
 *
 *   npm run build && node bench/outbox.mjs [--rows 100000] [--kills 5] [--stops 1]
 *     [--writers 8] [--idle 300] [--backlog 1000000] [--json]
 */
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {parseArgs} from 'node:util'
import mysql from 'mysql2/promise'
import {WebSocket} from 'ws'
import {MariadbProcess} from '../dist/lib/process/mariadb-process.js'
import {BenchMesh, USER, spreadOf, statsOf, until} from './mesh.mjs'

const {values} = parseArgs({
  options: {
    rows: {type: 'string', default: '100000'},
    kills: {type: 'string', default: '5'},
    stops: {type: 'string', default: '1'},
    writers: {type: 'string', default: '8'},
    idle: {type: 'string', default: '300'},
    backlog: {type: 'string', default: '0'},
    json: {type: 'boolean', default: false},
  },
})
const [rows, kills, stops, writers, idle, backlog] = [
  values.rows, values.kills, values.stops, values.writers, values.idle, values.backlog,
].map(Number)
const NODES = 3
const LONGEST = 40
/** Longer than the lease: another one leads when it goes on. */
const STOPPED_MS = 6000
const INSERT = 'INSERT INTO wsmesh_outbox (action, details, target) VALUES (?, ?, ?)'

const folder = mkdtempSync(join(tmpdir(), 'wsmesh-outbox-'))
const server = await MariadbProcess.start(join(folder, 'db'))
const root = await connect()
await root.query('CREATE DATABASE bench')
await root.query('SET GLOBAL userstat = 1')
// The outbox has a user of its own, so that its queries are counted apart.
for (const user of ['pool', 'outbox']) {
  await root.query(`CREATE USER ${user}@'%' IDENTIFIED BY 'b'`)
  await root.query(`GRANT ALL ON bench.* TO ${user}@'%'`)
}
const urlOf = (user) => `mysql://${user}:b@127.0.0.1:${server.port}/bench`
process.env.WSMESH_OUTBOX_URL = urlOf('outbox')
const mesh = new BenchMesh('outbox', urlOf('pool'))
const report = {}
const faults = []

/** Positions at which each row was delivered, anywhere: more than one is twice. */
const positions = new Map()
/** One for each client: what it got, in its order. */
const streams = []
let onRow = () => {}

function connect() {
  return mysql.createConnection({socketPath: server.socketPath, user: 'root'})
}

async function writer() {
  const connection = await connect()
  await connection.query('USE bench')
  return connection
}

/** A node with a client of everything. */
async function startNode() {
  const node = await mesh.start()
  const client = new WebSocket(node.ready.clientUrl, ['wsmesh.v1'])
  const stream = []
  streams.push(stream)
  client.on('error', () => {})
  client.on('message', (data) => {
    const {action, details, position} = JSON.parse(data)
    if (action !== 'row') return
    const [name] = details
    stream.push(details)
    const at = positions.get(name)
    if (at === undefined) positions.set(name, position)
    else if (at !== position) faults.push(`row ${name} was delivered at ${at} and ${position}`)
    onRow(name)
  })
  await new Promise((resolve) => client.once('open', resolve))
  client.send(JSON.stringify({action: 'Client/authentication', details: [{token: mesh.token}]}))
  await new Promise((resolve) => client.once('message', resolve))
  return node
}

/** Transactions, one after the other; the rows of those that were committed. */
async function write(name, total, committed) {
  const connection = await writer()
  let number = 0
  let transaction = 0
  while (number < total) {
    transaction += 1
    const isDropped = Math.random() < 0.1
    const length = Math.min(total - number, 1 + Math.floor(Math.random() * LONGEST))
    const names = []
    await connection.query('START TRANSACTION')
    for (let i = 0; i < length; i += 1) {
      const row = `${name}-${isDropped ? `x${transaction}` : 'c'}-${isDropped ? i : number + i}`
      const details = JSON.stringify([row, name, number + i])
      await connection.execute(INSERT, ['row', details, `{"user":"${USER}"}`])
      names.push(row)
    }
    if (isDropped) {
      await connection.query('ROLLBACK')
      continue
    }
    // Before the answer to the commit is here, its rows may be.
    for (const row of names) committed.add(row)
    await connection.query('COMMIT')
    number += length
  }
  await connection.end()
}

async function harmMasters(committed) {
  let killed = 0
  for (let harm = 1; harm <= kills + stops; harm += 1) {
    const due = (rows * harm) / (kills + stops + 1)
    await until(() => committed.size >= due, 'rows before the master is harmed', 3_600_000)
    const master = await mesh.master(NODES)
    const isStop = killed === kills || (harm % 3 === 2 && harm - 1 - killed < stops)
    const what = isStop ? 'stopped' : 'killed'
    if (!values.json) console.log(`  ${what} the master at ${committed.size} rows`)
    if (!isStop) {
      killed += 1
      mesh.kill(master)
      await startNode()
      continue
    }
    master.child.kill('SIGSTOP')
    await delay(STOPPED_MS)
    master.child.kill('SIGCONT')
  }
}

async function waiting() {
  const [[{number}]] = await root.query('SELECT COUNT(*) AS number FROM bench.wsmesh_outbox')
  return number
}

function judge(committed) {
  const lost = [...committed].filter((row) => !positions.has(row))
  const invented = [...positions.keys()].filter((row) => !committed.has(row))
  if (lost.length > 0) faults.push(`${lost.length} rows were lost, ${lost[0]} among them`)
  if (invented.length > 0) faults.push(`${invented.length} rows were never committed: ${invented[0]}`)
  for (const stream of streams) {
    const last = new Map()
    for (const [, name, number] of stream) {
      if (number <= (last.get(name) ?? -1)) faults.push(`${name}: ${number} after ${last.get(name)}`)
      last.set(name, number)
    }
  }
}

async function load() {
  const committed = new Set()
  const begunAt = performance.now()
  const each = Math.ceil(rows / writers)
  const writing = Array.from({length: writers}, (_, n) => write(`w${n}`, each, committed))
  await Promise.all([...writing, harmMasters(committed)])
  const writtenAt = performance.now()
  await until(async () => (await waiting()) === 0, 'the table to be empty', 600_000)
  await until(() => positions.size >= committed.size, 'all rows', 60_000).catch(() => {})
  judge(committed)
  report.load = {
    committed: committed.size, delivered: positions.size, writers, kills, stops,
    writtenS: round((writtenAt - begunAt) / 1000),
    drainedAfterS: round((performance.now() - writtenAt) / 1000),
  }
}

async function queriesOfOutbox() {
  const [[row]] = await root.query(
    `SELECT SELECT_COMMANDS + UPDATE_COMMANDS + OTHER_COMMANDS AS number
     FROM information_schema.USER_STATISTICS WHERE USER = 'outbox'`)
  return Number(row?.number ?? 0)
}

async function measureIdle() {
  await until(async () => (await waiting()) === 0, 'the table to be empty')
  const before = await queriesOfOutbox()
  const sinceMs = performance.now()
  await delay(10_000)
  const after = await queriesOfOutbox()
  const queriesPerS = ((after - before) * 1000) / (performance.now() - sinceMs)
  const connection = await writer()
  const times = []
  for (let n = 0; n < idle; n += 1) {
    const name = `idle-${n}`
    const arrived = new Promise((resolve) => (onRow = (row) => row === name && resolve()))
    const details = JSON.stringify([name, 'idle', n])
    await connection.execute(INSERT, ['row', details, `{"user":"${USER}"}`])
    const committedAt = performance.now()
    await arrived
    times.push(performance.now() - committedAt)
    await delay(30 + Math.random() * 100)
  }
  await connection.end()
  report.idle = {rows: idle, latencyMs: spreadOf(times), queriesPerS: round(queriesPerS)}
}

async function measureBacklog() {
  const nodes = [...mesh.nodes]
  for (const node of nodes) node.child.kill('SIGSTOP')
  await root.query(`INSERT INTO bench.wsmesh_outbox (action, details, target)
    SELECT 'row', CONCAT('["b', seq, '","b",', seq, ']'), '{"user":"${USER}"}'
    FROM bench.seq_1_to_${backlog}`)
  const before = positions.size
  for (const node of nodes) node.child.kill('SIGCONT')
  const begunAt = performance.now()
  const rssMiB = []
  await until(async () => {
    await delay(500)
    rssMiB.push(Math.max(...nodes.map(({child}) => rssMiBOf(child.pid))))
    return positions.size - before >= backlog && (await waiting()) === 0
  }, 'the backlog to drain', 3_600_000)
  const seconds = (performance.now() - begunAt) / 1000
  report.backlog = {
    rows: backlog, seconds: round(seconds), rowsPerS: Math.round(backlog / seconds),
    rssMiBHalfway: Math.max(...rssMiB.slice(0, rssMiB.length / 2)), rssMiBMax: Math.max(...rssMiB),
  }
}

function rssMiBOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}

function round(value) {
  return Math.round(value * 10) / 10
}

try {
  for (let n = 0; n < NODES; n += 1) await startNode()
  await until(async () => {
    const [tables] = await root.query("SHOW TABLES IN bench LIKE 'wsmesh_outbox_aside'")
    return tables.length > 0
  }, 'the outbox to be made')
  if (rows > 0) await load()
  if (idle > 0) await measureIdle()
  if (backlog > 0) await measureBacklog()
  report.counters = []
  for (const node of mesh.nodes) {
    const {node: id, role, counters} = await statsOf(node)
    const {outboxRowsSent, outboxFailures, repeats} = counters
    report.counters.push({id, role, outboxRowsSent, outboxFailures, repeats})
  }
  report.faults = faults.slice(0, 20)
  console.log(values.json ? JSON.stringify(report) : report)
  process.exitCode = faults.length === 0 ? 0 : 1
} finally {
  mesh.end()
  root.destroy()
  await server.end('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
}
// Clients of nodes that were stopped would keep it open.
process.exit()
