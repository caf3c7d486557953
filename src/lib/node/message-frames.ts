/** Messages as WebSocket frames: each form is built once and shared by all connections. */
import type {DeliveredMessage} from '../mesh/coming-back.js'
import type {Envelope} from '../protocol/envelope.js'
import {messageId} from '../protocol/envelope.js'
import {clientFrameParts} from '../protocol/payload.js'
import {formatPosition} from '../protocol/position.js'
import type {Position} from '../protocol/position.js'
import {buildTextFrame} from '../transport/frame.js'
import type {WireFrame} from '../transport/transport.js'
import {unreachable} from '../util/assert.js'
import type {ClientForm} from './client-connection.js'

/** Each wire form's frame, built when the first connection needs it and shared by all. */
export function framesOf(
  envelope: Envelope,
  position: Position,
): (form: ClientForm) => WireFrame {
  let object: WireFrame | undefined
  let v1: WireFrame | undefined
  let array: WireFrame | undefined
  return (form) => {
    switch (form) {
      case 'object':
        object ??= buildTextFrame(clientFrameParts(envelope.payload, 'object'))
        return object
      case 'v1':
        v1 ??= frameOfV1(envelope, position)
        return v1
      case 'array':
        array ??= buildTextFrame(clientFrameParts(envelope.payload, 'array'))
        return array
      default:
        return unreachable(form)
    }
  }
}

/** Kept while the history holds the entry: thousands may come back at once and miss the same. */
const replayed = new WeakMap<DeliveredMessage, WireFrame>()

/** The frame of an entry that a client missed. */
export function replayFrame(entry: DeliveredMessage, epoch: string): WireFrame {
  const known = replayed.get(entry)
  if (known !== undefined) return known
  const frame = frameOfV1(entry.envelope, {epoch, term: entry.term, seq: entry.seq})
  replayed.set(entry, frame)
  return frame
}

function frameOfV1(envelope: Envelope, position: Position): WireFrame {
  const added = {id: messageId(envelope), position: formatPosition(position)}
  return buildTextFrame(clientFrameParts(envelope.payload, added))
}
