// An echo server with one known fault, as a process of its own: node faulty-server.mjs '{"fault": …}'
// It prints {"port"} when it listens; asked for "delays", how long after its intended sending, which
// each message carries, it answered each, in microseconds: what an ideal tool would measure.
import {WebSocketServer} from 'ws'

const {
  fault = 'none', every = 1000, delayMs = 0, afterMs = 0, lastsMs = 0, protocol = 'plain',
} = JSON.parse(process.argv[2] ?? '{}')
const server = new WebSocketServer({
  host: '127.0.0.1', port: 0, perMessageDeflate: false,
  verifyClient: (_, answer) => isLetIn() && answer(true),
})
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const nowUs = () => Number(process.hrtime.bigint()) / 1000
let messages = 0
/** What waits while the server stands still; undefined: it does not. */
let stalled

const delays = []

/** In milliseconds; some faults are nothing but a delay. */
function delayOf(ws) {
  if (fault === 'late-some') return ws.number % every === 0 ? delayMs : 0
  if (fault === 'drift') return messages * delayMs
  return fault === 'shuffle' ? Math.random() * delayMs : delayMs
}

function answer(ws, data) {
  const ms = delayOf(ws)
  if (ms > 0) setTimeout(() => send(ws, data), ms)
  else send(ws, data)
}

function send(ws, data) {
  const intended = /^~m.{29}([0-9a-f]{12})/.exec(data.toString('latin1'))
  if (intended) delays.push(Math.round(nowUs() - Number.parseInt(intended[1], 16)))
  if (fault === 'parts') sendInParts(ws, data)
  else ws.send(data, {binary: false})
  ws.last = data
}

/** No fault: text may come in fragments, with a ping between them. */
function sendInParts(ws, data) {
  ws.send(data.subarray(0, 30), {binary: false, fin: false})
  ws.ping('between')
  ws.send(data.subarray(30), {binary: false, fin: true})
}

function received(ws, data) {
  messages += 1
  if (stalled !== undefined) {
    stalled.push([ws, data])
    return
  }
  const isHit = fault in SPOILED || SPLIT.has(fault) ? (ws.messages += 1) % every === 0
    : messages % every === 0
  if (fault === 'stall' && messages === 1) setTimeout(stall, afterMs)
  if (fault === 'mute' && messages > every) return
  if (!isHit) {
    answer(ws, ws.glued === undefined ? data : Buffer.concat([ws.glued, data]))
    ws.glued = undefined
    if (ws.held !== undefined) answer(ws, ws.held)
    ws.held = undefined
    return
  }
  hit(ws, data)
}

/** What comes instead of what was sent. */
const SPOILED = {
  'cut-off': (data) => data.subarray(0, -10),
  'cut-short': (data) => data.subarray(0, 30),
  alter: (data) => Buffer.from(data.toString().replace('xxxx', 'xxyx')),
  'old-payload': (data, ws) => ws.last ?? data,
  // Its second digit: that of a connection that there is.
  sender: (data) => Buffer.from(data.toString().replace(/^(~m.{13})./, (_, head) => `${head}0`)),
}
/** Counted for each connection by itself. */
const SPLIT = new Set(['glue', 'reorder'])

function hit(ws, data) {
  const others = [...server.clients].filter((other) => other !== ws)
  if (fault === 'lose') return
  if (fault in SPOILED) return answer(ws, SPOILED[fault](data, ws))
  if (fault === 'glue') {
    ws.glued = data
    return
  }
  if (fault === 'early' || fault === 'again') {
    missed.push(data)
    ws._socket.destroy()
    return
  }
  if (fault === 'reorder') {
    ws.held = data
    return
  }
  if (fault === 'duplicate') answer(ws, data)
  if (fault === 'misdeliver') answer(others[messages % others.length], data)
  else if (fault === 'close') ws._socket.destroy()
  else if (fault === 'close-code') ws.close(1011, 'went wrong')
  else if (fault === 'garbage') ws._socket.write(Buffer.from([0xf1, 0x85, 1, 2, 3, 4, 5, 6, 7]))
  else answer(ws, data)
}

/** Nothing is answered for a while; then all of it, in its order. */
function stall() {
  stalled = []
  setTimeout(() => {
    const waiting = stalled
    stalled = undefined
    for (const [ws, data] of waiting) answer(ws, data)
  }, lastsMs)
}

/** What a client that came back is told wrongly. */
const missed = []
let opened = 0

/** Who is not let in gets no answer at all to its request. */
function isLetIn() {
  opened += 1
  return fault !== 'shut' || opened <= every
}

/** As much of wsmesh as a client needs that sends to itself. */
function wsmesh(ws, data) {
  if (!data.includes('Client/authentication')) return received(ws, data)
  const told = {user: 'u', groups: [], session: null, node: 'n', position: 'e.0.0', recovered: true}
  ws.send(JSON.stringify({action: 'Client/authentication', details: ['ok', told]}))
  if (fault !== 'again') return undefined
  // What it has had already, and what it missed.
  for (const text of missed.splice(0)) for (const _ of [1, 2]) answer(ws, text)
  return undefined
}

server.on('connection', (ws, request) => {
  ws.number = opened
  ws.messages = 0
  ws.on('error', () => {})
  if (fault === 'greets') ws.send('Served by one that greets')
  if (fault === 'tells-address') ws.send(request.socket.remoteAddress)
  if (fault === 'early') for (const text of missed.splice(0)) answer(ws, text)
  const take = protocol === 'wsmesh' ? wsmesh : received
  if (fault === 'deaf') request.socket.pause()
  else ws.on('message', (data) => take(ws, data))
})
server.on('listening', () => say({port: server.address().port}))
process.on('message', () => say({delays}))
process.on('disconnect', () => process.exit())
