/** Which messages were published under an id of their caller's, and where they stand. */
import type {Caller} from '../protocol/node-frame.js'
import {LIMITS} from '../protocol/limits.js'
import type {Place} from '../protocol/position.js'
import {utf8Length} from '../protocol/utf8.js'

/** Bounds of what is known; tests make them small. */
export interface CallersBounds {
  readonly count: number
  readonly bytes: number
}

const BOUNDS: CallersBounds = {count: LIMITS.callers, bytes: LIMITS.callersBytes}

/** Beside the id in a snapshot: its length, and a place at its longest. */
const CALLER_BYTES = 17

interface Row extends Caller {
  /** Sum of bytes up to and with this row, since the first of all. */
  readonly bytesThrough: number
  /** The number of a row of the same id that was forgotten when this one came. */
  readonly earlier: number | undefined
}

/**
 * Part of the replicated state: what is known at a place of the order depends on nothing but the
 * entries before it. Rows come in the order of their places; known are the newest of them within
 * the bounds. Older ones are kept as long as a truncation, or a snapshot of the window's start, may
 * need them.
 */
export class Callers {
  readonly #bounds: CallersBounds
  #rows: Row[] = []
  /** Rows are numbered from 0 as they come; this is the number of #rows[0]. */
  #base = 0
  readonly #numbers = new Map<string, number>()

  constructor(callers: readonly Caller[] = [], bounds: CallersBounds = BOUNDS) {
    this.#bounds = bounds
    for (const {id, place} of callers) this.#push(id, place)
  }

  /** Rows held, known or not. */
  get size(): number {
    return this.#rows.length
  }

  /** The place of the id when it is known; otherwise it is from now on. */
  add(id: string, place: Place): Place | undefined {
    const number = this.#numbers.get(id)
    const row = number === undefined ? undefined : this.#rows[number - this.#base]
    if (row && number !== undefined && this.#isKnown(number, this.#rows.length)) return row.place
    this.#push(id, place)
    return undefined
  }

  /** Takes back what came after a seq. */
  truncateTo(seq: number): void {
    for (let row = this.#rows.at(-1); row && row.place.seq > seq; row = this.#rows.at(-1)) {
      this.#rows.pop()
      if (row.earlier !== undefined && row.earlier >= this.#base) {
        this.#numbers.set(row.id, row.earlier)
      } else this.#numbers.delete(row.id)
    }
  }

  /** Known at that seq, oldest first. */
  knownAfter(seq: number): readonly Caller[] {
    const length = this.#lengthAt(seq)
    const first = this.#firstKnown(length)
    return this.#rows.slice(first, length).map(({id, place}) => ({id, place}))
  }

  /** The log cannot go back behind this seq any more. */
  forgetBefore(seq: number): void {
    const first = this.#firstKnown(this.#lengthAt(seq))
    // Cut now and then, not each time.
    if (first < 1024 || first * 4 < this.#rows.length) return
    for (const [index, {id}] of this.#rows.slice(0, first).entries()) {
      if (this.#numbers.get(id) === this.#base + index) this.#numbers.delete(id)
    }
    this.#rows = this.#rows.slice(first)
    this.#base += first
  }

  #push(id: string, place: Place): void {
    const bytes = utf8Length(id) + CALLER_BYTES
    const bytesThrough = (this.#rows.at(-1)?.bytesThrough ?? 0) + bytes
    const earlier = this.#numbers.get(id)
    this.#numbers.set(id, this.#base + this.#rows.length)
    this.#rows.push({id, place: {term: place.term, seq: place.seq}, bytesThrough, earlier})
  }

  /** Whether a row is known when `length` rows are there. */
  #isKnown(number: number, length: number): boolean {
    const index = number - this.#base
    if (index < length - this.#bounds.count) return false
    const before = this.#rows[index - 1]?.bytesThrough ?? this.#bytesBefore()
    return (this.#rows[length - 1]?.bytesThrough ?? 0) - before <= this.#bounds.bytes
  }

  #bytesBefore(): number {
    const [first] = this.#rows
    return first ? first.bytesThrough - utf8Length(first.id) - CALLER_BYTES : 0
  }

  /** Rows with a place up to a seq. */
  #lengthAt(seq: number): number {
    return partition(0, this.#rows.length, (index) => (this.#rows[index]?.place.seq ?? 0) <= seq)
  }

  /** Index of the oldest row that is known when `length` rows are there. */
  #firstKnown(length: number): number {
    return partition(0, length, (index) => !this.#isKnown(this.#base + index, length))
  }
}

/** The first index from `from` to `to` of which `isBefore` is false; it is true of all before. */
function partition(from: number, to: number, isBefore: (index: number) => boolean): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isBefore(middle)) low = middle + 1
    else high = middle
  }
  return low
}
