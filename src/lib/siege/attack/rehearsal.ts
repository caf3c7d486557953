/**
 * A siege in small, against an echo within this process, before the real one: the first thousands
 * of messages of a program are slow, since its code is still being compiled. That would be told as
 * the server's latency, and at a high rate as a queue of the first second.
 */
import {createHash} from 'node:crypto'
import {once} from 'node:events'
import {createServer} from 'node:net'
import type {Socket} from 'node:net'
import {nowUs} from '../measure/clock.js'
import {Attacker} from './attacker.js'
import type {AttackJob} from './job.js'

/** Fewer messages in a second come one by one: each finds an idle process, compiled or not. */
const RATE_MIN = 1000
const RATE_MAX = 20_000
const LASTS_S = 0.4
const CONNECTIONS = 8
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY = /sec-websocket-key: (\S+)/i
const HEAD_END = '\r\n\r\n'
const LEAD_US = 5000
const MASK_BYTES = 4

let isDone = false

/** Once in a process, and only for a load that needs it. Resolves with how many messages it had. */
export async function rehearse(job: AttackJob): Promise<number | 'not needed' | 'done before'> {
  const ratePerS = Math.max(0, ...job.stretches.map(({toPerS}) => toPerS)) / job.parts
  if (ratePerS < RATE_MIN) return 'not needed'
  if (isDone) return 'done before'
  isDone = true
  const server = createServer(echo)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port ?? 0 : 0
  const attacker = new Attacker(smallOne(job, port, Math.min(ratePerS, RATE_MAX)), () => {})
  try {
    await attacker.open()
    const {streams} = await attacker.load(nowUs() + LEAD_US)
    await attacker.settle(streams)
    const {tally} = await attacker.finish()
    return tally.delivered
  } finally {
    attacker.destroy()
    server.close()
    await once(server, 'close')
  }
}

function smallOne(job: AttackJob, port: number, ratePerS: number): AttackJob {
  const target = {
    name: 'rehearsal', clientUrl: `ws://127.0.0.1:${port}/`, operatorUrl: undefined,
    httpUrl: undefined,
  }
  return {
    ...job,
    part: 0,
    parts: 1,
    protocol: 'plain',
    audience: {connections: CONNECTIONS, users: CONNECTIONS, mix: [{kind: 'echo', weight: 1}]},
    targets: [target],
    proofs: {type: 'none'},
    from: 'socket',
    outbox: undefined,
    connectPerS: 10_000,
    stretches: [{name: 'load', durationS: LASTS_S, fromPerS: ratePerS, toPerS: ratePerS}],
    churnPerMinute: 0,
    slowReadersPercent: 0,
    localAddresses: [],
    timeoutMs: 1000,
    drainMs: 1000,
  }
}

/** As little of a WebSocket server as answers this client: small masked texts, each in one read. */
function echo(socket: Socket): void {
  let isOpen = false
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes: Buffer) => {
    if (isOpen) return answer(socket, bytes)
    isOpen = true
    const accept = createHash('sha1').update(`${KEY.exec(bytes.toString())?.[1]}${GUID}`)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
      + `Sec-WebSocket-Accept: ${accept.digest('base64')}${HEAD_END}`)
  })
}

function answer(socket: Socket, bytes: Buffer): void {
  let at = 0
  while (bytes.length - at >= 2) {
    const size7 = (bytes[at + 1] ?? 0) & 0x7f
    const head = size7 < 126 ? 2 : 4
    const size = size7 < 126 ? size7 : bytes.readUInt16BE(at + 2)
    const start = at + head + MASK_BYTES
    const frame = Buffer.allocUnsafe(head + size)
    bytes.copy(frame, 0, at, at + head)
    frame[1] = size7
    for (let index = 0; index < size; index += 1) {
      frame[head + index] = (bytes[start + index] ?? 0) ^ (bytes[at + head + (index & 3)] ?? 0)
    }
    socket.write(frame)
    at = start + size
  }
}
