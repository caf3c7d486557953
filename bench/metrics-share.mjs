/**
 * What share of a node's processor time its metrics take, by V8's own profiler, while a siege gives
 * it what it can take and /metrics is asked for each second: samples in what measures, of all
 * samples in which the node was not idle. Both are of the same seconds, so a machine that changes
 * its speed changes both, and no second run is compared with.
 *
 *   npm run build && node bench/metrics-share.mjs [--seconds 40] [--target user|everyone]
 *     [--clients 200] [--rate 20000] [--keep FILE] [--json]
 *
 * Fails when it is 2 % or more.
 */
import {execFile, spawn} from 'node:child_process'
import {once} from 'node:events'
import {copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs, promisify} from 'node:util'

const {values} = parseArgs({
  options: {
    seconds: {type: 'string', default: '40'},
    target: {type: 'string', default: 'user'},
    clients: {type: 'string', default: '200'},
    rate: {type: 'string', default: '20000'},
    keep: {type: 'string'},
    json: {type: 'boolean', default: false},
  },
})
const SHARE_MAX = 0.02
/** Not looked at: code is loaded and compiled, and the siege has its rate. */
const WARM_MS = 10_000
const run = promisify(execFile)
const BIN = join(import.meta.dirname, '..', 'bin', 'run.js')

/** What is there for metrics alone, with all that it calls. */
const PARTS = [
  ['times of messages', /node\/metrics\/(?:latency|meter)\.js$/],
  ['garbage collections', /node\/metrics\/gc-times\.js$|internal\/perf\/observe$/],
  ['answers to /metrics', /node\/metrics\/|^prom-client$|node_modules\/prom-client\//],
  ['samples, every second', /node\/(?:stats|loop-delay)\.js$/],
]

/** The part whose code this is; undefined for all else. */
function partOf({url}) {
  return PARTS.find(([, pattern]) => pattern.test(url))?.[0]
}

/** Samples of each part: of its own code and of what it called, and of all that is not idle. */
function sharesOf({nodes, samples, timeDeltas}) {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const partById = new Map()
  const mark = (node, above) => {
    const part = above ?? partOf(node.callFrame)
    partById.set(node.id, part)
    for (const id of node.children ?? []) mark(byId.get(id), part)
  }
  mark(nodes[0])
  let busyUs = 0
  const us = Object.fromEntries(PARTS.map(([part]) => [part, 0]))
  let atUs = 0
  for (const [index, id] of samples.entries()) {
    atUs += timeDeltas[index]
    if (atUs < WARM_MS * 1000) continue
    const name = byId.get(id).callFrame.functionName
    if (name === '(idle)' || name === '(root)') continue
    const each = timeDeltas[index]
    busyUs += each
    const part = partById.get(id)
    if (part !== undefined) us[part] += each
  }
  return {busyUs, us}
}

function percent(share) {
  return `${(share * 100).toFixed(2)} %`
}

const folder = mkdtempSync(join(tmpdir(), 'wsmesh-metrics-'))
const env = {...process.env, WSMESH_DATA_DIR: folder}
const profiling = ['--cpu-prof', `--cpu-prof-dir=${folder}/profile`, '--cpu-prof-interval', '500']
const serve = ['serve', '--port', '0', '--json', '--guests', 'allow']
const node = spawn('taskset', ['-c', '0', process.execPath, ...profiling, BIN, ...serve], {
  env, stdio: ['ignore', 'pipe', 'ignore'],
})
process.on('exit', () => {
  node.kill('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))
const [line] = await once(node.stdout.setEncoding('utf8'), 'data')
const {httpUrl, pid} = JSON.parse(line.split('\n')[0])
const {clients, rate, target, seconds} = values
const load = ['siege', '-c', clients, '-r', rate, '--target', target, '-t', `${seconds}s`, '--json']
const siege = run('taskset', ['-c', '1', process.execPath, BIN, ...load], {env, maxBuffer: 2 ** 26})
const asking = setInterval(() => {
  fetch(`${httpUrl}/metrics`).then((answer) => answer.text(), () => {})
}, 1000)
// A siege that finds the node too slow has failed; the node was busy all the same.
await siege.catch(({stderr}) => process.stderr.write(stderr))
clearInterval(asking)
const {counters} = await (await fetch(`${httpUrl}/stats`)).json()
process.kill(pid, 'SIGTERM')
await once(node, 'exit')
const [file] = readdirSync(join(folder, 'profile'))
const path = join(folder, 'profile', file)
if (values.keep !== undefined) copyFileSync(path, values.keep)
const {busyUs, us} = sharesOf(JSON.parse(readFileSync(path, 'utf8')))
const shares = Object.fromEntries(Object.entries(us).map(([part, each]) => [part, each / busyUs]))
const all = Object.values(shares).reduce((sum, each) => sum + each, 0)
const messages = counters.messagesDelivered
if (values.json) console.log(JSON.stringify({messages, busyMs: busyUs / 1000, shares, all}))
else {
  for (const [part, share] of Object.entries(shares)) console.log(`${percent(share)}  ${part}`)
  console.log(`${percent(all)}  in all, of the last ${(busyUs / 1e6).toFixed(1)} s of CPU; `
    + `${messages} messages were delivered`)
}
process.exitCode = all < SHARE_MAX ? 0 : 1
