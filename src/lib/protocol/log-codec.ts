import {assert} from '../util/assert.js'
import {envelopeSize, readEnvelope, writeEnvelope} from './envelope-codec.js'
import {LIMITS} from './limits.js'
import type {
  Caller, Chain, LogEntry, NodeAddress, OriginCounter, Snapshot, TermEnd,
} from './node-frame.js'
import {isEpoch, type Place} from './position.js'
import type {ByteReader, ByteWriter} from './wire.js'

/** The parts that several node frames share: places, chains, entries, snapshots, addresses. */

export function writeEpoch(writer: ByteWriter, epoch: string): void {
  assert(isEpoch(epoch), `No epoch: ${JSON.stringify(epoch)}`)
  writer.text(epoch, 16)
}

export function readEpoch(reader: ByteReader): string {
  const epoch = reader.text('epoch', 16)
  if (!isEpoch(epoch)) reader.fail('epoch is none')
  return epoch
}

export function writePlace(writer: ByteWriter, place: Place): void {
  writer.number(place.term)
  writer.number(place.seq)
}

export function readPlace(reader: ByteReader, what: string): Place {
  return {term: reader.number(what), seq: reader.number(what)}
}

export function writeAddress(writer: ByteWriter, address: NodeAddress): void {
  writer.text(address.id, LIMITS.idBytes)
  writer.text(address.url, LIMITS.urlBytes)
}

export function readAddress(reader: ByteReader): NodeAddress {
  return {id: reader.nodeId('id of a node'), url: reader.text('url', LIMITS.urlBytes)}
}

/** Items until the count or the first failure. */
export function readList<T>(reader: ByteReader, count: number, read: () => T): T[] {
  const items: T[] = []
  while (items.length < count && reader.failure === undefined) items.push(read())
  return items
}

function writeEnds(writer: ByteWriter, ends: readonly TermEnd[]): void {
  writer.number(ends.length)
  for (const end of ends) writePlace(writer, end)
}

function readEnds(reader: ByteReader): TermEnd[] {
  const count = reader.count('term ends', 2, LIMITS.nodeFrameItems)
  return readList(reader, count, () => readPlace(reader, 'end'))
}

export function writeChain(writer: ByteWriter, chain: Chain): void {
  if (chain.epoch === '') writer.text('', 0)
  else writeEpoch(writer, chain.epoch)
  writePlace(writer, chain.after)
  writeEnds(writer, chain.ends)
}

export function readChain(reader: ByteReader): Chain {
  const epoch = reader.text('epoch', 16)
  if (epoch !== '' && !isEpoch(epoch)) reader.fail('epoch is none')
  return {epoch, after: readPlace(reader, 'after'), ends: readEnds(reader)}
}

export function writeSnapshot(writer: ByteWriter, snapshot: Snapshot | undefined): void {
  writer.boolean(snapshot !== undefined)
  if (snapshot === undefined) return
  writePlace(writer, snapshot.after)
  writeEnds(writer, snapshot.ends)
  writer.number(snapshot.origins.length)
  for (const {origin, counter} of snapshot.origins) {
    writer.text(origin, LIMITS.idBytes)
    writer.number(counter)
  }
  writer.number(snapshot.callers.length)
  for (const {id, place} of snapshot.callers) {
    writer.text(id, LIMITS.callerIdBytes)
    writePlace(writer, place)
  }
}

export function readSnapshot(reader: ByteReader): Snapshot | undefined {
  if (!reader.boolean('snapshot')) return undefined
  const after = readPlace(reader, 'after of the snapshot')
  const ends = readEnds(reader)
  const count = reader.count('origins', 3, LIMITS.nodeFrameItems)
  const origins = readList(
    reader,
    count,
    (): OriginCounter => ({origin: reader.nodeId('origin'), counter: reader.number('counter')}),
  )
  return {after, ends, origins, callers: readCallers(reader)}
}

function readCallers(reader: ByteReader): Caller[] {
  const count = reader.count('callers', 4, LIMITS.callers)
  return readList(reader, count, (): Caller => {
    const id = reader.text('id', LIMITS.callerIdBytes)
    if (id === '') reader.fail('id is empty')
    return {id, place: readPlace(reader, 'a caller')}
  })
}

/**
 * Entries follow on `after` without gaps and with terms that do not fall, so an entry says only by
 * how much its term is above the one before: a list with a gap cannot be written down.
 */
export function writeEntries(writer: ByteWriter, after: Place, entries: readonly LogEntry[]): void {
  writer.number(entries.length)
  let {term, seq} = after
  for (const entry of entries) {
    assert(entry.seq === seq + 1 && entry.term >= term, 'Entries follow on each other')
    writer.number(entry.term - term)
    term = entry.term
    seq = entry.seq
    writer.boolean(entry.envelope !== undefined)
    if (entry.envelope !== undefined) writeEnvelope(writer, entry.envelope)
  }
}

export function readEntries(reader: ByteReader, after: Place): LogEntry[] {
  const count = reader.count('entries', 2, LIMITS.nodeFrameItems)
  let {term, seq} = after
  if (seq + count > Number.MAX_SAFE_INTEGER) reader.fail('entries go beyond the largest seq')
  return readList(reader, count, (): LogEntry => {
    term += reader.number('rise of the term')
    seq += 1
    if (term > Number.MAX_SAFE_INTEGER) reader.fail('term is larger than 2^53 - 1')
    return {term, seq, envelope: reader.boolean('envelope') ? readEnvelope(reader) : undefined}
  })
}

export function entriesSize(entries: readonly LogEntry[]): number {
  let size = 0
  for (const {envelope} of entries) {
    size += 9 + (envelope === undefined ? 0 : envelopeSize(envelope))
  }
  return size
}
