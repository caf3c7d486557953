/** WebSocket by hand: what no library would send. */
import {connect, type Socket} from 'node:net'
import {eventually} from './eventually.js'

export interface RawSocket {
  readonly socket: Socket
  /** All bytes that came, as latin1 text. */
  readonly text: () => string
  readonly isClosed: () => boolean
  write(data: string | Uint8Array): void
  /** The close code that the peer sent, once it is there. */
  closeCode(): Promise<number>
}

export async function connectRaw(url: string): Promise<RawSocket> {
  const {hostname, port} = new URL(url)
  const socket = connect(Number(port), hostname)
  let data = Buffer.alloc(0)
  let isClosed = false
  socket.on('data', (chunk) => (data = Buffer.concat([data, chunk])))
  // A reset is an end like any other.
  socket.on('error', () => undefined)
  socket.on('close', () => (isClosed = true))
  await eventually(() => !socket.connecting, {what: `a connection to ${url}`})
  return {
    socket,
    text: () => data.toString('latin1'),
    isClosed: () => isClosed,
    write: (bytes) => void socket.write(bytes),
    closeCode: () => eventually(() => closeCodeIn(data), {what: 'a close frame'}),
  }
}

/** A connection that is a WebSocket already. */
export async function upgradeRaw(url: string, extra = ''): Promise<RawSocket> {
  const raw = await connectRaw(url)
  raw.write(upgradeRequest(new URL(url).pathname, extra))
  await eventually(() => raw.text().includes('\r\n\r\n'), {what: 'an answer to the upgrade'})
  return raw
}

/** `extra`: more header lines, each with its end. */
export function upgradeRequest(path: string, extra = ''): string {
  return (
    `GET ${path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`
  )
}

export interface FrameOptions {
  readonly opcode?: number
  readonly fin?: boolean
  readonly rsv?: number
  readonly isMasked?: boolean
  /** What the header says, if not the truth; written in 64 bits. */
  readonly length?: bigint
}

/** One frame of a client, masked with zeros, so that its payload is as it was given. */
export function rawFrame(payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const {opcode = 1, fin = true, rsv = 0, isMasked = true, length} = options
  const body = Buffer.from(payload)
  const mask = isMasked ? 0x80 : 0
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const head = Buffer.alloc(10)
  head[0] = first
  let size = 2
  if (length !== undefined || body.length > 65_535) {
    head[1] = mask | 127
    head.writeBigUInt64BE(length ?? BigInt(body.length), 2)
    size = 10
  } else if (body.length > 125) {
    head[1] = mask | 126
    head.writeUInt16BE(body.length, 2)
    size = 4
  } else {
    head[1] = mask | body.length
  }
  return Buffer.concat([head.subarray(0, size), Buffer.alloc(isMasked ? 4 : 0), body])
}

/** The code of the first close frame behind the HTTP answer. */
function closeCodeIn(data: Buffer): number | undefined {
  const end = data.indexOf('\r\n\r\n')
  let at = end === -1 ? data.length : end + 4
  while (at + 4 <= data.length) {
    const short = (data[at + 1] ?? 0) & 127
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
    const size = short < 126 ? short : data.readUInt16BE(at + 2)
    if (((data[at] ?? 0) & 15) === 8) return data.readUInt16BE(start)
    at = start + size
  }
  return undefined
}
