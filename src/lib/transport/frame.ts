/**
 * WebSocket frames as a server sends them (RFC 6455, 5.2): unmasked and unfragmented. Built once
 * for a message and written to the sockets of all its receivers.
 */
import type {WireFrame} from './transport.js'

const FIN_TEXT = 0x81
const FIN_BINARY = 0x82

/** The payload is copied; a text payload must be UTF-8 already. */
export function buildFrame(payload: Uint8Array, isBinary: boolean): WireFrame {
  const size = payload.byteLength
  const headerBytes = size < 126 ? 2 : size < 65_536 ? 4 : 10
  const bytes = Buffer.allocUnsafe(headerBytes + size)
  bytes[0] = isBinary ? FIN_BINARY : FIN_TEXT
  if (headerBytes === 2) {
    bytes[1] = size
  } else if (headerBytes === 4) {
    bytes[1] = 126
    bytes.writeUInt16BE(size, 2)
  } else {
    bytes[1] = 127
    bytes.writeUInt32BE(Math.floor(size / 4_294_967_296), 2)
    bytes.writeUInt32BE(size >>> 0, 6)
  }
  bytes.set(payload, headerBytes)
  return {bytes}
}
