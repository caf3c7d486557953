#!/usr/bin/env node
/**
 * What POST /publish costs: requests and messages a second, latency, and CPU of the nodes for each
 * message, with autocannon against nodes of its own on this machine.
 *
 *   npm run build && node bench/http-publish.mjs --nodes 3 --seconds 10
 *   node bench/http-publish.mjs --batch 100
 *   node bench/http-publish.mjs --wait accepted --connections 32 --pipelining 4
 *
 * Every request goes to the node that started last, which is no master, so that a message takes the
 * longest way.
 * Fails when a request is answered with anything but 200 or 202, or when the nodes published another
 * number of messages than were answered. No figure has to be reached: autocannon has its share of
 * the same cores.
 */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {parseArgs} from 'node:util'
import autocannon from 'autocannon'
import {formatApiKeys, hashOfApiKey, makeApiKey} from '../dist/lib/auth/api-keys.js'
import {replaceFile} from '../dist/lib/auth/replace-file.js'

const {values} = parseArgs({
  options: {
    nodes: {type: 'string', default: '3'},
    seconds: {type: 'string', default: '10'},
    connections: {type: 'string', default: '16'},
    pipelining: {type: 'string', default: '1'},
    batch: {type: 'string', default: '1'},
    wait: {type: 'string', default: 'receipt'},
    bytes: {type: 'string', default: '100'},
    json: {type: 'boolean', default: false},
  },
})
const number = (name, min) => {
  const value = Number(values[name])
  if (Number.isInteger(value) && value >= min) return value
  console.error(`--${name} is a whole number from ${min}`)
  return process.exit(2)
}
const [nodes, seconds, connections] = [number('nodes', 1), number('seconds', 1), number('connections', 1)]
const [pipelining, batch, bytes] = [number('pipelining', 1), number('batch', 1), number('bytes', 0)]
/** Of /proc/PID/stat. */
const TICK_MS = 10

const folder = mkdtempSync(join(tmpdir(), 'wsmesh-http-'))
const env = {...process.env, WSMESH_DATA_DIR: folder}
const bin = join(import.meta.dirname, '..', 'bin', 'run.js')
const children = []

async function start() {
  const args = [bin, 'serve', '--port', '0', '--json', '--log-level', 'warn']
  const child = spawn(process.execPath, args, {env, stdio: ['ignore', 'pipe', 'inherit']})
  children.push(child)
  const [line] = await once(createInterface({input: child.stdout}), 'line')
  return JSON.parse(line)
}

async function statsOf({httpUrl}) {
  return (await fetch(`${httpUrl}/stats`)).json()
}

/** Milliseconds of processor time since it started; undefined where there is no /proc. */
function cpuMs({pid}) {
  const path = `/proc/${pid}/stat`
  if (!existsSync(path)) return undefined
  const fields = readFileSync(path, 'utf8').replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** One run; how many messages were answered, and what it took. */
async function run(mesh, key, durationS) {
  const at = mesh.at(-1)
  const message = {action: 'bench', details: ['x'.repeat(bytes)], target: {user: 'nobody'}}
  const path = batch === 1 ? '/publish' : '/publish/batch'
  const body = batch === 1 ? message : {messages: Array.from({length: batch}, () => message)}
  const before = mesh.map(cpuMs)
  const {messagesPublished} = (await statsOf(at)).counters
  const result = await autocannon({
    url: `${at.apiUrl}${path}${values.wait === 'receipt' ? '' : `?wait=${values.wait}`}`,
    method: 'POST', duration: durationS, connections, pipelining, body: JSON.stringify(body),
    headers: {authorization: `Bearer ${key}`, 'content-type': 'application/json'},
  })
  const cpu = mesh.map((node, n) => cpuMs(node) - before[n])
  const published = (await statsOf(at)).counters.messagesPublished - messagesPublished
  return {result, cpu, published}
}

function report(mesh, {result, cpu, published}, rss) {
  const messages = result['2xx'] * batch
  const figures = {
    nodes, connections, pipelining, batch, wait: values.wait, bytes,
    requestsPerS: Math.round(result.requests.average),
    messagesPerS: Math.round(messages / result.duration),
    p50Ms: result.latency.p50, p99Ms: result.latency.p99, maxMs: result.latency.max,
    cpuUsPerMessage: Object.fromEntries(mesh.map(({role}, n) =>
      [`${n + 1} ${role}`, messages === 0 ? null : Math.round((cpu[n] * 1000) / messages)])),
    rssMiB: rss,
    failed: result.non2xx + result.errors + result.timeouts,
    answered: messages, published,
  }
  console.log(values.json ? JSON.stringify(figures) : figures)
  // What was on its way when autocannon stopped was published and not answered.
  const onTheWay = connections * pipelining * batch
  const isCounted = published >= messages && published <= messages + onTheWay
  return figures.failed === 0 && isCounted
}

try {
  const key = makeApiKey()
  const entry = {name: 'bench', sha256: hashOfApiKey(key), allow: ['publish'], perSecond: 0}
  await replaceFile(join(folder, 'api-keys.json'), formatApiKeys([entry]), 0o600)
  const mesh = []
  for (let n = 0; n < nodes; n += 1) mesh.push(await start())
  const rss = async () => Promise.all(mesh.map(async (node) =>
    Math.round((await statsOf(node)).rssBytes / 2 ** 20)))
  await run(mesh, key, 2)
  const before = await rss()
  const measured = await run(mesh, key, seconds)
  const isRight = report(mesh, measured, {before, after: await rss()})
  process.exitCode = isRight ? 0 : 1
} finally {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(children.map((child) => child.exitCode ?? once(child, 'close')))
  rmSync(folder, {recursive: true, force: true})
}
