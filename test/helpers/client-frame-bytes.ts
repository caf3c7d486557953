import type {Payload} from '../../src/lib/protocol/envelope.js'
import {clientFrameParts, type WireForm} from '../../src/lib/protocol/payload.js'

/** A client's frame as the bytes that its connection is sent, without the header of WebSocket. */
export function clientFrameBytes(payload: Payload, form: WireForm): Uint8Array {
  const {head, details, tail} = clientFrameParts(payload, form)
  return Buffer.concat([Buffer.from(head), details, Buffer.from(tail)])
}
