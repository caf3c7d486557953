/**
 * Who is written to next. What is sent in a turn of the event loop is written at its end, one write
 * a connection. A write costs the operating system some microseconds, so those of a broadcast are
 * done in slices, with the rest of the loop's work between them: a message to one user does not
 * wait until thousands have been written to.
 */
import {Batch} from './batch.js'

/** Writes of broadcasts in one turn of the event loop. */
const SLICE_MS = 0.5
/** Connections written to between two looks at the clock. */
const WRITES_A_LOOK = 8
/** So many that are done stay in the list at most, beside as many as are not. */
const DONE_MAX = 4096

export interface Flushed {
  /** Writes what waits; nothing, where that was done meanwhile. */
  flush(): void
}

export class FlushQueue {
  readonly #now: () => number
  /** What waits for a connection at first. A new one each turn: it keeps all that follow. */
  #empty = new Batch()
  #prompt: Flushed[] = []
  #bulk: Flushed[] = []
  /** Those before it are done. */
  #bulkAt = 0
  /** So many were added before the first of the list. */
  #bulkBefore = 0
  /** In order: to be told once so many of all bulk are written. */
  #awaiting: {readonly upTo: number; readonly done: () => void}[] = []
  #isCatchingUp = false
  #hasTurn = false

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  get empty(): Batch {
    return this.#empty
  }

  /** Bulk waits for its slice; the others are written to in this turn, ahead of it. */
  add(connection: Flushed, isBulk: boolean): void {
    if (isBulk) this.#bulk.push(connection)
    else this.#prompt.push(connection)
    this.#askForTurn()
  }

  /** Now, but for slices that have their turns already; `done` when all that waited is written. */
  flush(done?: () => void): void {
    this.flushPrompt()
    if (done !== undefined) {
      this.#awaiting.push({upTo: this.#bulkBefore + this.#bulk.length, done})
    }
    if (!this.#isCatchingUp) this.#slice()
  }

  #turn(): void {
    this.#hasTurn = false
    this.flushPrompt()
    this.#slice()
    if (this.#isCatchingUp) this.#askForTurn()
  }

  #askForTurn(): void {
    if (this.#hasTurn) return
    this.#hasTurn = true
    setImmediate(() => this.#turn())
  }

  /** Now, what is not bulk. */
  flushPrompt(): void {
    const connections = this.#prompt
    this.#prompt = []
    for (const connection of connections) connection.flush()
    this.#empty = new Batch()
  }

  #slice(): void {
    const endMs = this.#now() + SLICE_MS
    const bulk = this.#bulk
    let at = this.#bulkAt
    while (at < bulk.length) {
      bulk[at]?.flush()
      at += 1
      if (at % WRITES_A_LOOK === 0 && this.#now() >= endMs) break
    }
    this.#isCatchingUp = at < bulk.length
    this.#tell(this.#bulkBefore + at)
    if (!this.#isCatchingUp || (at > DONE_MAX && at * 2 > bulk.length)) {
      this.#bulk = bulk.slice(at)
      this.#bulkBefore += at
      at = 0
    }
    this.#bulkAt = at
  }

  /** So many of all bulk are written. */
  #tell(written: number): void {
    const at = this.#awaiting.findIndex(({upTo}) => upTo > written)
    for (const {done} of this.#awaiting.splice(0, at === -1 ? this.#awaiting.length : at)) done()
  }
}
