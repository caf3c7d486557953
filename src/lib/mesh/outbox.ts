import type {Envelope} from '../protocol/envelope.js'

/** A message of this node's that is not stable yet. */
export interface Outgoing {
  readonly envelope: Envelope
  readonly bytes: number
  readonly acceptedAt: number
  /** It is ordered in this term or not at all. */
  readonly onlyInTerm?: number | undefined
  /** Cleared when its publisher was answered; the message stays until it is stable. */
  ticket: number | undefined
  /**
   * Delivered: it is a repeat of a message that is older than this node's history, so that nobody
   * may know any more whom that reached.
   */
  isEarlier: boolean
}

/** Places at the front that are empty are cut off when there are so many, and half of all. */
const EMPTY_MAX = 1024

/**
 * This node's own messages from accepted to stable, in counter order. They are sent again, in this
 * order, to each new master (design section 8). Counters have no gaps and messages become stable
 * nearly in their order: so it is a list, in which the counter says the place.
 */
export class Outbox {
  /** Undefined: stable. The first that is not is at #start. */
  #messages: (Outgoing | undefined)[] = []
  #start = 0
  /** The counter of place 0. */
  #base = 0
  #size = 0
  #bytes = 0

  get size(): number {
    return this.#size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The lowest counter that is not stable; all below it are. Undefined when empty. */
  get first(): number | undefined {
    return this.#size === 0 ? undefined : this.#base + this.#start
  }

  /** Its counter is above all others. */
  add(outgoing: Outgoing): void {
    const {counter} = outgoing.envelope
    if (this.#size === 0) {
      this.#messages = []
      this.#start = 0
      this.#base = counter
    }
    while (this.#base + this.#messages.length < counter) this.#messages.push(undefined)
    this.#messages.push(outgoing)
    this.#size += 1
    this.#bytes += outgoing.bytes
  }

  /** Removes and returns a stable message; undefined if it was removed before. */
  settle(counter: number): Outgoing | undefined {
    const outgoing = this.get(counter)
    if (outgoing === undefined) return undefined
    this.#messages[counter - this.#base] = undefined
    this.#size -= 1
    this.#bytes -= outgoing.bytes
    while (this.#size > 0 && this.#messages[this.#start] === undefined) this.#start += 1
    if (this.#start > EMPTY_MAX && this.#start * 2 > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#start)
      this.#base += this.#start
      this.#start = 0
    }
    return outgoing
  }

  /** Another message takes the counter of one that is not stable, at its place in the order. */
  replace(outgoing: Outgoing): void {
    const {counter} = outgoing.envelope
    const before = this.get(counter)
    if (before === undefined) return
    this.#bytes += outgoing.bytes - before.bytes
    this.#messages[counter - this.#base] = outgoing
  }

  get(counter: number): Outgoing | undefined {
    return counter < this.#base ? undefined : this.#messages[counter - this.#base]
  }

  /** Messages with a counter above `after`, oldest first. */
  *above(after: number): Generator<Outgoing> {
    const from = Math.max(this.#start, after + 1 - this.#base)
    for (let place = from; place < this.#messages.length; place += 1) {
      const outgoing = this.#messages[place]
      if (outgoing !== undefined) yield outgoing
    }
  }

  /** All, oldest first. */
  values(): Iterable<Outgoing> {
    return this.above(-1)
  }
}
