import {assert} from '../util/assert.js'
import type {NodeId} from '../util/brand.js'
import {envelopeSize} from '../protocol/envelope-codec.js'
import type {Envelope} from '../protocol/envelope.js'
import type {
  Chain, LogEntry, NodeCount, Snapshot, TermEnd,
} from '../protocol/node-frame.js'
import {ORIGIN_PLACE, comparePlaces, type Place} from '../protocol/position.js'
import {Callers} from './callers.js'
import type {Delivery} from './effect.js'
import {Origins} from './origins.js'

/** Terms that a chain names; an older common point than this costs a snapshot, nothing else. */
const ENDS_MAX = 128
/** What an entry costs in memory besides its bytes: object headers and maps. An estimate. */
const ENTRY_OVERHEAD_BYTES = 200

/** An entry with what only this node knows of it. */
export interface Slot extends Delivery {
  /** Packed once it is delivered. */
  envelope: Envelope | undefined
  /** The origin's last counter before this entry: truncation puts it back. */
  readonly previousCounter: number | undefined
  /** Where the message of the same caller's id stands: this one is delivered to nobody. */
  readonly repeatOf: Place | undefined
  /** When it was appended, for the history window. */
  readonly at: number
  readonly bytes: number
  /** Sum of bytes since the log began; the difference of two is what lies between. */
  readonly bytesThrough: number
  /** Connections that it was queued to here; undefined until delivered. */
  connections: number | undefined
  /** Master only: nodes that queued it to at least one connection. */
  byNode: NodeCount[] | undefined
}

/**
 * The part of the one order that a node holds: entries without gaps from just after `after` to
 * `last`, where each term ended, each origin's last counter, and callers' ids with their places.
 * Raft's log, with a window in place of snapshots of a state machine.
 */
export class Log {
  #epoch = ''
  #after: Place = ORIGIN_PLACE
  /** Kept, since it is asked for many times a turn. */
  #last: Place = ORIGIN_PLACE
  #ends: TermEnd[] = []
  #slots: Slot[] = []
  /** Slots before this index are pruned; the array is cut now and then, not each time. */
  #start = 0
  #origins = new Origins()
  /** The counters as they were at `after`, from which a snapshot starts. */
  #originsAfter = new Origins()
  #callers = new Callers()

  /** Empty text: this node has never been part of a mesh. */
  get epoch(): string {
    return this.#epoch
  }

  get after(): Place {
    return this.#after
  }

  get last(): Place {
    return this.#last
  }

  get length(): number {
    return this.#slots.length - this.#start
  }

  get bytes(): number {
    const first = this.#slots[this.#start]
    const last = this.#slots.at(-1)
    return first && last ? last.bytesThrough - first.bytesThrough + first.bytes : 0
  }

  /** How much of everything is held, pruned slots that were not cut yet among it. */
  get sizes(): Readonly<Record<'slots' | 'termEnds' | 'origins' | 'callers', number>> {
    return {
      slots: this.#slots.length,
      termEnds: this.#ends.length,
      origins: this.#origins.size,
      callers: this.#callers.size,
    }
  }

  /** The slot at a seq, undefined outside of what is held. */
  at(seq: number): Slot | undefined {
    if (seq <= this.#after.seq) return undefined
    return this.#slots[this.#start + seq - this.#after.seq - 1]
  }

  /** The place at a seq, also just before the first entry; undefined outside. */
  placeAt(seq: number): Place | undefined {
    if (seq === this.#after.seq) return this.#after
    const slot = this.at(seq)
    return slot && place(slot)
  }

  /** Whether a place stands in this log, or may when it gets more: another log's may not. */
  canHold({term, seq}: Place): boolean {
    if (seq <= this.last.seq) return this.placeAt(seq)?.term === term
    return term >= this.last.term
  }

  /** Entries in (afterSeq, throughSeq], as held. */
  slice(afterSeq: number, throughSeq: number): readonly Slot[] {
    const base = this.#start - this.#after.seq
    return this.#slots.slice(Math.max(this.#start, base + afterSeq), base + throughSeq)
  }

  /** Bytes of the entries in (afterSeq, throughSeq]. */
  bytesBetween(afterSeq: number, throughSeq: number): number {
    const first = this.at(afterSeq + 1)
    const last = this.at(throughSeq)
    return first && last ? last.bytesThrough - first.bytesThrough + first.bytes : 0
  }

  lastCounter(origin: NodeId): number | undefined {
    return this.#origins.counterOf(origin)
  }

  /** What this log holds, for a peer to find where the two part. */
  chain(): Chain {
    return {epoch: this.#epoch, after: this.#after, ends: this.#ends.slice(-ENDS_MAX)}
  }

  append(entry: LogEntry, now: number): Slot {
    const {last} = this
    assert(entry.seq === last.seq + 1, 'a log has no gaps')
    assert(entry.term >= last.term, 'terms rise along a log')
    const {envelope} = entry
    const bytes = envelope ? ENTRY_OVERHEAD_BYTES + envelopeSize(envelope) : 1
    const callerId = envelope?.callerId
    const slot: Slot = {
      term: entry.term,
      seq: entry.seq,
      envelope,
      repeatOf: callerId === undefined ? undefined : this.#callers.add(callerId, place(entry)),
      previousCounter: envelope && this.#origins.counterOf(envelope.origin),
      at: now,
      bytes,
      bytesThrough: (this.#slots.at(-1)?.bytesThrough ?? 0) + bytes,
      connections: undefined,
      byNode: undefined,
    }
    this.#slots.push(slot)
    if (envelope) this.#origins.hear(envelope.origin, envelope.counter)
    this.#last = place(entry)
    const end = this.#ends.at(-1)
    if (end?.term === entry.term) this.#ends[this.#ends.length - 1] = this.#last
    else this.#ends.push(this.#last)
    return slot
  }

  /** Drops what stands after a place that this log holds. */
  truncateTo(keep: Place): void {
    assert(comparePlaces(keep, this.#after) >= 0, 'cannot keep less than the window')
    while (this.#last.seq > keep.seq) {
      const slot = this.#slots.pop()
      assert(slot, 'entries after the window exist')
      const before = this.#slots.at(-1)
      this.#last = before ? place(before) : this.#after
      if (!slot.envelope) continue
      this.#origins.putBack(slot.envelope.origin, slot.previousCounter)
    }
    this.#callers.truncateTo(keep.seq)
    while ((this.#ends.at(-1)?.seq ?? 0) > keep.seq) this.#ends.pop()
    // The last entry kept may stand in the middle of its term.
    if (keep.seq > 0 && this.#ends.at(-1)?.seq !== keep.seq) this.#ends.push(place(keep))
    assert(comparePlaces(this.last, keep) === 0, 'the place to keep is in this log')
  }

  /** Forgets everything and starts from a snapshot, or from nothing. */
  reset(epoch: string, snapshot?: Snapshot): void {
    this.#epoch = epoch
    this.#after = snapshot?.after ?? ORIGIN_PLACE
    this.#last = this.#after
    this.#ends = [...(snapshot?.ends ?? [])]
    this.#slots = []
    this.#start = 0
    this.#origins = new Origins(snapshot?.origins)
    this.#originsAfter = new Origins(snapshot?.origins)
    this.#callers = new Callers(snapshot?.callers)
  }

  /** The state that this log starts from. */
  snapshot(): Snapshot {
    return {
      after: this.#after,
      ends: this.#ends.filter((end) => end.seq <= this.#after.seq).slice(-ENDS_MAX + 1)
        .concat(this.#endAtAfter()),
      origins: this.#originsAfter.all(),
      callers: this.#callers.knownAfter(this.#after.seq),
    }
  }

  /** Drops the oldest entries up to `throughSeq` that are out of the window in time or size. */
  prune(throughSeq: number, oldestAt: number, bytesMax: number): void {
    const start = this.#start
    let bytes = this.bytes
    for (;;) {
      const slot = this.#slots[this.#start]
      if (!slot || slot.seq > throughSeq) break
      if (slot.at >= oldestAt && bytes <= bytesMax) break
      bytes -= slot.bytes
      this.#after = place(slot)
      if (slot.envelope) this.#originsAfter.hear(slot.envelope.origin, slot.envelope.counter)
      this.#start++
    }
    if (this.#start > start) {
      this.#callers.forgetBefore(this.#after.seq)
      // No log goes on from before the window: where terms ended there is of no use to any.
      const useful = this.#ends.findIndex(({seq}) => seq >= this.#after.seq)
      this.#ends.splice(0, useful)
    }
    if (this.#ends.length > 2 * ENDS_MAX) this.#ends.splice(0, this.#ends.length - ENDS_MAX)
    // Cut now and then, and when nothing is left: a log at rest holds no more than it must.
    const isEmpty = this.#start === this.#slots.length
    if (isEmpty || (this.#start > 1024 && this.#start * 2 > this.#slots.length)) {
      this.#slots.splice(0, this.#start)
      this.#start = 0
    }
  }

  /** The term of `after` usually goes on beyond it: its end in the snapshot is `after` itself. */
  #endAtAfter(): TermEnd[] {
    if (this.#after.seq === 0) return []
    return this.#ends.some((end) => end.seq === this.#after.seq) ? [] : [this.#after]
  }
}

/**
 * The highest place that two logs share and both can go on from; undefined when there is none
 * within both windows. Two logs that share a term agree up to the lower of its two ends, since one
 * master wrote that term's entries in one order (Raft's log matching).
 */
export function commonPlace(mine: Chain, theirs: Chain): Place | undefined {
  if (mine.epoch !== theirs.epoch) return undefined
  const endsOfTheirs = new Map(theirs.ends.map((end) => [end.term, end.seq]))
  let common: Place = ORIGIN_PLACE
  for (const end of mine.ends) {
    const other = endsOfTheirs.get(end.term)
    if (other !== undefined) common = {term: end.term, seq: Math.min(end.seq, other)}
  }
  const isHeld = comparePlaces(common, mine.after) >= 0 && comparePlaces(common, theirs.after) >= 0
  return isHeld ? common : undefined
}

/** The last place of a chain. */
export function chainLast(chain: Chain): Place {
  return chain.ends.at(-1) ?? chain.after
}

function place({term, seq}: Place): Place {
  return {term, seq}
}
