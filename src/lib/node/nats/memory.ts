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
  kept: Kept[]
}

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
    if (!this.#subjects.has(key)) this.#subjects.set(key, {from, kept: []})
  }

  forget(key: number): void {
    for (const kept of this.#subjects.get(key)?.kept ?? []) this.#drop(kept)
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
    subject.kept.push(kept)
    if (last !== undefined && last.seq > kept.seq) subject.kept.sort((a, b) => a.seq - b.seq)
    this.#all.set(kept.seq, kept)
    this.#bytes += kept.bytes
  }

  /** What came before, read from the stream: with it the subject is whole from there on. */
  extend(key: number, from: number, earlier: readonly Kept[]): void {
    const subject = this.#subjects.get(key)
    if (subject === undefined || from >= subject.from) return
    const {from: before} = subject
    subject.from = from
    for (const kept of earlier) if (kept.seq <= before) this.add(kept)
  }

  /** Everything of these subjects after the place, in order. */
  after(keys: Iterable<number>, place: Pick<Place, 'seq'>): Delivery[] {
    const found: Delivery[] = []
    for (const key of keys) {
      const kept = this.#subjects.get(key)?.kept ?? []
      for (let index = kept.length - 1; index >= 0; index -= 1) {
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
      if (subject !== undefined) {
        subject.from = Math.max(subject.from, kept.seq)
        for (const each of subject.kept) if (each.seq <= kept.seq) this.#drop(each)
        subject.kept = subject.kept.filter(({seq}) => seq > kept.seq)
      }
      this.#drop(kept)
    }
  }

  #drop(kept: Kept): void {
    if (this.#all.delete(kept.seq)) this.#bytes -= kept.bytes
  }
}
