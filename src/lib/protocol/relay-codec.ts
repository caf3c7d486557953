/**
 * What nodes say to each other over a relay that is a service of its own: parcels of messages,
 * which it stores, and news, which it only passes on. Any bytes give a value or a violation: who
 * else may use that service can send anything.
 */
import type {NodeId} from '../util/brand.js'
import {badFrame, decoded, type Decoded} from './decoded.js'
import type {Envelope} from './envelope.js'
import {envelopeSize, readEnvelope, writeEnvelope} from './envelope-codec.js'
import {LIMITS} from './limits.js'
import {ByteReader, ByteWriter} from './wire.js'

/** Messages of one parcel: of one place in the relay's order, told apart by their index. */
export const PARCEL_MESSAGES_MAX = 100

/** Keys of one frame of news. */
export const NEWS_KEYS_MAX = 10_000

const PARCEL_VERSION = 2

export interface Parcel {
  /**
   * It may be stored twice: the first of the two is behind this number of the stream. Undefined: it
   * was not sent before.
   */
  readonly since: number | undefined
  /** 1 to PARCEL_MESSAGES_MAX, of one origin. */
  readonly envelopes: readonly Envelope[]
}

export interface Reported {
  readonly seq: number
  /** Where the parcel was delivered: that number, or of the first where it is stored twice. */
  readonly at: number
  /** Of each message of the parcel, to how many connections; empty: not known any more. */
  readonly connections: readonly number[]
}

/** `keys`: of subjects, see node/nats/subjects.ts. */
export type News =
  /** This node lives, and its needs have this version. */
  | {readonly type: 'beat'; readonly from: NodeId; readonly version: number}
  /** `isWhole`: all that was said before counts no more. */
  | {
      readonly type: 'needs'
      readonly from: NodeId
      readonly version: number
      readonly isWhole: boolean
      readonly added: readonly number[]
      readonly removed: readonly number[]
    }
  /** Tell me all your needs. */
  | {readonly type: 'ask'; readonly from: NodeId}
  | {readonly type: 'bye'; readonly from: NodeId}
  /** What became of your parcels here. */
  | {readonly type: 'report'; readonly from: NodeId; readonly reports: readonly Reported[]}
  /** Report of this parcel again, to me. */
  | {readonly type: 'recount'; readonly from: NodeId; readonly seq: number}

const NEWS_TYPES = ['beat', 'needs', 'ask', 'bye', 'report', 'recount'] as const

export function encodeParcel({since, envelopes}: Parcel): Uint8Array {
  const size = envelopes.reduce((sum, envelope) => sum + envelopeSize(envelope), 16)
  const writer = new ByteWriter(size)
  writer.byte(PARCEL_VERSION)
  writer.number(since === undefined ? 0 : since + 1)
  writer.number(envelopes.length)
  for (const envelope of envelopes) writeEnvelope(writer, envelope)
  return writer.finish()
}

export function decodeParcel(bytes: Uint8Array): Decoded<Parcel> {
  const reader = new ByteReader(bytes)
  if (reader.byte('version') !== PARCEL_VERSION) reader.fail('the version is unknown')
  const since = readSince(reader)
  const count = reader.count('messages', 8, PARCEL_MESSAGES_MAX)
  const envelopes: Envelope[] = []
  for (let index = 0; index < count && reader.failure === undefined; index += 1) {
    envelopes.push(readEnvelope(reader))
  }
  reader.end()
  if (envelopes.length === 0) reader.fail('no message')
  if (reader.failure !== undefined) return badFrame(reader.failure)
  return decoded({since, envelopes})
}

/** Of a parcel, without the rest of it: see Parcel. Undefined for what is none, too. */
export function sinceOfParcel(bytes: Uint8Array): number | undefined {
  const reader = new ByteReader(bytes)
  const isParcel = reader.byte('version') === PARCEL_VERSION
  const since = readSince(reader)
  return isParcel && reader.failure === undefined ? since : undefined
}

function readSince(reader: ByteReader): number | undefined {
  const number = reader.number('since')
  return number === 0 ? undefined : number - 1
}

export function encodeNews(news: News): Uint8Array {
  const writer = new ByteWriter(64)
  writer.byte(NEWS_TYPES.indexOf(news.type))
  writer.text(news.from, LIMITS.idBytes)
  switch (news.type) {
    case 'beat':
      writer.number(news.version)
      break
    case 'needs':
      writer.number(news.version)
      writer.boolean(news.isWhole)
      writeNumbers(writer, news.added)
      writeNumbers(writer, news.removed)
      break
    case 'report':
      writer.number(news.reports.length)
      for (const {seq, at, connections} of news.reports) {
        writer.number(seq)
        writer.number(seq - at)
        writeNumbers(writer, connections)
      }
      break
    case 'recount':
      writer.number(news.seq)
      break
    default:
  }
  return writer.finish()
}

export function decodeNews(bytes: Uint8Array): Decoded<News> {
  const reader = new ByteReader(bytes)
  const type = NEWS_TYPES[reader.byte('type')]
  const from = reader.nodeId('sender')
  const news = readNews(reader, type, from)
  reader.end()
  if (news === undefined || reader.failure !== undefined) {
    return badFrame(reader.failure ?? 'the type is unknown')
  }
  return decoded(news)
}

function readNews(
  reader: ByteReader, type: News['type'] | undefined, from: NodeId,
): News | undefined {
  switch (type) {
    case 'beat':
      return {type, from, version: reader.number('version')}
    case 'needs': {
      const version = reader.number('version')
      const isWhole = reader.boolean('whole')
      const added = readNumbers(reader, 'keys', NEWS_KEYS_MAX)
      const removed = readNumbers(reader, 'keys', NEWS_KEYS_MAX)
      return {type, from, version, isWhole, added, removed}
    }
    case 'ask':
    case 'bye':
      return {type, from}
    case 'report': {
      const count = reader.count('reports', 3, LIMITS.nodeFrameItems)
      const reports: Reported[] = []
      for (let index = 0; index < count && reader.failure === undefined; index += 1) {
        const seq = reader.number('seq')
        const at = seq - reader.number('at')
        reports.push({seq, at, connections: readNumbers(reader, 'counts', PARCEL_MESSAGES_MAX)})
      }
      return {type, from, reports}
    }
    case 'recount':
      return {type, from, seq: reader.number('seq')}
    default:
      return undefined
  }
}

function writeNumbers(writer: ByteWriter, numbers: readonly number[]): void {
  writer.number(numbers.length)
  for (const number of numbers) writer.number(number)
}

function readNumbers(reader: ByteReader, what: string, max: number): number[] {
  const count = reader.count(what, 1, max)
  const numbers: number[] = []
  for (let index = 0; index < count && reader.failure === undefined; index += 1) {
    numbers.push(reader.number(what))
  }
  return numbers
}
