import type {Envelope} from '../protocol/envelope.js'
import {Numbered} from '../util/numbered.js'

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

/**
 * This node's own messages from accepted to stable, in counter order. They are sent again, in this
 * order, to each new master (design section 8). Counters have no gaps and messages become stable
 * nearly in their order.
 */
export class Outbox {
  readonly #messages = new Numbered<Outgoing>()
  #bytes = 0

  get size(): number {
    return this.#messages.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The lowest counter that is not stable; all below it are. Undefined when empty. */
  get first(): number | undefined {
    return this.#messages.first
  }

  /** Its counter is above all others. */
  add(outgoing: Outgoing): void {
    this.#messages.add(outgoing.envelope.counter, outgoing)
    this.#bytes += outgoing.bytes
  }

  /** Removes and returns a stable message; undefined if it was removed before. */
  settle(counter: number): Outgoing | undefined {
    const outgoing = this.#messages.take(counter)
    if (outgoing !== undefined) this.#bytes -= outgoing.bytes
    return outgoing
  }

  /** Another message takes the counter of one that is not stable, at its place in the order. */
  replace(outgoing: Outgoing): void {
    const {counter} = outgoing.envelope
    const before = this.get(counter)
    if (before === undefined) return
    this.#bytes += outgoing.bytes - before.bytes
    this.#messages.replace(counter, outgoing)
  }

  get(counter: number): Outgoing | undefined {
    return this.#messages.get(counter)
  }

  /** Messages with a counter above `after`, oldest first. */
  above(after: number): Iterable<Outgoing> {
    return this.#messages.above(after)
  }

  /** All, oldest first. */
  values(): Iterable<Outgoing> {
    return this.above(-1)
  }
}
