/**
 * Rubbish at every door of one real node (P10): random bytes and mutated frames as a client before
 * and after its proof, as a node and as an operator, and half-finished HTTP. Prints connections and
 * memory before and after; fails when the node dies, keeps a connection, or grows.
 *
 *   npm run build && node bench/rubbish.mjs --frames 100000
 */
import {spawn} from 'node:child_process'
import {randomBytes, randomInt} from 'node:crypto'
import {mkdtempSync, rmSync} from 'node:fs'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {WebSocket} from 'ws'
import {loadSecret} from '../dist/lib/auth/secret.js'
import {signToken} from '../dist/lib/auth/token.js'
import {SUBPROTOCOL} from '../dist/lib/protocol/version.js'

const {values} = parseArgs({options: {frames: {type: 'string', default: '100000'}}})
const framesMax = Number(values.frames)
const PARALLEL = 50
const GROWTH_MIB_MAX = 64

const folder = mkdtempSync(join(tmpdir(), 'wsmesh-rubbish-'))
const env = {...process.env, WSMESH_DATA_DIR: folder}
const bin = join(import.meta.dirname, '..', 'bin', 'run.js')
const state = {sent: 0, isRunning: true}
const child = spawn(process.execPath, [bin, 'serve', '--port', '0', '--json'], {
  env, stdio: ['ignore', 'pipe', 'ignore'],
})
child.once('exit', () => (state.isRunning = false))
const ready = await new Promise((resolve) => {
  let out = ''
  child.stdout.on('data', (data) => {
    out += data
    if (out.includes('\n')) resolve(JSON.parse(out.split('\n')[0]))
  })
})
const secret = await loadSecret({env: {}, dataDir: folder})
const token = await signToken({user: '42', groups: [], ttlMs: 3_600_000}, secret)
const {hostname, port} = new URL(ready.httpUrl)
const stats = async () => (await fetch(`${ready.httpUrl}/stats`)).json()

const proof = JSON.stringify({action: 'Client/authentication', details: [{token}]})
const seeds = [
  proof, '{"action":"hello","details":["Hi"]}', '["hello",null]', '{"action":"x","details":{',
  '{"type":"proof","role":"node","node":"n1","nonce":"x","version":1,"mac":"y"}',
  '{"id":1,"op":"stats"}', '['.repeat(5000), '{"a":'.repeat(3000), '\u0000', 'null', '1e999',
]

function rubbish() {
  if (randomInt(2) === 0) return randomBytes(randomInt(1, 400))
  const bytes = Buffer.from(seeds[randomInt(seeds.length)])
  for (let i = randomInt(4); i > 0 && bytes.length > 0; i--) {
    bytes[randomInt(bytes.length)] = randomInt(256)
  }
  return randomInt(3) === 0 ? bytes.toString('latin1') : bytes
}

const closes = new Map()

/** One connection that sends rubbish until it is closed, or has sent its share. */
function attackSocket(url, subprotocols, opening) {
  return new Promise((resolve) => {
    const ws = new WebSocket(url, subprotocols)
    ws.on('error', () => {})
    ws.on('open', () => {
      if (opening) ws.send(opening)
      for (let i = randomInt(1, 40); i > 0 && ws.readyState === ws.OPEN; i--) {
        ws.send(rubbish(), {binary: randomInt(2) === 0})
        state.sent += 1
      }
      setTimeout(() => ws.terminate(), 100)
    })
    ws.on('close', (code) => {
      closes.set(code, (closes.get(code) ?? 0) + 1)
      resolve()
    })
  })
}

const HALVES = [
  'GET /WebSockets HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n', 'GET / HT', 'POST /stats HTTP/1.1\r\n',
  'GET /WebSockets HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: no\r\n\r\n',
  '\x16\x03\x01\x02\x00', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'GET /healthz HTTP/1.1\r\nContent-Length: 99\r\n\r\nx',
]

function attackHttp() {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(randomInt(4) === 0 ? randomBytes(200) : HALVES[randomInt(HALVES.length)])
      state.sent += 1
      // Some are left half-finished for the node to end; the others go at once.
      if (randomInt(20) > 0) setTimeout(() => socket.destroy(), randomInt(50))
    })
    socket.on('error', () => {})
    socket.resume().on('close', resolve)
  })
}

async function attacker() {
  while (state.sent < framesMax && state.isRunning) {
    const kind = randomInt(6)
    if (kind === 0) await attackSocket(ready.clientUrl, [])
    else if (kind === 1) await attackSocket(ready.clientUrl, [SUBPROTOCOL.client], proof)
    else if (kind === 2) await attackSocket(ready.clientUrl, [], proof)
    else if (kind === 3) await attackSocket(ready.nodeUrl, [SUBPROTOCOL.node])
    else if (kind === 4) await attackSocket(ready.nodeUrl, [SUBPROTOCOL.operator])
    else await attackHttp()
  }
}

try {
  // Warm: code compiled, buffers made; growth is measured from here.
  while (state.sent < framesMax / 10) await Promise.all(Array.from({length: PARALLEL}, attackSocketOnce))
  const before = await stats()
  const startMs = performance.now()
  await Promise.all(Array.from({length: PARALLEL}, attacker))
  const seconds = (performance.now() - startMs) / 1000
  if (!state.isRunning) throw new Error('the node died')
  let after = await stats()
  for (let i = 0; i < 600 && (after.connections > 0 || after.operators > 0); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    after = await stats()
  }
  const growthMiB = (after.rssBytes - before.rssBytes) / 2 ** 20
  console.log(`${state.sent} frames and requests in ${seconds.toFixed(1)} s; the node lives`)
  console.log(`closes by code: ${JSON.stringify(Object.fromEntries(closes))}`)
  console.log(`connections after: ${after.connections}, operators ${after.operators}, links ${after.links}`)
  console.log(`RSS ${(before.rssBytes / 2 ** 20).toFixed(0)} -> ${(after.rssBytes / 2 ** 20).toFixed(0)} MiB`)
  const isLeft = after.connections + after.operators + after.links > 0
  if (isLeft || growthMiB > GROWTH_MIB_MAX) process.exitCode = 98
} finally {
  child.kill('SIGKILL')
  rmSync(folder, {recursive: true, force: true})
}

function attackSocketOnce() {
  return attackSocket(ready.clientUrl, [], proof)
}
