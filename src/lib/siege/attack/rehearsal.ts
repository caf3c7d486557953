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
import type {Stretch} from '../plan/schedule.js'
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
/** The shortest frame that comes, a close, has as many: there is no head that is cut in two. */
const HEAD_BYTES_MAX = 8
/** More would make a rehearsal of the echo. */
const DETAILS_BYTES_MAX = 1000

let isDone = false

/** So many messages in a second that the generator's own pauses would show in what it measures. */
export function isFast(stretches: readonly Stretch[], parts: number): boolean {
  return mostPerS(stretches) / parts >= RATE_MIN
}

function mostPerS(stretches: readonly Stretch[]): number {
  return Math.max(0, ...stretches.map(({toPerS}) => toPerS))
}

export interface Rehearsed {
  readonly delivered: number
  /** Of the echo itself: there should be none. */
  readonly wrong: number
}

/** Once in a process, and only for a load that needs it. */
export async function rehearse(
  job: AttackJob,
): Promise<Rehearsed | 'not needed' | 'done before'> {
  if (!isFast(job.stretches, job.parts)) return 'not needed'
  const ratePerS = mostPerS(job.stretches) / job.parts
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
    const {delivered, errors, corrupted, misdelivered, duplicated} = tally
    return {delivered, wrong: errors + corrupted + misdelivered + duplicated}
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
    detailsBytes: Math.min(job.detailsBytes, DETAILS_BYTES_MAX),
    stretches: [{name: 'load', durationS: LASTS_S, fromPerS: ratePerS, toPerS: ratePerS}],
    churnPerMinute: 0,
    slowReadersPercent: 0,
    localAddresses: [],
    timeoutMs: 1000,
    drainMs: 1000,
  }
}

/** As little of a WebSocket server as answers this client: masked texts of less than 64 KiB. */
function echo(socket: Socket): void {
  let isOpen = false
  let left: Buffer = Buffer.alloc(0)
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes: Buffer) => {
    if (isOpen) {
      left = answer(socket, left.length === 0 ? bytes : Buffer.concat([left, bytes]))
      return
    }
    isOpen = true
    const accept = createHash('sha1').update(`${KEY.exec(bytes.toString())?.[1]}${GUID}`)
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
      + `Sec-WebSocket-Accept: ${accept.digest('base64')}${HEAD_END}`)
  })
}

/** Each whole frame back, without its mask. The rest waits for what comes next. */
function answer(socket: Socket, bytes: Buffer): Buffer {
  let at = 0
  while (bytes.length - at >= HEAD_BYTES_MAX) {
    const size7 = (bytes[at + 1] ?? 0) & 0x7f
    const head = size7 < 126 ? 2 : 4
    const size = size7 < 126 ? size7 : bytes.readUInt16BE(at + 2)
    const start = at + head + MASK_BYTES
    if (bytes.length < start + size) break
    const frame = Buffer.allocUnsafe(head + size)
    bytes.copy(frame, 0, at, at + head)
    frame[1] = size7
    for (let index = 0; index < size; index += 1) {
      frame[head + index] = (bytes[start + index] ?? 0) ^ (bytes[at + head + (index & 3)] ?? 0)
    }
    socket.write(frame)
    at = start + size
  }
  return bytes.subarray(at)
}
