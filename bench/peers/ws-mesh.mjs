/**
 * A mesh on bare `ws` that only relays: no proof of who a client is, no receipts, no history, no
 * numbering, no failover, no limits. What wsmesh costs above this is what its promises cost.
 *
 *   node ws-mesh.mjs                     the master
 *   node ws-mesh.mjs ws://…:PORT/link    a follower of it
 *
 * It has every technique that speed asks for: a message is made into bytes where it was published,
 * the master passes batches on unread, a frame is built once, a client gets one write a tick.
 */
import {WebSocket, WebSocketServer} from 'ws'

const masterUrl = process.argv[2]
const server = new WebSocketServer({host: '127.0.0.1', port: 0, perMessageDeflate: false})
/** "a" everyone, "g…" a group, "u…" a user: sets of sockets. */
const audiences = new Map([['a', new Set()]])
const followers = new Set()
let uplink

/** What is written to clients at the end of this tick: clients with the same messages share it. */
let tick = {frames: [], next: new Map()}
const waiting = new Map()

function join(name, socket) {
  const members = audiences.get(name) ?? new Set()
  audiences.set(name, members.add(socket))
  socket.once('close', () => members.delete(socket))
}

function queue(frame, sockets) {
  if (waiting.size === 0) setImmediate(flush)
  for (const socket of sockets) {
    const before = waiting.get(socket) ?? tick
    let after = before.next.get(frame)
    if (!after) {
      after = {frames: [...before.frames, frame], next: new Map()}
      before.next.set(frame, after)
    }
    waiting.set(socket, after)
  }
}

function flush() {
  for (const [socket, batch] of waiting) {
    batch.bytes ??= batch.frames.length === 1 ? batch.frames[0] : Buffer.concat(batch.frames)
    socket._socket.write(batch.bytes)
  }
  waiting.clear()
  tick = {frames: [], next: new Map()}
}

function frameOf(body) {
  const head = body.length < 126 ? 2 : 4
  const frame = Buffer.allocUnsafe(head + body.length)
  frame[0] = 0x81
  if (head === 2) frame[1] = body.length
  else frame.writeUInt16BE(body.length, (frame[1] = 126) && 2)
  body.copy(frame, head)
  return frame
}

/** Records: length of audience, length of body, audience, body. */
function record(audience, body) {
  const at = 6 + Buffer.byteLength(audience)
  const bytes = Buffer.allocUnsafe(at + Buffer.byteLength(body))
  bytes.writeUInt16BE(at - 6, 0)
  bytes.writeUInt32BE(bytes.length - at, 2)
  bytes.write(audience, 6)
  bytes.write(body, at)
  return bytes
}

function deliver(batch) {
  for (let at = 0; at < batch.length;) {
    const body = at + 6 + batch.readUInt16BE(at)
    const end = body + batch.readUInt32BE(at + 2)
    const sockets = audiences.get(batch.toString('latin1', at + 6, body))
    if (sockets?.size > 0) queue(frameOf(batch.subarray(body, end)), sockets)
    at = end
  }
}

/** The order is that in which the master passes batches on; the origin delivers then, too. */
function relay(batch) {
  for (const follower of followers) follower.send(batch)
  deliver(batch)
}

let published = []
function publish(bytes) {
  if (published.push(bytes) > 1) return
  setImmediate(() => {
    const batch = Buffer.concat(published)
    published = []
    if (uplink) uplink.send(batch)
    else relay(batch)
  })
}

function isOf(socket, data) {
  const {action, details: [first, name]} = JSON.parse(data.toString())
  if (action !== 'hello') {
    publish(record(action[0] + (name ?? ''), JSON.stringify({action: 'm', details: [first]})))
    return
  }
  join('a', socket)
  join(`u${first.user}`, socket)
  for (const group of first.groups) join(`g${group}`, socket)
  socket.send('{"action":"hello","details":["ok"]}')
}

server.on('connection', (socket, {url}) => {
  socket.on('error', console.error)
  if (url === '/link') {
    followers.add(socket)
    socket.on('message', relay)
  } else socket.on('message', (data) => isOf(socket, data))
})
if (masterUrl) {
  uplink = new WebSocket(masterUrl, {perMessageDeflate: false})
  uplink.on('message', deliver)
  await new Promise((resolve) => uplink.once('open', resolve))
}
const ready = () => console.log(JSON.stringify({port: server.address().port}))
if (server.address()) ready()
else server.once('listening', ready)
