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

/**
 * This node's own messages from accepted to stable, in counter order. They are sent again, in this
 * order, to each new master (design section 8).
 */
export class Outbox {
  #messages = new Map<number, Outgoing>()
  #bytes = 0

  get size(): number {
    return this.#messages.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The lowest counter that is not stable; all below it are. Undefined when empty. */
  get first(): number | undefined {
    const [counter] = this.#messages.keys()
    return counter
  }

  add(outgoing: Outgoing): void {
    this.#messages.set(outgoing.envelope.counter, outgoing)
    this.#bytes += outgoing.bytes
  }

  /** Removes and returns a stable message; undefined if it was removed before. */
  settle(counter: number): Outgoing | undefined {
    const outgoing = this.#messages.get(counter)
    if (!outgoing) return undefined
    this.#messages.delete(counter)
    this.#bytes -= outgoing.bytes
    return outgoing
  }

  /** Another message takes the counter of one that is not stable, at its place in the order. */
  replace(outgoing: Outgoing): void {
    const {counter} = outgoing.envelope
    this.#bytes += outgoing.bytes - (this.#messages.get(counter)?.bytes ?? 0)
    this.#messages.set(counter, outgoing)
  }

  get(counter: number): Outgoing | undefined {
    return this.#messages.get(counter)
  }

  /** Messages with a counter above `after`, oldest first. */
  *above(after: number): Generator<Outgoing> {
    for (const [counter, outgoing] of this.#messages) if (counter > after) yield outgoing
  }

  /** All, oldest first. */
  values(): Iterable<Outgoing> {
    return this.#messages.values()
  }
}
