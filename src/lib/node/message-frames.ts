/** Messages as WebSocket frames: each form is built once and shared by all connections. */
import type {DeliveredMessage} from '../mesh/coming-back.js'
import {encodePosition} from '../protocol/client-frame.js'
import {messageId} from '../protocol/envelope.js'
import {clientFrameParts} from '../protocol/payload.js'
import {formatPosition} from '../protocol/position.js'
import type {Position} from '../protocol/position.js'
import type {TraceContext} from '../protocol/trace-context.js'
import {buildFrame, buildTextFrame} from '../transport/frame.js'
import type {WireFrame} from '../transport/transport.js'
import type {FrameForm} from './client-connection.js'

/** The frame of a message for who speaks that form. */
export function messageFrame(
  message: DeliveredMessage, epoch: string, form: FrameForm,
): WireFrame {
  const {payload} = message.envelope
  if (form === 'v1') return frameOfV1(message, epoch)
  if (form === 'traced') return frameOfV1(message, epoch, payload.trace)
  return buildTextFrame(clientFrameParts(payload, form))
}

/** What all are told who are told this position; built when the first of them is. */
export function positionFrameOf(position: Position): () => WireFrame {
  let frame: WireFrame | undefined
  return () => {
    frame ??= buildFrame(Buffer.from(encodePosition(formatPosition(position))), false)
    return frame
  }
}

/** Kept while the history holds the entry: thousands may come back at once and miss the same. */
const replayed = new WeakMap<DeliveredMessage, WireFrame>()

const replayedTraced = new WeakMap<DeliveredMessage, WireFrame>()

/** The frame of an entry that a client missed. */
export function replayFrame(
  entry: DeliveredMessage, epoch: string, wantsTrace: boolean,
): WireFrame {
  const trace = wantsTrace ? entry.envelope.payload.trace : undefined
  const frames = trace === undefined ? replayed : replayedTraced
  const known = frames.get(entry)
  if (known !== undefined) return known
  const frame = frameOfV1(entry, epoch, trace)
  frames.set(entry, frame)
  return frame
}

function frameOfV1(
  {envelope, term, seq}: DeliveredMessage, epoch: string, trace?: TraceContext,
): WireFrame {
  const added = {id: messageId(envelope), position: formatPosition({epoch, term, seq}), trace}
  return buildTextFrame(clientFrameParts(envelope.payload, added))
}
