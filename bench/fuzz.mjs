/**
 * Whatever comes, at every door of one real node (P10): requests that are no HTTP, frames that break
 * RFC 6455, values that no handler expects, from strangers, clients, operators and who says he is a
 * node. Meanwhile one client that behaves must be answered, and at the end nothing may be left:
 * connections, timers, memory. Prints the seed; exit status 98 when something does not hold.
 *
 *   npm run build && node bench/fuzz.mjs --minutes 30
 */
import {spawn} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'
import {loadSecret} from '../dist/lib/auth/secret.js'
import {dialerHandshake} from '../dist/lib/auth/handshake.js'
import {signToken} from '../dist/lib/auth/token.js'
import {SUBPROTOCOL} from '../dist/lib/protocol/version.js'
import {seededRandom} from '../dist/lib/util/random.js'

const {values} = parseArgs({options: {
  minutes: {type: 'string', default: '0'},
  seconds: {type: 'string', default: '0'},
  seed: {type: 'string', default: String(Date.now() % 1_000_000)},
  parallel: {type: 'string', default: '24'},
}})
const durationMs = Number(values.minutes) * 60_000 + Number(values.seconds) * 1000 || 10_000
const CANARY_MS_MAX = 10_000
const GROWTH_MIB_MAX = 24
const random = seededRandom(Number(values.seed))
const below = (n) => Math.floor(random.next() * n)
const pick = (list) => list[below(list.length)]
const chance = (p) => random.next() < p
const nothing = () => {}
const bytes = (n) => Buffer.from(Array.from({length: n}, () => below(256)))

// Values.

const NAMES = [
  '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'then', '', ' ',
  'echo', 'send', 'Client/authentication', 'Client/disconnection', 'echo:error', 'x'.repeat(300),
  'a'.repeat(60_000), '\u0000', '\u202e', '\ud800', '💥', 'length', '-1', '0', 'NaN',
]

function value(depth = 0) {
  const kind = below(depth > 5 ? 6 : 9)
  if (kind === 0) return pick([0, -0, 1, -1, 1e308, 5e-324, 2 ** 53, -(2 ** 53), 0.1, 42])
  if (kind === 1) return pick([true, false, null])
  if (kind < 4) return pick(NAMES)
  if (kind === 4) return bytes(below(40)).toString('latin1')
  if (kind === 5) return ''
  if (kind === 6) return Array.from({length: below(6)}, () => value(depth + 1))
  // Not by assignment: `__proto__` shall be a key like any other.
  return Object.fromEntries(Array.from({length: below(6)}, () => [pick(NAMES), value(depth + 1)]))
}

const details = () => (chance(0.5) ? [value(), value()] : value())
const target = () => pick([
  {user: value()}, {group: value()}, {session: value()}, {filter: value()}, {everyone: value()},
  {registered: true}, {filter: {[pick(NAMES)]: value()}}, value(), {user: 42, group: 'x'},
])

const GOOD_TARGETS = [
  {user: ['f', '__proto__']}, {group: 'constructor'}, {filter: {language: 'toString'}},
  {everyone: true}, {registered: true}, {session: '__proto__'},
]

function clientText() {
  const frame = pick([
    {action: pick(NAMES), details: details()},
    {action: 'echo', details: details(), id: value()},
    {action: 'send', details: [value(), value(), target()]},
    {action: 'send', details: [pick(NAMES), details(), pick(GOOD_TARGETS)]},
    {action: 'throw', details: details()},
    {action: 'Client/authentication', details: [{token: value(), session: value(), resume: value()}]},
    {action: 'Client/authentication', details: [value()]},
    value(),
  ])
  return mutated(JSON.stringify(frame) ?? 'undefined')
}

/** The same in the form of 2015, and what that form alone has. */
function arrayText() {
  return mutated(JSON.stringify(pick([
    [pick(NAMES), details()],
    ['echo', value(), value(), value()], ['send', [pick(NAMES), details(), pick(GOOD_TARGETS)]],
    ['Client/authentication', {session: value(), user_agent: value(), language: value()}],
    ['Client/authentication', null], ['["echo","early"]', null], [value()], [], value(),
  ])))
}

function operatorText() {
  const id = chance(0.8) ? below(1000) : value()
  return mutated(JSON.stringify(pick([
    {id, op: 'publish', action: pick(NAMES), details: details(), target: target()},
    {id, op: 'publish', action: 'n', details: details(), target: pick(GOOD_TARGETS)},
    {id, op: 'publish', action: 'n', details: details(), target: {user: 1}, messageId: value()},
    {id, op: 'who', limit: value(), filter: value()}, {id, op: 'explain', message: value()},
    {id, op: 'explain', user: value()}, {id, op: 'tail', filter: value()}, {id, op: 'stats'},
    {id, op: pick(NAMES)}, value(),
  ])) ?? 'undefined')
}

/** Mostly as it is. */
function mutated(text) {
  if (chance(0.6)) return Buffer.from(text)
  const data = Buffer.from(text)
  for (let n = below(4); n > 0 && data.length > 0; n -= 1) data[below(data.length)] = below(256)
  return chance(0.2) ? data.subarray(0, below(data.length + 1)) : data
}

const DEEP = ['['.repeat(30_000), '{"a":'.repeat(10_000), `{"action":"echo","details":${'['.repeat(63)}${']'.repeat(63)}}`]

// Frames.

/** One frame; mostly right, with lies in its header now and then. */
function frame(payload, {opcode = 1, fin = true} = {}) {
  const isLie = chance(0.15)
  const lied = isLie ? pick([0, 125, 126, 65_535, 65_536, 2 ** 31, 2 ** 40]) : payload.length
  const rsv = chance(0.04) ? below(8) << 4 : 0
  const first = (fin ? 0x80 : 0) | rsv | (chance(0.04) ? below(16) : opcode)
  const isMasked = !chance(0.03)
  const form = isLie && chance(0.5) ? pick([126, 127]) : lied < 126 ? lied : lied < 65_536 ? 126 : 127
  const head = Buffer.alloc(form < 126 ? 2 : form === 126 ? 4 : 10)
  head[0] = first
  head[1] = (isMasked ? 0x80 : 0) | form
  if (form === 126) head.writeUInt16BE(lied & 0xffff, 2)
  if (form === 127) {
    head.writeUInt32BE(chance(0.05) ? 0xffffffff : Math.floor(lied / 2 ** 32), 2)
    head.writeUInt32BE(lied >>> 0, 6)
  }
  if (!isMasked) return Buffer.concat([head, payload])
  const mask = bytes(4)
  const body = Buffer.from(payload)
  for (let n = 0; n < body.length; n += 1) body[n] ^= mask[n & 3]
  return Buffer.concat([head, mask, body])
}

function frames(text) {
  const kind = below(10)
  if (kind < 5) return frame(text())
  if (kind === 5) return frame(bytes(below(130)), {opcode: pick([8, 9, 10])})
  if (kind === 6) {
    const parts = Array.from({length: 1 + below(chance(0.1) ? 400 : 5)}, () => bytes(below(20)))
    return Buffer.concat(parts.map((part, n) =>
      frame(part, {opcode: n === 0 ? 1 : 0, fin: n === parts.length - 1})))
  }
  if (kind === 7) return frame(Buffer.from(pick(DEEP)))
  if (kind === 8) return frame(bytes(below(2000)), {opcode: pick([1, 2])})
  return bytes(below(300))
}

// Doors.

const folder = mkdtempSync(join(tmpdir(), 'wsmesh-fuzz-'))
const actions = join(folder, 'actions.mjs')
writeFileSync(actions, `export default (mesh) => {
  mesh.on('echo', ({details, reply}) => reply(details))
  mesh.on('send', async ({details: [action, details, target], send, error}) => {
    try { await send(action, details, target) } catch (failure) { error(400, failure.message) }
  })
  mesh.on('throw', () => { throw new Error('on purpose') })
}\n`)
const bin = join(import.meta.dirname, '..', 'bin', 'run.js')
const child = spawn(process.execPath, [
  bin, 'serve', '--port', '0', '--json', '--actions', actions, '--max-per-user', '1000000',
  '--handshake-timeout', '2s',
], {env: {...process.env, WSMESH_DATA_DIR: folder}, stdio: ['ignore', 'pipe', 'pipe']})
const end = {why: undefined}
child.once('exit', (code, signal) => (end.why = `the node ended (${code ?? signal})`))
let said = ''
child.stderr.on('data', (data) => (said = (said + data).slice(-20_000)))
const ready = await new Promise((resolve, reject) => {
  let out = ''
  child.once('exit', () => reject(new Error(said)))
  child.stdout.on('data', (data) => {
    out += data
    if (out.includes('\n')) resolve(JSON.parse(out.split('\n')[0]))
  })
})
const secret = await loadSecret({env: {}, dataDir: folder})
const tokenOf = (user) => signToken({user, groups: [], ttlMs: 86_400_000}, secret)
const proof = JSON.stringify({action: 'Client/authentication', details: [{token: await tokenOf('f')}]})
const arrayProof = JSON.stringify(['Client/authentication', {token: await tokenOf('f')}])
const port = Number(new URL(ready.httpUrl).port)
const stats = async () => (await fetch(`${ready.httpUrl}/stats`, {signal: AbortSignal.timeout(10_000)})).json()
const counts = {http: 0, client: 0, operator: 0, node: 0, frames: 0}

function opening(path, subprotocol) {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
    + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    + (subprotocol === undefined ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`) + '\r\n'
}

/** A raw connection: what `attack` does with it, then it goes, or is left for the node to end. */
function raw(attack) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => void attack(socket).catch(() => {}).finally(() => {
      setTimeout(() => socket.destroy(), chance(0.02) ? 4000 : below(20)).unref()
    }))
    socket.on('error', () => {})
    socket.on('close', resolve)
  })
}

async function write(socket, data) {
  const cut = chance(0.7) ? 0 : below(data.length)
  if (cut === 0) {
    socket.write(data)
    return
  }
  socket.write(data.subarray(0, cut))
  await delay(below(3))
  socket.write(data.subarray(cut))
}

const REQUESTS = [
  opening('/WebSockets'), opening('/mesh', SUBPROTOCOL.node), 'GET /stats HTTP/1.1\r\nHost: x\r\n\r\n',
  'POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
  `GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, '\x16\x03\x01\x02\x00\x01',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'GET http://x/ HTTP/1.1\r\n\r\n', 'OPTIONS * HTTP/1.0\r\n\r\n',
  opening('/WebSockets').replace('13', '12'), opening('/WebSockets').replace('dGhl', '!!'),
  opening('/WebSockets', 'a,,b,,'), opening('/WebSockets?x=%FF&x'), opening('//'), opening('*'),
]

async function http(socket) {
  counts.http += 1
  socket.resume()
  await write(socket, mutated(pick(REQUESTS)))
}

/** Reads texts that the node sends, enough for the handshake. */
function texts(socket) {
  let data = Buffer.alloc(0)
  const found = []
  let wake = nothing
  let isOpen = false
  socket.on('data', (chunk) => {
    data = Buffer.concat([data, chunk]).subarray(-200_000)
    if (!isOpen) {
      const end = data.indexOf('\r\n\r\n')
      if (end === -1) return
      isOpen = true
      data = data.subarray(end + 4)
    }
    while (data.length >= 2) {
      const short = data[1] & 127
      const start = short < 126 ? 2 : short === 126 ? 4 : 10
      if (data.length < start) break
      const size = short < 126 ? short : short === 126 ? data.readUInt16BE(2) : data.readUInt32BE(6)
      if (data.length < start + size) break
      if (found.length < 3) found.push(data.subarray(start, start + size).toString())
      data = data.subarray(start + size)
    }
    wake()
  })
  return async (index) => {
    for (let tries = 0; found.length <= index && tries < 50; tries += 1) {
      await Promise.race([new Promise((resolve) => (wake = resolve)), delay(20)])
    }
    return found[index]
  }
}

const right = (text) => {
  const mask = bytes(4)
  const body = Buffer.from(text)
  for (let n = 0; n < body.length; n += 1) body[n] ^= mask[n & 3]
  const head = body.length < 126
    ? Buffer.from([0x81, 0x80 | body.length])
    : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255])
  return Buffer.concat([head, mask, body])
}

async function shower(socket, text) {
  for (let n = 1 + below(12); n > 0 && socket.writable; n -= 1) {
    counts.frames += 1
    await write(socket, frames(text))
  }
}

async function client(socket) {
  counts.client += 1
  const next = texts(socket)
  socket.write(opening('/WebSockets', chance(0.5) ? SUBPROTOCOL.client : undefined))
  const isArray = chance(0.3)
  if (chance(0.7)) {
    socket.write(right(isArray ? arrayProof : proof))
    await next(0)
  }
  await shower(socket, isArray ? arrayText : clientText)
}

async function meshDoor(socket, role, text) {
  counts[role] += 1
  const next = texts(socket)
  socket.write(opening('/mesh', SUBPROTOCOL[role]))
  if (chance(0.5)) {
    const handshake = dialerHandshake({secret, role, self: `fuzz-${below(1e6)}`})
    const challenge = await next(0)
    const {send} = challenge === undefined ? {} : handshake.receive(challenge)
    if (send !== undefined) {
      socket.write(chance(0.2) ? frame(mutated(send)) : right(send))
      await next(1)
    }
  }
  await shower(socket, text)
}

async function attacker(untilMs) {
  while (performance.now() < untilMs && end.why === undefined) {
    const kind = below(10)
    if (kind < 2) await raw(http)
    else if (kind < 7) await raw(client)
    else if (kind < 9) await raw((socket) => meshDoor(socket, 'operator', operatorText))
    else await raw((socket) => meshDoor(socket, 'node', () => bytes(below(400))))
  }
}

/** A client that behaves: sends, waits for its answer, and says how long the longest took. */
async function canary(untilMs) {
  const ws = new WebSocket(ready.clientUrl)
  let answered = nothing
  ws.on('message', (data) => {
    const {action, details: [text]} = JSON.parse(data)
    if (action === 'Client/authentication' || text === 'I behave') answered()
  })
  const say = async (frame) => {
    const reply = new Promise((resolve) => (answered = () => resolve(true)))
    ws.send(frame)
    const isAnswered = await Promise.race([reply, delay(CANARY_MS_MAX * 2, false, {ref: false})])
    if (!isAnswered) throw new Error('the client that behaves has no answer')
  }
  await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject))
  await say(JSON.stringify({action: 'Client/authentication', details: [{token: await tokenOf('good')}]}))
  let longestMs = 0
  while (performance.now() < untilMs && end.why === undefined) {
    const startMs = performance.now()
    await say('{"action":"echo","details":["I behave"]}')
    longestMs = Math.max(longestMs, performance.now() - startMs)
    await delay(50)
  }
  ws.terminate()
  return longestMs
}

/** When nothing happens any more, the least heap of some seconds. */
async function atRest() {
  let now = await stats()
  for (let n = 0; n < 200 && now.connections + now.operators + now.links > 0; n += 1) {
    await delay(50)
    now = await stats()
  }
  let heap = now.heapBytes
  for (let n = 0; n < 30; n += 1) {
    await delay(100)
    now = await stats()
    heap = Math.min(heap, now.heapBytes)
  }
  return {...now, heap}
}

const run = async (ms) => {
  const untilMs = performance.now() + ms
  const attackers = Array.from({length: Number(values.parallel)}, () => attacker(untilMs))
  const [longestMs] = await Promise.all([canary(untilMs), ...attackers])
  return longestMs
}

const mib = (n) => `${(n / 2 ** 20).toFixed(1)} MiB`
console.log(`seed ${values.seed}, ${durationMs / 1000} s`)
const wrong = []
try {
  await run(Math.min(60_000, durationMs / 4))
  const before = await atRest()
  const longestMs = await run(durationMs * 0.75)
  const after = await atRest()
  console.log(`${JSON.stringify(counts)}; the node lives`)
  console.log(`longest answer to the client that behaves: ${longestMs.toFixed(0)} ms`)
  console.log(`heap ${mib(before.heap)} -> ${mib(after.heap)}, RSS ${mib(before.rssBytes)} -> ${mib(after.rssBytes)}`)
  console.log(`left: connections ${after.connections}, operators ${after.operators}, links ${after.links}, timers ${before.timers} -> ${after.timers}`)
  console.log(`counters ${JSON.stringify(Object.fromEntries(Object.entries(after.counters).filter(([, n]) => n > 0)))}`)
  if (after.connections + after.operators + after.links > 0) wrong.push('connections are left')
  if (after.timers > before.timers + 2) wrong.push('timers are left')
  if (after.heap - before.heap > GROWTH_MIB_MAX * 2 ** 20) wrong.push('the heap grew')
  if (longestMs > CANARY_MS_MAX) wrong.push('the client that behaves waited too long')
} catch (error) {
  wrong.push(end.why ?? error.stack ?? String(error))
} finally {
  if (/A bug in wsmesh/.test(said)) wrong.push('a bug in wsmesh')
  if (wrong.length > 0) console.log(said)
  for (const each of new Set(wrong)) console.log(`FAIL ${each}; again: --seed ${values.seed}`)
  if (wrong.length > 0) process.exitCode = 98
  else console.log('PASS no crash, no hang, no growth')
  child.kill('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
}
process.exit()
