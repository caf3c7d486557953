/**
 * Does abuse hurt who behaves? 1,000 clients send 100 messages a second through one node, which has a
 * core of its own; everything else runs on another one. An attacker does all of his abuses at once,
 * in turns against the node and against another port, where something like a server swallows it all.
 * Compares the 99th percentile of round trips in both, and what is left in the node afterwards.
 * Exit status 98 when it is more than 3 times as much, or something is left.
 *
 *   npm run build && node bench/abuse.mjs --pairs 3 --seconds 10
 */
import {spawn, spawnSync} from 'node:child_process'
import {createHash, randomBytes} from 'node:crypto'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {connect, createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {fileURLToPath} from 'node:url'
import {parseArgs} from 'node:util'
import {deflateRawSync} from 'node:zlib'
import {WebSocket} from 'ws'
import {loadSecret} from '../dist/lib/auth/secret.js'
import {signToken} from '../dist/lib/auth/token.js'
import {SUBPROTOCOL} from '../dist/lib/protocol/version.js'

const {values} = parseArgs({options: {
  pairs: {type: 'string', default: '3'},
  seconds: {type: 'string', default: '10'},
  clients: {type: 'string', default: '1000'},
  rate: {type: 'string', default: '100'},
  attack: {type: 'string'},
}})
const RATIO_MAX = 3
const GROWTH_MIB_MAX = 48
const nothing = () => {}

// The attacker, a process of its own: --attack PORT, a good token in its environment.

function opening(path, extra = '') {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
    + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n${extra}\r\n`
}

/** Masked with zeros; `length` lies, in 64 bits. */
function frame(payload, {opcode = 1, fin = true, rsv = 0, length} = {}) {
  const body = Buffer.from(payload)
  const size = length ?? BigInt(body.length)
  const head = Buffer.alloc(14)
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  head[1] = 0x80 | 127
  head.writeBigUInt64BE(size, 2)
  return Buffer.concat([head, body])
}

/** All that he does, each so often a second. */
function abusesOf(raw, token) {
  const proof = frame(JSON.stringify({action: 'Client/authentication', details: [{token}]}))
  const bomb = frame(deflateRawSync(Buffer.alloc(20_000_000)), {rsv: 4})
  const bad = frame(JSON.stringify({action: 'Client/authentication', details: [{token: `${token}x`}]}))
  const big = frame(JSON.stringify({action: 'echo', details: ['x'.repeat(60_000)]}))
  const bigs = Array.from({length: 90}, () => big)
  const fragments = Buffer.concat(Array.from({length: 1000}, (_, n) =>
    frame('x', {opcode: n === 0 ? 1 : 0, fin: false})))
  const actions = Buffer.concat(Array.from({length: 200}, () => frame('{"action":"echo","details":[1]}')))
  const pings = Buffer.concat(Array.from({length: 200}, () => frame(randomBytes(100), {opcode: 9})))
  const ws = opening('/WebSockets')
  const deflate = opening('/WebSockets', 'Sec-WebSocket-Extensions: permessage-deflate\r\n')
  const node = opening('/mesh', `Sec-WebSocket-Protocol: ${SUBPROTOCOL.node}\r\n`)
  return [
    [40, () => raw('GET /WebSockets HTTP/1.1\r\nHost: x\r\nX-Slow: ', {keepMs: 60_000})],
    [40, () => raw(ws, {keepMs: 60_000})],
    [10, () => raw(ws, {next: [frame('x', {length: 2n ** 62n})]})],
    [10, () => raw(ws, {next: [fragments]})],
    [10, () => raw(ws, {next: [frame(Buffer.from([0x22, 0xc3, 0x28]))]})],
    [10, () => raw(ws, {next: [frame('x', {opcode: 9, fin: false})]})],
    [10, () => raw(deflate, {next: [bomb]})],
    [20, () => raw(ws, {next: [bad]})],
    [10, () => raw(ws, {next: [frame(`{"${'k'.repeat(1_000_000)}":1}`)]})],
    [10, () => raw(ws, {next: [frame('['.repeat(15_000))]})],
    [20, () => raw(ws, {next: [proof], keepMs: 30_000})],
    [5, () => raw(ws, {next: [proof], later: [actions, actions, actions], keepMs: 3000})],
    [5, () => raw(ws, {next: [proof], later: [pings, pings], keepMs: 3000})],
    [5, () => raw(ws, {next: [proof], later: bigs, isReading: false, keepMs: 8000})],
    [20, () => raw(node, {next: [frame(randomBytes(2000), {opcode: 2})]})],
    [20, () => raw('GET /stats HTTP/1.1\r\nHost: evil.example\r\n\r\n')],
    [10, () => raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(30_000)}\r\n\r\n`)],
    [10, () => raw(randomBytes(500))],
  ]
}

async function attack(port) {
  const {ABUSE_TOKEN: token} = process.env
  const isOver = {at: false}
  process.once('SIGTERM', () => (isOver.at = true))
  const sockets = new Set()
  /** `later` is sent when a proof that was sent before has been checked. */
  function raw(first, {next = [], later = [], isReading = true, keepMs = 100} = {}) {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(first)
      for (const data of next) if (socket.writable) socket.write(data)
      if (later.length > 0) {
        setTimeout(() => {
          for (const data of later) if (socket.writable) socket.write(data)
        }, 500).unref()
      }
      setTimeout(() => socket.destroy(), keepMs).unref()
    })
    sockets.add(socket)
    socket.on('error', nothing).on('close', () => sockets.delete(socket))
    if (isReading) socket.resume()
    else socket.pause()
    return socket
  }
  const abuses = abusesOf(raw, token)
  const due = abuses.map(() => 0)
  let beforeMs = performance.now()
  while (!isOver.at) {
    await delay(20)
    const nowMs = performance.now()
    for (const [n, [perSecond, abuse]] of abuses.entries()) {
      // Late is not caught up with: the attack is bounded.
      due[n] += (perSecond * Math.min(100, nowMs - beforeMs)) / 1000
      for (; due[n] >= 1; due[n] -= 1) abuse()
    }
    beforeMs = nowMs
    // One more letter of each request that never ends.
    for (const socket of sockets) if (socket.writable && Math.random() < 0.002) socket.write('x')
  }
  for (const socket of sockets) socket.destroy()
  process.exit()
}

if (values.attack !== undefined) await attack(Number(values.attack))

// The judge.

/** On this core, if the machine has it and the tool is there. */
const hasTaskset = spawnSync('taskset', ['-V']).status === 0
const onCore = (core, command) => (hasTaskset ? ['taskset', '-c', String(core), ...command] : command)
function run(core, args, options) {
  const [file, ...rest] = onCore(core, [process.execPath, ...args])
  return spawn(file, rest, options)
}
if (hasTaskset) spawnSync('taskset', ['-cp', '1', String(process.pid)])

/** Accepts everything, upgrades what asks for it, and swallows the rest. */
const decoy = createServer((socket) => {
  let isOpen = false
  socket.on('error', nothing).on('data', (data) => {
    const key = isOpen ? undefined : /Sec-WebSocket-Key: (\S+)/.exec(data.toString('latin1'))?.[1]
    if (key === undefined) return
    isOpen = true
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  })
})
await new Promise((resolve) => decoy.listen(0, '127.0.0.1', resolve))

const folder = mkdtempSync(join(tmpdir(), 'wsmesh-abuse-'))
const actions = join(folder, 'actions.mjs')
writeFileSync(actions, `export default (mesh) => {
  mesh.on('echo', ({details, reply}) => reply(details))
  mesh.on('trip', async ({details, user, send}) => { await send('trip', details, {user}) })
}\n`)
const bin = join(import.meta.dirname, '..', 'bin', 'run.js')
const child = run(0, [bin, 'serve', '--port', '0', '--json', '--actions', actions, '--log-level', 'error'], {
  env: {...process.env, WSMESH_DATA_DIR: folder}, stdio: ['ignore', 'pipe', 'inherit'],
})
const death = {why: undefined}
child.once('exit', (code, signal) => (death.why = `the node ended (${code ?? signal})`))
const ready = await new Promise((resolve) => {
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
    if (out.includes('\n')) resolve(JSON.parse(out.split('\n')[0]))
  })
})
const port = Number(new URL(ready.httpUrl).port)
const secret = await loadSecret({env: {}, dataDir: folder})
const tokenOf = (user) => signToken({user, groups: [], ttlMs: 86_400_000}, secret)
const stats = async () => (await fetch(`${ready.httpUrl}/stats`)).json()

let trips = []
async function behave(n) {
  const socket = new WebSocket(ready.clientUrl)
  socket.on('error', nothing).on('close', () => (death.why ??= 'a client that behaves was closed'))
  await new Promise((resolve) => socket.once('open', resolve))
  const answered = new Promise((resolve) => socket.once('message', resolve))
  socket.send(JSON.stringify({action: 'Client/authentication', details: [{token: await tokenOf(`u${n}`)}]}))
  await answered
  socket.on('message', (data) => trips.push(performance.now() - JSON.parse(data).details[0]))
  return socket
}
const clients = []
for (let n = 0; n < Number(values.clients); n += 50) {
  clients.push(...(await Promise.all(Array.from({length: 50}, (_, m) => behave(n + m)))))
}

/** So long, at an even pace; every round trip in milliseconds, those that never ended as well. */
async function measure(ms) {
  trips = []
  let sent = 0
  const startMs = performance.now()
  while (performance.now() - startMs < ms) {
    const dueNow = Math.floor(((performance.now() - startMs) * Number(values.rate)) / 1000)
    for (; sent < dueNow; sent += 1) {
      clients[(sent * 7919) % clients.length].send(`{"action":"trip","details":[${performance.now()}]}`)
    }
    await delay(2)
  }
  for (let n = 0; n < 250 && trips.length < sent; n += 1) await delay(20)
  const sorted = trips.toSorted((a, b) => a - b)
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
  return {sent, lost: sent - trips.length, p50: at(0.5), p99: at(0.99), most: at(1)}
}

/** What the node has used of its core, in seconds; undefined where there is no /proc. */
function cpuS() {
  try {
    const fields = readFileSync(`/proc/${ready.pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return undefined
  }
}

async function under(target) {
  const attacker = run(1, [fileURLToPath(import.meta.url), '--attack', String(target)], {
    env: {...process.env, ABUSE_TOKEN: await tokenOf('attacker')}, stdio: ['ignore', 'inherit', 'inherit'],
  })
  const gone = new Promise((resolve) => attacker.once('exit', resolve))
  await delay(2000)
  const [beforeS, startMs] = [cpuS(), performance.now()]
  const result = await measure(Number(values.seconds) * 1000)
  const cpu = (cpuS() - beforeS) / ((performance.now() - startMs) / 1000)
  attacker.kill('SIGTERM')
  await gone
  for (let n = 0; n < 300 && (await stats()).connections > clients.length; n += 1) await delay(100)
  return {...result, cpu}
}

async function atRest() {
  let least
  for (let n = 0; n < 40; n += 1) {
    await delay(100)
    const now = await stats()
    if (least === undefined || now.heapBytes < least.heapBytes) least = now
  }
  return least
}

const ms = (n) => `${n.toFixed(1)} ms`
const mib = (n) => `${(n / 2 ** 20).toFixed(1)} MiB`
const say = (what, {sent, lost, p50, p99, most, cpu}) => {
  const used = Number.isFinite(cpu) ? `, the node uses ${(cpu * 100).toFixed(0)} % of a core` : ''
  console.log(`  ${what}  p50 ${ms(p50)}, p99 ${ms(p99)}, most ${ms(most)}, ${sent} sent, ${lost} lost${used}`)
}
const wrong = []
try {
  console.log(`${clients.length} clients, ${values.rate} messages/s, cores ${hasTaskset ? 'apart' : 'shared'}`)
  say('nobody attacks ', await measure(5000))
  await under(port)
  await under(decoy.address().port)
  const before = await atRest()
  const ratios = []
  for (let n = 0; n < Number(values.pairs); n += 1) {
    const other = await under(decoy.address().port)
    const node = await under(port)
    say('another port   ', other)
    say('the node       ', node)
    ratios.push(node.p99 / other.p99)
    if (node.lost > 0) wrong.push(`${node.lost} messages were lost`)
  }
  const after = await atRest()
  const middle = ratios.toSorted((a, b) => a - b)[Math.floor(ratios.length / 2)]
  console.log(`p99 against the node is ${middle.toFixed(2)} times that against another port (${ratios.map((each) => each.toFixed(2)).join(', ')})`)
  console.log(`heap ${mib(before.heapBytes)} -> ${mib(after.heapBytes)}, RSS ${mib(before.rssBytes)} -> ${mib(after.rssBytes)}, connections ${after.connections}, timers ${before.timers} -> ${after.timers}`)
  const {counters} = after
  console.log(`counted: ${Object.entries(counters).filter(([name, n]) => n > 0 && /Refused|Too|Dropped|Violations|Failed|TimedOut|Timeouts|slow/.test(name)).map(([name, n]) => `${name} ${n}`).join(', ')}`)
  if (middle > RATIO_MAX) wrong.push(`more than ${RATIO_MAX} times as much`)
  if (after.connections !== clients.length) wrong.push('connections are left')
  if (after.heapBytes - before.heapBytes > GROWTH_MIB_MAX * 2 ** 20) wrong.push('memory is left')
} catch (error) {
  wrong.push(death.why ?? error.stack)
} finally {
  if (death.why !== undefined) wrong.push(death.why)
  for (const each of new Set(wrong)) console.log(`FAIL ${each}`)
  if (wrong.length === 0) console.log('PASS')
  child.kill('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
}
process.exit(wrong.length === 0 ? 0 : 98)
