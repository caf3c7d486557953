import {assert, unreachable} from '../util/assert.js'
import {badFrame, decoded, tooBig, type Decoded} from './decoded.js'
import {envelopeSize, readEnvelope, writeEnvelope} from './envelope-codec.js'
import {LIMITS} from './limits.js'
import {
  entriesSize,
  readAddress,
  readChain,
  readEntries,
  readEpoch,
  readList,
  readPlace,
  readSnapshot,
  writeAddress,
  writeChain,
  writeEntries,
  writeEpoch,
  writePlace,
  writeSnapshot,
} from './log-codec.js'
import type {NodeFrame, RefuseReason, Stability, SuffixFrame} from './node-frame.js'
import {ByteReader, ByteWriter} from './wire.js'

/** The first byte of a frame is its place in this list. The list only grows, at its end. */
export const NODE_FRAME_TYPES = [
  'follow',
  'welcome',
  'refuse',
  'publish',
  'ack',
  'resend',
  'leave',
  'relay',
  'stable',
  'handover',
  'ask',
  'answer',
  'promise',
  'promised',
  'fetch',
  'suffix',
] as const satisfies readonly NodeFrame['type'][]

const REFUSE_REASONS: readonly RefuseReason[] = [
  'not-master',
  'term-too-low',
  'promised-other',
  'draining',
  'busy',
]

/**
 * A frame as bytes: its type (one byte), its term, then its fields in the order of node-frame.ts.
 * Asserts what decodeNodeFrame checks: what we send must be what we would accept.
 */
export function encodeNodeFrame(frame: NodeFrame): Uint8Array {
  const writer = new ByteWriter(sizeHint(frame))
  writer.byte(NODE_FRAME_TYPES.indexOf(frame.type))
  writer.number(frame.term)
  writeFields(writer, frame)
  return writer.finish()
}

/**
 * Any bytes to a frame or a violation; never throws. The frame's payloads are views on `bytes`,
 * which must not be written to afterwards.
 */
export function decodeNodeFrame(bytes: Uint8Array): Decoded<NodeFrame> {
  if (bytes.length > LIMITS.nodeFrameBytes) {
    return tooBig(`a node frame of ${bytes.length} bytes, ${LIMITS.nodeFrameBytes} are allowed`)
  }
  if (bytes.length === 0) return badFrame('an empty node frame')
  const reader = new ByteReader(bytes)
  const type = NODE_FRAME_TYPES[reader.byte('type of the frame')]
  if (type === undefined) return badFrame('unknown type of node frame')
  const frame = readFields(reader, type, reader.number('term'))
  reader.end()
  return reader.failure === undefined ? decoded(frame) : badFrame(`${type}: ${reader.failure}`)
}

function sizeHint(frame: NodeFrame): number {
  switch (frame.type) {
    case 'publish':
      return frame.envelopes.reduce((size, envelope) => size + envelopeSize(envelope), 32)
    case 'relay':
    case 'suffix':
      return 64 + entriesSize(frame.entries)
    case 'ack':
      return 48 + frame.connections.length * 2
    default:
      return 256
  }
}

function writeFields(writer: ByteWriter, frame: NodeFrame): void {
  switch (frame.type) {
    case 'follow':
    case 'fetch':
      writeChain(writer, frame.chain)
      return
    case 'welcome':
      writeEpoch(writer, frame.epoch)
      writePlace(writer, frame.keep)
      writeSnapshot(writer, frame.snapshot)
      writePlace(writer, frame.last)
      assert(frame.view.length <= LIMITS.viewNodes, 'A view has a bound')
      writer.number(frame.view.length)
      for (const address of frame.view) writeAddress(writer, address)
      return
    case 'refuse':
      writer.byte(REFUSE_REASONS.indexOf(frame.reason))
      writer.boolean(frame.master !== undefined)
      if (frame.master !== undefined) writeAddress(writer, frame.master)
      return
    case 'publish':
      writer.number(frame.first)
      writer.number(frame.envelopes.length)
      for (const envelope of frame.envelopes) writeEnvelope(writer, envelope)
      return
    case 'ack':
      writer.number(frame.held)
      writer.number(frame.delivered)
      writer.number(frame.countsAfter)
      writer.number(frame.connections.length)
      for (const connections of frame.connections) writer.number(connections)
      return
    case 'resend':
      writer.number(frame.after)
      return
    case 'relay':
      writePlace(writer, frame.after)
      writeEntries(writer, frame.after, frame.entries)
      writer.number(frame.commit)
      writer.number(frame.stable)
      return
    case 'stable':
      writer.number(frame.messages.length)
      for (const message of frame.messages) writeStability(writer, message)
      return
    case 'ask':
      writeEpoch(writer, frame.epoch)
      writer.text(frame.master, LIMITS.idBytes)
      return
    case 'answer':
      writer.boolean(frame.yes)
      return
    case 'promise':
      writeEpoch(writer, frame.epoch)
      writer.text(frame.url, LIMITS.urlBytes)
      return
    case 'promised':
      writeChain(writer, frame.chain)
      writer.number(frame.committed)
      return
    case 'suffix':
      writeSuffix(writer, frame)
      return
    case 'leave':
    case 'handover':
      return
    default:
      unreachable(frame)
  }
}

function readFields(reader: ByteReader, type: NodeFrame['type'], term: number): NodeFrame {
  switch (type) {
    case 'follow':
    case 'fetch':
      return {type, term, chain: readChain(reader)}
    case 'welcome':
      return {
        type,
        term,
        epoch: readEpoch(reader),
        keep: readPlace(reader, 'keep'),
        snapshot: readSnapshot(reader),
        last: readPlace(reader, 'last'),
        view: readList(reader, reader.count('members', 3, LIMITS.viewNodes), () =>
          readAddress(reader),
        ),
      }
    case 'refuse':
      return readRefuse(reader, term)
    case 'publish': {
      const first = reader.number('first')
      const count = reader.count('envelopes', 8, LIMITS.nodeFrameItems)
      return {type, term, first, envelopes: readList(reader, count, () => readEnvelope(reader))}
    }
    case 'ack':
      return {
        type,
        term,
        held: reader.number('held'),
        delivered: reader.number('delivered'),
        countsAfter: reader.number('countsAfter'),
        connections: readList(reader, reader.count('counts', 1, LIMITS.nodeFrameItems), () =>
          reader.number('count'),
        ),
      }
    case 'resend':
      return {type, term, after: reader.number('after')}
    case 'relay': {
      const after = readPlace(reader, 'after')
      const entries = readEntries(reader, after)
      return {
        type,
        term,
        after,
        entries,
        commit: reader.number('commit'),
        stable: reader.number('stable'),
      }
    }
    case 'stable': {
      const count = reader.count('messages', 4, LIMITS.nodeFrameItems)
      return {type, term, messages: readList(reader, count, () => readStability(reader))}
    }
    case 'ask':
      return {type, term, epoch: readEpoch(reader), master: reader.nodeId('master')}
    case 'answer':
      return {type, term, yes: reader.boolean('yes')}
    case 'promise':
      return {type, term, epoch: readEpoch(reader), url: reader.text('url', LIMITS.urlBytes)}
    case 'promised':
      return {type, term, chain: readChain(reader), committed: reader.number('committed')}
    case 'suffix':
      return readSuffix(reader, term)
    case 'leave':
    case 'handover':
      return {type, term}
    default:
      return unreachable(type)
  }
}

function readRefuse(reader: ByteReader, term: number): NodeFrame {
  const reason = REFUSE_REASONS[reader.byte('reason')]
  if (reason === undefined) reader.fail('reason is unknown')
  const master = reader.boolean('master') ? readAddress(reader) : undefined
  return {type: 'refuse', term, reason: reason ?? 'busy', master}
}

function writeSuffix(writer: ByteWriter, frame: SuffixFrame): void {
  writePlace(writer, frame.keep)
  writeSnapshot(writer, frame.snapshot)
  writePlace(writer, frame.after)
  writeEntries(writer, frame.after, frame.entries)
  writer.boolean(frame.done)
}

function readSuffix(reader: ByteReader, term: number): SuffixFrame {
  const keep = readPlace(reader, 'keep')
  const snapshot = readSnapshot(reader)
  const after = readPlace(reader, 'after')
  const entries = readEntries(reader, after)
  return {type: 'suffix', term, keep, snapshot, after, entries, done: reader.boolean('done')}
}

function writeStability(writer: ByteWriter, message: Stability): void {
  writer.number(message.counter)
  writer.boolean(message.place !== undefined)
  if (message.place !== undefined) writePlace(writer, message.place)
  writer.number(message.byNode.length)
  for (const {node, connections} of message.byNode) {
    writer.text(node, LIMITS.idBytes)
    writer.number(connections)
  }
  writer.number(message.missing.length)
  for (const node of message.missing) writer.text(node, LIMITS.idBytes)
}

function readStability(reader: ByteReader): Stability {
  const counter = reader.number('counter')
  const place = reader.boolean('place') ? readPlace(reader, 'place') : undefined
  const nodes = reader.count('nodes', 3, LIMITS.viewNodes)
  const byNode = readList(reader, nodes, () => ({
    node: reader.nodeId('node'),
    connections: reader.number('connections'),
  }))
  const lost = reader.count('missing nodes', 2, LIMITS.viewNodes)
  return {counter, place, byNode, missing: readList(reader, lost, () => reader.nodeId('node'))}
}
