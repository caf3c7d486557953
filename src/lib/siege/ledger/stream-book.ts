/**
 * What one connection got of one stream (see plan/audience.ts). The numbers of a stream have no
 * gaps, so one number and the few that were skipped tell all: lost, doubled, out of order.
 */
export type Arrival = 'in-order' | 'late' | 'duplicate'

/** More than this skipped at once is counted, not remembered: they are lost. */
const SKIPPED_MAX = 100_000

export interface StreamResult {
  readonly delivered: number
  readonly lost: number
}

export class StreamBook {
  /** The number that should come next; -1: whatever comes first begins the book. */
  #next: number
  #first: number
  #delivered = 0
  #forgotten = 0
  #skipped: Set<number> | undefined

  /** A connection that is there from the beginning misses what it does not get from number 0 on. */
  constructor(isFromStart: boolean) {
    this.#next = isFromStart ? 0 : -1
    this.#first = this.#next
  }

  /** Skipped so far: late or lost. */
  get missing(): number {
    return (this.#skipped?.size ?? 0) + this.#forgotten
  }

  get delivered(): number {
    return this.#delivered
  }

  arrived(number: number): Arrival {
    if (this.#next < 0) {
      this.#next = number
      this.#first = number
    }
    if (number === this.#next) {
      this.#next += 1
      this.#delivered += 1
      return 'in-order'
    }
    if (number > this.#next) {
      this.#skip(number)
      this.#next = number + 1
      this.#delivered += 1
      return 'in-order'
    }
    if (this.#skipped?.delete(number) === true) {
      this.#delivered += 1
      return 'late'
    }
    // Older than the book: what a connection that came back is not due, if it was told so.
    return number < this.#first ? 'late' : 'duplicate'
  }

  /** The connection was told that it missed something: that is nobody's loss. */
  restart(): void {
    this.#next = -1
    this.#skipped = undefined
    this.#forgotten = 0
  }

  /** What was on its way, up to this number, is nobody's loss. */
  excuse(upTo: number): void {
    this.#next = Math.max(this.#next, upTo)
  }

  /** `excluded`: numbers that were refused, or of which nobody knows. */
  close(sent: number, excluded: ReadonlySet<number>): StreamResult {
    let lost = this.#forgotten
    for (const number of this.#skipped ?? []) if (!excluded.has(number)) lost += 1
    if (this.#next >= 0) {
      for (let number = this.#next; number < sent; number += 1) if (!excluded.has(number)) lost += 1
    }
    return {delivered: this.#delivered, lost}
  }

  #skip(upTo: number): void {
    if (upTo - this.#next > SKIPPED_MAX) {
      this.#forgotten += upTo - this.#next
      return
    }
    this.#skipped ??= new Set()
    for (let number = this.#next; number < upTo; number += 1) this.#skipped.add(number)
  }
}
