/**
 * The messages that this node has had, by subject, the newest: who comes back is given what he
 * missed from here. Of each subject it is known from where on nothing is missing; what came before
 * can be put in front of it, from the stream.
 */
import type {Delivery} from '../../mesh/effect.js'
import type {Place} from '../../protocol/position.js'
import {wholeUpTo} from './places.js'

export interface Kept {
  readonly key: number
  /** Of the stream. */
  readonly seq: number
  readonly deliveries: readonly Delivery[]
  /** To how many connections each was queued; empty: it was read later, for nobody. */
  readonly connections: readonly number[]
  readonly bytes: number
  readonly atMs: number
}

interface Subject {
  /** All above this number is kept. */
  from: number
  /** By their numbers; those before `head` have been let go. */
  kept: Kept[]
  head: number
}

/** So much more than allowed may be kept until the next sweep. */
const ROOM = 1.25
/** Cut now and then, not each time. */
const CUT_MIN = 1024

export interface MemoryBounds {
  readonly ms: number
  readonly bytes: number
}

export class Memory {
  readonly #bounds: MemoryBounds
  readonly #subjects = new Map<number, Subject>()
  /** In the order in which they came here. */
  readonly #all = new Map<number, Kept>()
  #bytes = 0

  constructor(bounds: MemoryBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#all.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** From this number of the stream on nothing of the subject will be missing. */
  begin(key: number, from: number): void {
    if (!this.#subjects.has(key)) this.#subjects.set(key, {from, kept: [], head: 0})
  }

  forget(key: number): void {
    const {kept = [], head = 0} = this.#subjects.get(key) ?? {}
    for (const each of kept.slice(head)) this.#drop(each)
    this.#subjects.delete(key)
  }

  clear(): void {
    this.#subjects.clear()
    this.#all.clear()
    this.#bytes = 0
  }

  /** From where on a subject is whole; undefined for one that is not kept. */
  from(key: number): number | undefined {
    return this.#subjects.get(key)?.from
  }

  /** Whether all of the subject after the place is here. */
  covers(key: number, place: Pick<Place, 'seq'>): boolean {
    const from = this.from(key)
    return from !== undefined && from <= wholeUpTo(place)
  }

  find(seq: number): Kept | undefined {
    return this.#all.get(seq)
  }

  add(kept: Kept): void {
    const subject = this.#subjects.get(kept.key)
    if (subject === undefined || kept.seq <= subject.from || this.#all.has(kept.seq)) return
    const last = subject.kept.at(-1)
    const isLate = last !== undefined && last.seq > kept.seq
    if (isLate) {
      subject.kept = [...subject.kept.slice(subject.head), kept].toSorted((a, b) => a.seq - b.seq)
      subject.head = 0
    } else subject.kept.push(kept)
    this.#keep(kept)
    if (this.#bytes > this.#bounds.bytes * ROOM) this.trim(kept.atMs)
  }

  /** What came before, read from the stream: with it the subject is whole from there on. */
  extend(key: number, from: number, earlier: readonly Kept[]): void {
    const subject = this.#subjects.get(key)
    if (subject === undefined || from >= subject.from) return
    const more = earlier.filter(({seq}) => seq > from && seq <= subject.from && !this.#all.has(seq))
    subject.from = from
    subject.kept = [...more, ...subject.kept.slice(subject.head)]
    subject.head = 0
    for (const kept of more) this.#keep(kept)
  }

  /** Everything of these subjects after the place, in order. */
  after(keys: Iterable<number>, place: Pick<Place, 'seq'>): Delivery[] {
    const found: Delivery[] = []
    for (const key of keys) {
      const {kept = [], head = 0} = this.#subjects.get(key) ?? {}
      for (let index = kept.length - 1; index >= head; index -= 1) {
        const deliveries = kept[index]?.deliveries ?? []
        const later = deliveries.filter(({seq}) => seq > place.seq)
        found.push(...later)
        if (later.length < deliveries.length) break
      }
    }
    return found.toSorted((a, b) => a.seq - b.seq)
  }

  /** The newest first. */
  *newest(): Generator<Kept> {
    yield* [...this.#all.values()].toSorted((a, b) => b.seq - a.seq)
  }

  /** What is too old or too much is let go. */
  trim(nowMs: number): void {
    for (const kept of this.#all.values()) {
      const isOld = nowMs - kept.atMs > this.#bounds.ms
      if (!isOld && this.#bytes <= this.#bounds.bytes) return
      const subject = this.#subjects.get(kept.key)
      if (subject !== undefined) this.#letGo(subject, kept.seq)
      this.#drop(kept)
    }
  }

  /** What came before it goes with it: a subject is whole from some place on. */
  #letGo(subject: Subject, seq: number): void {
    subject.from = Math.max(subject.from, seq)
    for (let first = subject.kept[subject.head]; first !== undefined && first.seq <= seq;
      first = subject.kept[subject.head]) {
      this.#drop(first)
      subject.head += 1
    }
    if (subject.head < CUT_MIN || subject.head * 2 < subject.kept.length) return
    subject.kept = subject.kept.slice(subject.head)
    subject.head = 0
  }

  #keep(kept: Kept): void {
    this.#all.set(kept.seq, kept)
    this.#bytes += kept.bytes
  }

  #drop(kept: Kept): void {
    if (this.#all.delete(kept.seq)) this.#bytes -= kept.bytes
  }
}
