/**
 * The driver of the bench where there is no C compiler: driver.c says what each command does. It
 * costs several times as much for each message, so more of what is measured is the driver.
 */
import {readFileSync, readdirSync} from 'node:fs'
import {connect} from 'node:net'
import {createInterface} from 'node:readline'
import {setImmediate as turn, setTimeout as sleep} from 'node:timers/promises'

const MARK = '`'.charCodeAt(0)
const MARK_BYTES = 26
const OPENING_MAX = 64
/** What has not come when nothing came for so long is missing. */
const QUIET_MS = 2000
const MASK = Buffer.from([0x5a, 0xc3, 0xe1, 0x17])

const all = []
const streams = new Map()
let pids = []
let auto
let arrived = 0
let refused = 0
let closedEarly = 0
let reads = 0
let bytesRead = 0

const unhex = (word) => word === '-' ? Buffer.alloc(0) : Buffer.from(word, 'hex')
const nowNs = () => Number(process.hrtime.bigint())

function cpuOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, task) =>
      sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]), 0)
  } catch {
    return 0
  }
}

function take() {
  const cells = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).map(Number)
  const [, user, nice, system, , , irq, soft, steal] = cells
  const tickNs = 1e7
  return {
    at: nowNs(), servers: pids.reduce((sum, pid) => sum + cpuOf(pid), 0), own: cpuOf(process.pid),
    busy: (user + nice + system + irq + soft) * tickNs, steal: steal * tickNs, reads, bytesRead,
  }
}

function frame(opcode, body) {
  const head = Buffer.alloc(body.length < 126 ? 6 : 8)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | Math.min(body.length, 126)
  if (body.length >= 126) head.writeUInt16BE(body.length, 2)
  MASK.copy(head, head.length - 4)
  const masked = Buffer.from(body)
  for (let at = 0; at < masked.length; at += 1) masked[at] ^= MASK[at & 3]
  return Buffer.concat([head, masked])
}

function delivered(body, now) {
  for (let at = body.indexOf(MARK); at >= 0; at = body.indexOf(MARK, at + 1)) {
    const words = body.toString('latin1', at + 1, at + MARK_BYTES)
    if (!/^[0-9a-f]{25}$/.test(words)) continue
    const stream = streams.get(Number.parseInt(words[0], 16))
    if (!stream) continue
    const number = Number.parseInt(words.slice(1, 9), 16)
    const left = stream.left.get(number)
    if (left === undefined) {
      stream.extra += 1
      continue
    }
    stream.delivered += 1
    stream.took.push((now - Number.parseInt(words.slice(9), 16)) / 1e3)
    if (left > 1) stream.left.set(number, left - 1)
    else {
      stream.left.delete(number)
      stream.done += 1
    }
  }
}

function frameFrom(client, opcode, body, now) {
  if (opcode === 9) client.socket.write(frame(10, body))
  else if (opcode === 8) closedEarly += 1
  else if (client.state === 'greeting') {
    if (body.includes(client.door.ready)) letIn(client)
  } else if (auto && body.equals(auto.question)) client.socket.write(frame(opcode, auto.answer))
  else delivered(body, now)
}

function letIn(client) {
  client.state = 'ready'
  arrived += 1
}

function greet(client) {
  const {firsts, ready, opcode} = client.door
  client.state = 'greeting'
  const first = firsts.length > 1 ? firsts.shift() : firsts[0]
  if (first?.length > 0) client.socket.write(frame(opcode, first))
  if (ready.length === 0) letIn(client)
}

function receive(client, chunk) {
  const now = nowNs()
  reads += 1
  bytesRead += chunk.length
  let data = client.rest.length > 0 ? Buffer.concat([client.rest, chunk]) : chunk
  if (client.state === 'dialling') {
    const end = data.indexOf('\r\n\r\n')
    if (end < 0) {
      client.rest = data
      return
    }
    if (!data.toString('latin1', 0, 12).startsWith('HTTP/1.1 101')) {
      refused += 1
      client.socket.destroy()
      return
    }
    data = data.subarray(end + 4)
    greet(client)
  }
  while (data.length >= 2) {
    const short = data[1] & 127
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (data.length < head) break
    const size = head === 2 ? short : head === 4 ? data.readUInt16BE(2) : data.readUIntBE(4, 6)
    if (data.length < head + size) break
    frameFrom(client, data[0] & 15, data.subarray(head, head + size), now)
    data = data.subarray(head + size)
  }
  client.rest = data
}

function dial(port, path, protocol, door) {
  const socket = connect({host: '127.0.0.1', port, noDelay: true})
  const client = {socket, door, state: 'dialling', rest: Buffer.alloc(0)}
  all.push(client)
  const offered = protocol ? `Sec-WebSocket-Protocol: ${protocol}\r\n` : ''
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\n` +
    'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${offered}\r\n`)
  socket.on('data', (chunk) => receive(client, chunk))
  socket.on('error', () => undefined)
  socket.on('close', () => {
    if (client.state === 'dialling' || client.state === 'greeting') arrived += 1
    if (!client.isOurs) closedEarly += 1
    client.state = 'closed'
  })
}

async function open([port, path, protocol, first, ready, count, perSecond, opcode]) {
  const firsts = first.startsWith('@')
    ? readFileSync(first.slice(1), 'utf8').split('\n').map((line) => Buffer.from(line))
    : [unhex(first)]
  const door = {firsts, ready: unhex(ready), opcode: Number(opcode)}
  const [wanted, rate] = [Number(count), Number(perSecond)]
  const [begun, before] = [arrived, take()]
  closedEarly = 0
  const end = before.at + 60e9 + wanted / rate * 1e9
  let dialled = 0
  while (arrived - begun < wanted && nowNs() < end) {
    const isDue = nowNs() >= before.at + dialled / rate * 1e9
    if (dialled < wanted && isDue && dialled - (arrived - begun) < OPENING_MAX) {
      dial(Number(port), unhex(path).toString(), unhex(protocol).toString(), door)
      dialled += 1
      if (dialled % 8 === 0) await turn()
    } else await sleep(1)
  }
  const after = take()
  return {
    opened: arrived - begun - closedEarly, refused, closed: closedEarly,
    seconds: (after.at - before.at) / 1e9, serverNs: after.servers - before.servers,
    ownNs: after.own - before.own,
  }
}

function publish(id, stream, count, at) {
  const frames = Array.from({length: count}, () => {
    const number = stream.sent
    stream.sent += 1
    stream.left.set(number, stream.expected)
    const words = `\`${id.toString(16)}${number.toString(16).padStart(8, '0')}${
      Math.round(at).toString(16).padStart(16, '0')}`
    return frame(stream.opcode, Buffer.concat([
      stream.prefix, Buffer.from(words.padEnd(stream.bytes, 'x')), stream.suffix,
    ]))
  })
  all[stream.from].socket.write(Buffer.concat(frames))
}

/** Sends what is due. */
function keepGoing(id, stream, now) {
  if (stream.window > 0) {
    const flying = stream.sent - stream.done
    if (flying <= stream.window / 2) publish(id, stream, stream.window - flying, now)
    return
  }
  for (;;) {
    const due = stream.begunNs + stream.sent / stream.rate * 1e9
    if (due > now) return
    stream.lateNs = Math.max(stream.lateNs, now - due)
    publish(id, stream, 1, due)
  }
}

async function load(ids, seconds) {
  const begunNs = nowNs()
  for (const id of ids) {
    Object.assign(streams.get(id), {
      left: new Map(), took: [], sent: 0, done: 0, delivered: 0, extra: 0, lateNs: 0, begunNs,
    })
  }
  for (let now = begunNs; now < begunNs + seconds * 1e9; now = nowNs()) {
    for (const id of ids) keepGoing(id, streams.get(id), now)
    await turn()
  }
  let [last, lastMs] = [reads, performance.now()]
  while (ids.some((id) => streams.get(id).left.size > 0)) {
    await sleep(5)
    if (reads !== last) [last, lastMs] = [reads, performance.now()]
    else if (performance.now() - lastMs > QUIET_MS) return
  }
}

function figuresOf({sent, delivered, extra, lateNs, expected, took}) {
  const sorted = took.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? -1
  return {
    sent, delivered, extra, missing: sent * expected - delivered, lateUs: lateNs / 1e3,
    p50Us: at(0.5), p90Us: at(0.9), p99Us: at(0.99), p999Us: at(0.999), maxUs: at(1),
  }
}

async function run([seconds, warmSeconds, ...words]) {
  const ids = []
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [id, value] = [Number(words[at]), Number(words[at + 1].slice(1))]
    const isWindow = words[at + 1].startsWith('w')
    Object.assign(streams.get(id), {window: isWindow ? value : 0, rate: isWindow ? 0 : value})
    ids.push(id)
  }
  closedEarly = 0
  if (Number(warmSeconds) > 0) await load(ids, Number(warmSeconds))
  const before = take()
  await load(ids, Number(seconds))
  const after = take()
  return {
    seconds: (after.at - before.at) / 1e9, serverNs: after.servers - before.servers,
    ownNs: after.own - before.own, busyNs: after.busy - before.busy,
    stealNs: after.steal - before.steal, reads: after.reads - before.reads,
    bytes: after.bytesRead - before.bytesRead, closed: closedEarly,
    streams: ids.map((id) => figuresOf(streams.get(id))),
  }
}

function defineStream([id, from, prefix, suffix, opcode, expected, bytes]) {
  streams.set(Number(id), {
    from: Number(from), prefix: unhex(prefix), suffix: unhex(suffix), opcode: Number(opcode),
    expected: Number(expected), bytes: Number(bytes), left: new Map(),
  })
  return {}
}

const commands = {
  open, run, stream: defineStream,
  pids: (words) => {
    pids = words.map(Number)
    return {}
  },
  auto: ([question, answer]) => {
    auto = {question: unhex(question), answer: unhex(answer)}
    return {}
  },
  close: () => {
    for (const client of all) {
      client.isOurs = true
      client.socket.destroy()
    }
    all.length = 0
    arrived = 0
    return {}
  },
}

for await (const line of createInterface({input: process.stdin})) {
  const [command, ...words] = line.split(' ')
  process.stdout.write(`${JSON.stringify(await commands[command](words))}\n`)
}
process.exit()
