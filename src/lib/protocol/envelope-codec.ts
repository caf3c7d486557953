import {assert} from '../util/assert.js'
import type {NodeId} from '../util/brand.js'
import type {DetailsShape, Envelope, Payload} from './envelope.js'
import {LIMITS} from './limits.js'
import type {Target} from './target.js'
import {traceContextFrom, type TraceContext} from './trace-context.js'
import {ByteReader, ByteWriter} from './wire.js'

const TARGET_KINDS = ['user', 'group', 'session', 'filter', 'registered', 'everyone'] as const
const SHAPES: readonly DetailsShape[] = ['none', 'single', 'list']
/** Added to the byte of the shape: a trace context follows the details. */
const TRACED = 4
const PARENT_BYTES = 55

/**
 * An envelope whose bytes are in a frame, so that the master passes them on as they are. The bytes
 * are private to it: a changed copy (`{...envelope}`) does not have them, and of a packed one not
 * what it says either.
 */
abstract class FramedEnvelope implements Envelope {
  readonly origin: NodeId
  readonly counter: number
  readonly callerId: string | undefined
  abstract readonly target: Target
  abstract readonly payload: Payload
  readonly #frame: Uint8Array
  readonly #start: number
  readonly #size: number

  constructor({origin, counter, callerId}: MessageName, place: FramePlace) {
    this.origin = origin
    this.counter = counter
    this.callerId = callerId
    this.#frame = place.frame
    this.#start = place.start
    this.#size = place.size
  }

  /** Undefined for one that did not come in a frame. */
  static sizeOf(envelope: Envelope): number | undefined {
    return #size in envelope ? envelope.#size : undefined
  }

  /** Undefined for one that did not come in a frame. */
  static encodedOf(envelope: Envelope): Uint8Array | undefined {
    if (!(#frame in envelope)) return undefined
    return envelope.#frame.subarray(envelope.#start, envelope.#start + envelope.#size)
  }

  static placeOf(envelope: Envelope): FramePlace | undefined {
    if (!(#frame in envelope)) return undefined
    return {frame: envelope.#frame, start: envelope.#start, size: envelope.#size}
  }
}

type MessageName = Pick<Envelope, 'origin' | 'counter' | 'callerId'>

interface FramePlace {
  readonly frame: Uint8Array
  readonly start: number
  readonly size: number
}

/** As it was read. */
class WireEnvelope extends FramedEnvelope {
  readonly target: Target
  readonly payload: Payload

  constructor(name: MessageName, target: Target, payload: Payload, place: FramePlace) {
    super(name, place)
    this.target = target
    this.payload = payload
  }
}

class PackedEnvelope extends FramedEnvelope {
  #read: Envelope | undefined

  get target(): Target {
    return this.#readAgain().target
  }

  get payload(): Payload {
    return this.#readAgain().payload
  }

  /** Kept from then on: who asks about the past asks for the same again and again. */
  #readAgain(): Envelope {
    const encoded = FramedEnvelope.encodedOf(this)
    assert(encoded !== undefined, 'It has its bytes')
    this.#read ??= readEnvelope(new ByteReader(encoded))
    return this.#read
  }
}

/**
 * The same message, of which only the name and the bytes are kept: who it is for and its details
 * are read again when somebody asks. So a history of many messages costs the collector of garbage
 * little. One that did not come in a frame is given back as it is.
 */
export function packEnvelope(envelope: Envelope): Envelope {
  const place = FramedEnvelope.placeOf(envelope)
  return place === undefined ? envelope : new PackedEnvelope(envelope, place)
}

/** Bytes of an envelope on the wire, or a little more: for size hints and for batching. */
export function envelopeSize(envelope: Envelope): number {
  const known = FramedEnvelope.sizeOf(envelope)
  if (known !== undefined) return known
  const {callerId = '', target, payload} = envelope
  let size = 64 + callerId.length * 3 + payload.action.length * 3 + payload.details.length
  if (target.kind === 'filter') {
    for (const [key, value] of target.pairs) size += 4 + (key.length + value.length) * 3
  } else if ('ids' in target) {
    for (const id of target.ids) size += 2 + id.length * 3
  }
  if (payload.trace !== undefined) size += 64 + (payload.trace.tracestate?.length ?? 0)
  return size
}

export function writeEnvelope(writer: ByteWriter, envelope: Envelope): void {
  const encoded = FramedEnvelope.encodedOf(envelope)
  if (encoded !== undefined) {
    writer.raw(encoded)
    return
  }
  const {origin, counter, callerId, target, payload} = envelope
  writer.text(origin, LIMITS.idBytes)
  writer.number(counter)
  assert(callerId !== '', "A caller's id is checked when published")
  writer.text(callerId ?? '', LIMITS.callerIdBytes)
  writeTarget(writer, target)
  assert(payload.action !== '', 'A payload has an action')
  writer.text(payload.action, LIMITS.actionBytes)
  const {trace} = payload
  writer.byte(SHAPES.indexOf(payload.shape) + (trace === undefined ? 0 : TRACED))
  assert(payload.details.length <= LIMITS.detailsBytes, 'Details are checked when published')
  writer.bytes(payload.details)
  if (trace === undefined) return
  writer.text(trace.traceparent, PARENT_BYTES)
  writer.text(trace.tracestate ?? '', LIMITS.traceStateBytes)
}

export function readEnvelope(reader: ByteReader): Envelope {
  const start = reader.offset
  const origin = reader.nodeId('origin')
  const counter = reader.number('counter')
  const callerId = reader.text('id', LIMITS.callerIdBytes) || undefined
  const target = readTarget(reader)
  const action = reader.text('action', LIMITS.actionBytes)
  if (action === '') reader.fail('action is empty')
  const form = reader.byte('shape')
  const isTraced = (form & TRACED) !== 0
  const shape = SHAPES[isTraced ? form - TRACED : form]
  if (shape === undefined) reader.fail('shape is unknown')
  const details = reader.bytes('details', LIMITS.detailsBytes)
  if ((shape === 'none') !== (details.length === 0)) reader.fail('details do not have their shape')
  const bare: Payload = {action, shape: shape ?? 'none', details}
  const payload = isTraced ? {...bare, trace: readTrace(reader)} : bare
  const place = {frame: reader.whole, start, size: reader.offset - start}
  return new WireEnvelope({origin, counter, callerId}, target, payload, place)
}

function readTrace(reader: ByteReader): TraceContext {
  const traceparent = reader.text('traceparent', PARENT_BYTES)
  const tracestate = reader.text('tracestate', LIMITS.traceStateBytes)
  const trace = traceContextFrom({traceparent, tracestate})
  const isAsWritten = trace?.traceparent === traceparent && (trace.tracestate ?? '') === tracestate
  if (!isAsWritten) reader.fail('the trace context is none')
  return trace ?? {traceparent}
}

/** The bytes of one envelope: what a frame holds of it. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const writer = new ByteWriter(envelopeSize(envelope))
  writeEnvelope(writer, envelope)
  return writer.finish()
}

function writeTarget(writer: ByteWriter, target: Target): void {
  writer.byte(TARGET_KINDS.indexOf(target.kind))
  if (target.kind === 'filter') {
    assert(target.pairs.length <= LIMITS.filterPairs, 'A target is checked when published')
    writer.number(target.pairs.length)
    for (const [key, value] of target.pairs) {
      writer.text(key, LIMITS.idBytes)
      writer.text(value, LIMITS.idBytes)
    }
  } else if ('ids' in target) {
    assert(target.ids.length <= LIMITS.targetIds, 'A target is checked when published')
    writer.number(target.ids.length)
    for (const id of target.ids) writer.text(id, LIMITS.idBytes)
  }
}

function readTarget(reader: ByteReader): Target {
  const kind = TARGET_KINDS[reader.byte('target')]
  switch (kind) {
    case 'user':
    case 'group':
    case 'session': {
      const ids: string[] = []
      const count = reader.count('ids', 1, LIMITS.targetIds)
      for (let index = 0; index < count && reader.failure === undefined; index += 1) {
        ids.push(reader.text('id', LIMITS.idBytes))
      }
      return {kind, ids}
    }
    case 'filter': {
      const pairs: [string, string][] = []
      const count = reader.count('pairs', 2, LIMITS.filterPairs)
      for (let index = 0; index < count && reader.failure === undefined; index += 1) {
        pairs.push([reader.text('key', LIMITS.idBytes), reader.text('value', LIMITS.idBytes)])
      }
      return {kind, pairs}
    }
    case 'registered':
    case 'everyone':
      return {kind}
    default:
      reader.fail('target is unknown')
      return {kind: 'user', ids: []}
  }
}
