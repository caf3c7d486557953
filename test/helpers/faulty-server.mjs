// An echo server with one known fault, as a process of its own: node faulty-server.mjs '{"fault": …}'
// It prints {"port"} when it listens; asked for "delays", how long after its intended sending, which
// each message carries, it answered each, in microseconds: what an ideal tool would measure.
import {WebSocketServer} from 'ws'

const {fault = 'none', every = 1000, delayMs = 0, afterMs = 0, lastsMs = 0} = JSON.parse(
  process.argv[2] ?? '{}',
)
const server = new WebSocketServer({host: '127.0.0.1', port: 0, perMessageDeflate: false})
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const nowUs = () => Number(process.hrtime.bigint()) / 1000
let messages = 0
let held
/** What waits while the server stands still; undefined: it does not. */
let stalled

const delays = []

function answer(ws, data) {
  if (delayMs > 0) setTimeout(() => send(ws, data), delayMs)
  else send(ws, data)
}

function send(ws, data) {
  const intended = /^~m.{29}([0-9a-f]{12})/.exec(data.toString('latin1'))
  if (intended) delays.push(Math.round(nowUs() - Number.parseInt(intended[1], 16)))
  ws.send(data, {binary: false})
}

function received(ws, data) {
  messages += 1
  if (stalled !== undefined) {
    stalled.push([ws, data])
    return
  }
  const isHit = messages % every === 0
  if (fault === 'stall' && messages === 1) setTimeout(stall, afterMs)
  if (!isHit) {
    answer(ws, data)
    if (held !== undefined && held[0] === ws) {
      answer(...held)
      held = undefined
    }
    return
  }
  hit(ws, data)
}

function hit(ws, data) {
  const others = [...server.clients].filter((other) => other !== ws)
  if (fault === 'lose') return
  if (fault === 'duplicate') answer(ws, data)
  if (fault === 'reorder' && held === undefined) held = [ws, data]
  else if (fault === 'misdeliver') answer(others[messages % others.length], data)
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

server.on('connection', (ws, request) => {
  ws.on('error', () => {})
  if (fault === 'deaf') request.socket.pause()
  else ws.on('message', (data) => received(ws, data))
})
server.on('listening', () => say({port: server.address().port}))
process.on('message', () => say({delays}))
process.on('disconnect', () => process.exit())
