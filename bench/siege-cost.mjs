/**
 * What siege costs beside what it measures, and whether a driver in C measures the same. On two
 * cores the node has one and the generator the other (taskset), where the system can do that.
 *
 *   npm run build && node bench/siege-cost.mjs --connections 10000 --rate 20000 --seconds 20
 *   node bench/siege-cost.mjs --driver --connections 100 --rate 2000 --seconds 10 --rounds 5
 *
 *   node bench/siege-cost.mjs --driver --server c --delays '1000 0.8 5000 0.15 20000 0.05'
 *   node bench/siege-cost.mjs --driver --server wsmesh
 *
 * `--server c`: an echo in C, which collects no garbage; with `--delays`, microseconds and shares.
 * `--server wsmesh`: the node under test itself, to whose users an operator publishes.
 *
 * Fails when siege used more than 2.5 times the CPU of the node, or, with --driver, when the median
 * of p50, p90 or p99 over all rounds differs from the driver's by more than 10 %. Both drive the
 * same server by the same schedule, taking turns at who is first; the rate rises for a second,
 * which neither measures. A round counts if other programs had at most a fifth of a core in it, and
 * of the machine not more than 2 % was taken away; there are --tries (three for each of --rounds).
 */
import {execFile, execFileSync, spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {availableParallelism, tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {parseArgs, promisify} from 'node:util'
import {dialerHandshake} from '../dist/lib/auth/handshake.js'
import {loadSecret} from '../dist/lib/auth/secret.js'
import {signToken} from '../dist/lib/auth/token.js'

const {values} = parseArgs({
  options: {
    connections: {type: 'string', default: '10000'},
    rate: {type: 'string', default: '20000'},
    seconds: {type: 'string', default: '20'},
    rounds: {type: 'string', default: '5'},
    tries: {type: 'string'},
    driver: {type: 'boolean', default: false},
    server: {type: 'string', default: 'node'},
    delays: {type: 'string', default: ''},
  },
})
const COST_MAX = 2.5
const DIFFERENCE_MAX = 0.1
const RAMP_S = 1
const OTHERS_MAX = 0.2
const STOLEN_MAX = 0.02
const tries = Number(values.tries ?? Number(values.rounds) * 3)
const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const bin = join(root, 'bin', 'run.js')
const folder = mkdtempSync(join(tmpdir(), 'wsmesh-cost-'))
const env = {...process.env, WSMESH_DATA_DIR: folder}
const OUTPUT_MAX = 64 * 1024 * 1024

/** A command on one core, where that is possible. */
function onCore(core, command, args) {
  return hasTaskset() ? ['taskset', ['-c', String(core), command, ...args]] : [command, args]
}

function hasTaskset() {
  try {
    execFileSync('taskset', ['-c', '1', 'true'])
    return true
  } catch {
    return false
  }
}

async function siege(...args) {
  const [command, all] = onCore(1, process.execPath, [bin, 'siege', ...args, '--json'])
  const {stdout} = await run(command, all, {env, maxBuffer: OUTPUT_MAX}).catch((error) => error)
  return JSON.parse(stdout)
}

function firstLine(child) {
  return new Promise((resolve) => {
    let out = ''
    child.stdout.on('data', (data) => {
      out += data
      if (out.includes('\n')) resolve(JSON.parse(out.split('\n')[0]))
    })
  })
}

const NODE = [process.execPath, [bin, 'serve', '--port', '0', '--json']]

async function cost() {
  const [command, args] = onCore(0, ...NODE)
  const node = spawn(command, args, {env, stdio: ['ignore', 'pipe', 'ignore']})
  await firstLine(node)
  try {
    const {connections, rate, seconds} = values
    const {generator, rates, verdict, reasons, counts} = await siege('-c', connections, '-r', rate,
      '-t', `${seconds}s`, '--connect-rate', '1000', '--timeout', '60s', '--drain', '30s')
    const ratio = generator.cpuPercent / generator.nodesCpuPercent
    console.log({
      verdict, reasons, delivered: counts.delivered, lost: counts.lost, deliveredPerS: rates.deliveredPerS,
      siegeCpuPercent: generator.cpuPercent, nodeCpuPercent: generator.nodesCpuPercent,
      ratio: Number(ratio.toFixed(2)), usPerMessage: generator.cpuUsPerMessage,
    })
    return ratio <= COST_MAX
  } finally {
    node.kill('SIGKILL')
  }
}

async function agreement() {
  const driver = join(folder, 'driver')
  execFileSync('cc', ['-O2', '-o', driver, join(import.meta.dirname, 'siege-driver.c'), '-lm'])
  const [command, args] = onCore(0, ...besieged())
  const logs = values.server === 'wsmesh' ? 'ignore' : 'inherit'
  const server = spawn(command, args, {env, stdio: ['ignore', 'pipe', logs]})
  const ready = await firstLine(server)
  const all = []
  try {
    // The server is compiled by then.
    await byDriver(driver, ready)
    const rounds = Number(values.rounds)
    for (let round = 1; round <= tries && all.length < rounds; round += 1) {
      const inTurn = [() => bySiege(ready), () => byDriver(driver, ready)]
      const isTurned = round % 2 === 0
      const [one, other] = isTurned ? inTurn.toReversed() : inTurn
      const watch = watchMachine(server.pid)
      const found = [await one(), await other()]
      const {others, stolen} = watch()
      const [ofSiege, ofDriver] = isTurned ? found.toReversed() : found
      const doesCount = others <= OTHERS_MAX && stolen <= STOLEN_MAX
      if (doesCount) all.push({siege: ofSiege, driver: ofDriver})
      console.log(JSON.stringify({doesCount, others, stolen, siege: ofSiege, driver: ofDriver}))
    }
  } finally {
    server.kill('SIGKILL')
  }
  if (all.length === 0) throw new Error('No round counts: the machine had too much else to do')
  return doAgree(all)
}

/** Cores that other programs had since, and which part of the machine was taken away. */
function watchMachine(server) {
  const before = ticks(server)
  return () => {
    const after = ticks(server)
    const share = (name) => (after[name] - before[name]) / (after.all - before.all)
    const others = (share('busy') - share('own')) * availableParallelism()
    return {others: Number(others.toFixed(3)), stolen: Number(share('stolen').toFixed(3))}
  }
}

function ticks(server) {
  const [user, nice, system, idle, io, irq, soft, stolen] =
    readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/ +/).slice(1).map(Number)
  const busy = user + nice + system + irq + soft
  const [mine, theirs] = ['self', server].map((pid) =>
    readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 15).map(Number))
  // Of this process with its children that ended, of the server without.
  const own = mine.reduce((sum, value) => sum + value, 0) + theirs[0] + theirs[1]
  return {busy, own, stolen, all: busy + idle + io + stolen}
}

function besieged() {
  if (values.server === 'wsmesh') return NODE
  const {dirname} = import.meta
  if (values.server !== 'c') return [process.execPath, [join(dirname, 'echo-server.mjs')]]
  const echo = join(folder, 'echo')
  execFileSync('cc', ['-O2', '-o', echo, join(dirname, 'siege-echo.c')])
  return [echo, values.delays.split(' ').filter((word) => word !== '')]
}

async function byDriver(driver, {port, clientUrl}) {
  const {connections, rate, seconds} = values
  const url = clientUrl === undefined ? undefined : new URL(clientUrl)
  const [command, args] = onCore(1, driver, [url?.port ?? port, connections, rate, seconds, 100,
    RAMP_S, ...(url === undefined ? [] : [url.pathname])].map(String))
  const child = spawn(command, args, {stdio: ['pipe', 'pipe', 'inherit']})
  const ended = once(child, 'close')
  let last = ''
  const secret = url && await loadSecret({env: {}, dataDir: folder})
  const handshake = url && dialerHandshake({secret, role: 'operator', self: 'driver'})
  if (url) child.stdin.write(await tokens(secret))
  for await (const line of createInterface({input: child.stdout})) {
    last = line
    if (url && line.includes('"challenge"')) child.stdin.end(`${handshake.receive(line).send}\n`)
  }
  const [status] = await ended
  if (status !== 0) throw new Error(`The driver ended with ${status}: ${last}`)
  const {p50, p90, p99, cpuMs} = JSON.parse(last)
  return {p50, p90, p99, cpuPercent: Math.round(cpuMs / (Number(seconds) * 10))}
}

let made

/** One a line, of the users that siege has too. */
async function tokens(secret) {
  made ??= (await Promise.all(Array.from({length: Number(values.connections)}, (_, user) =>
    signToken({user: `siege-${user}`, groups: [`siege-group-${user % 10}`], ttlMs: 3_600_000},
      secret)))).map((token) => `${token}\n`).join('')
  return made
}

async function bySiege({port}) {
  const {connections, rate, seconds} = values
  const plain = ['--connect-rate', '5000', '--protocol', 'plain', `ws://127.0.0.1:${port}/`]
  const mesh = ['--connect-rate', '1000', '--timeout', '60s', '--drain', '30s']
  const {latency, generator, reasons} = await siege('-c', connections, '-r', rate,
    '-t', `${seconds}s`, '--ramp', `${RAMP_S}s`, ...(port === undefined ? mesh : plain))
  const {p50Us: p50, p90Us: p90, p99Us: p99} = latency.message
  const {cpuPercent, isValid} = generator
  const {p50Us: ownP50, p90Us: ownP90, p99Us: ownP99} = latency.own
  return {p50, p90, p99, own: [ownP50, ownP90, ownP99], cpuPercent: Math.round(cpuPercent), isValid,
    reasons}
}

const middle = (list) => list[Math.floor(list.length / 2)]

function doAgree(rounds) {
  const of = (who, what) => rounds.map((round) => round[who][what]).toSorted((a, b) => a - b)
  let isGood = true
  for (const what of ['p50', 'p90', 'p99']) {
    const [ofSiege, ofDriver] = [of('siege', what), of('driver', what)]
    const ratio = middle(ofSiege) / middle(ofDriver)
    isGood &&= Math.abs(ratio - 1) <= DIFFERENCE_MAX
    // What disturbs a round disturbs both who took turns in it: so each round has its own ratio.
    const ratios = rounds.map((round) => round.siege[what] / round.driver[what])
      .toSorted((a, b) => a - b).map((value) => value.toFixed(2))
    const told = (list) => `${middle(list)} (${list[0]} to ${list.at(-1)})`
    console.log(`${what}: siege ${told(ofSiege)} us, driver ${told(ofDriver)} us, `
      + `ratio ${ratio.toFixed(2)}; of each round ${told(ratios)}`)
  }
  return isGood
}

try {
  const isGood = values.driver ? await agreement() : await cost()
  process.exitCode = isGood ? 0 : 1
} finally {
  rmSync(folder, {recursive: true, force: true})
}
