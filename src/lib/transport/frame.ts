/**
 * WebSocket frames as a server sends them (RFC 6455, 5.2): unmasked and unfragmented. Built once
 * for a message and written to the sockets of all its receivers.
 */
import {constants, deflateRawSync} from 'node:zlib'
import type {WireFrame} from './transport.js'

const FIN_TEXT = 0x81
const FIN_BINARY = 0x82
/** RFC 7692: the payload is deflated. */
const RSV1 = 0x40
/** What a sync flush ends with, and every receiver adds again. */
const FLUSH_BYTES = 4

/** Below, the effort saves less than it costs; above, it would hold up everybody else. */
const DEFLATED_BYTES_MIN = 1024
const DEFLATED_BYTES_MAX = 256 * 1024

export const PING_FRAME: WireFrame = {bytes: Uint8Array.of(0x89, 0)}

/** The payload is copied; a text payload must be UTF-8 already. */
export function buildFrame(payload: Uint8Array, isBinary: boolean): WireFrame {
  const size = payload.byteLength
  const headerBytes = headerBytesOf(size)
  const bytes = Buffer.allocUnsafe(headerBytes + size)
  writeHeader(bytes, size, isBinary ? FIN_BINARY : FIN_TEXT)
  bytes.set(payload, headerBytes)
  return {bytes}
}

/** The payload of a text frame in three parts, of which the middle one is UTF-8 already. */
export interface TextParts {
  readonly head: string
  readonly details: Uint8Array
  readonly tail: string
}

/** Copied once, into the bytes that are written. */
export function buildTextFrame({head, details, tail}: TextParts): WireFrame {
  const headBytes = Buffer.byteLength(head)
  const size = headBytes + details.length + Buffer.byteLength(tail)
  const headerBytes = headerBytesOf(size)
  const bytes = Buffer.allocUnsafe(headerBytes + size)
  writeHeader(bytes, size, FIN_TEXT)
  bytes.write(head, headerBytes)
  bytes.set(details, headerBytes + headBytes)
  bytes.write(tail, headerBytes + headBytes + details.length)
  return {bytes}
}

/** Frames that are written to one receiver after the other, as one piece. */
export function joinFrames(parts: readonly WireFrame[]): WireFrame {
  return {bytes: Buffer.concat(parts.map(({bytes}) => bytes)), parts}
}

function headerBytesOf(size: number): number {
  return size < 126 ? 2 : size < 65_536 ? 4 : 10
}

function writeHeader(bytes: Buffer, size: number, first: number): void {
  bytes[0] = first
  if (size < 126) {
    bytes[1] = size
  } else if (size < 65_536) {
    bytes[1] = 126
    bytes.writeUInt16BE(size, 2)
  } else {
    bytes[1] = 127
    bytes.writeUInt32BE(Math.floor(size / 4_294_967_296), 2)
    bytes.writeUInt32BE(size >>> 0, 6)
  }
}

const deflated = new WeakMap<WireFrame, WireFrame>()

/**
 * The same frame for who takes it deflated: made once for all its receivers, which is possible
 * since nothing is kept from one message to the next (server_no_context_takeover).
 */
export function deflatedFrame(frame: WireFrame): WireFrame {
  let other = deflated.get(frame)
  if (other === undefined) {
    const {parts} = frame
    other = parts === undefined ? deflate(frame) : joinFrames(parts.map(deflatedFrame))
    deflated.set(frame, other)
  }
  return other
}

function deflate(frame: WireFrame): WireFrame {
  const {bytes} = frame
  const size = bytes[1] ?? 0
  const payload = bytes.subarray(size < 126 ? 2 : size === 126 ? 4 : 10)
  if (payload.length < DEFLATED_BYTES_MIN || payload.length > DEFLATED_BYTES_MAX) return frame
  const options = {level: 1, finishFlush: constants.Z_SYNC_FLUSH}
  const packed = deflateRawSync(payload, options).subarray(0, -FLUSH_BYTES)
  if (packed.length >= payload.length) return frame
  const other = buildFrame(packed, bytes[0] === FIN_BINARY)
  other.bytes[0] = (other.bytes[0] ?? 0) | RSV1
  return other
}
