/**
 * Who dials, from the first bytes that a dialler sends: its upgrade request, then its proof as a
 * masked WebSocket frame. Pure.
 */
import {decodeHandshakeFrame} from '../../protocol/handshake-frame.js'

const HEAD_BYTES_MAX = 64 * 1024
const LENGTH_16 = 126
const MASK_BYTES = 4

/** Undefined: more bytes are needed. Empty: no node dials here. */
export function dialerOf(head: Buffer): string | undefined {
  if (head.length > HEAD_BYTES_MAX) return ''
  const end = head.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const frame = head.subarray(end + 4)
  const length7 = (frame[1] ?? 0) & 0x7f
  if (frame.length < 4) return undefined
  if (length7 > LENGTH_16) return ''
  const start = length7 === LENGTH_16 ? 4 : 2
  const length = length7 === LENGTH_16 ? frame.readUInt16BE(2) : length7
  const body = frame.subarray(start + MASK_BYTES, start + MASK_BYTES + length)
  if (body.length < length) return undefined
  const mask = frame.subarray(start, start + MASK_BYTES)
  const text = Buffer.from(body.map((byte, index) => byte ^ (mask[index % MASK_BYTES] ?? 0)))
  const read = decodeHandshakeFrame(text)
  return read.ok && read.value.type === 'proof' && read.value.role === 'node' ? read.value.node : ''
}
