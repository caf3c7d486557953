/** What a connection sends to itself through the server, and what came back. */
import {StreamBook} from '../ledger/stream-book.js'
import type {StreamResult} from '../ledger/stream-book.js'
import {nowUs} from '../measure/clock.js'
import type {WireSocket} from '../wire/wire-socket.js'
import type {Field} from './field.js'
import {MessageText} from './message-text.js'

/** Due, and not sent since there is no connection: more than so many are dropped. */
const WAITING_MAX = 1000
/** A server that takes nothing must not fill this process. */
const BUFFERED_BYTES_MAX = 4 * 1024 * 1024
const NONE: ReadonlySet<number> = new Set()

export class EchoBook {
  readonly book = new StreamBook(true)
  readonly #field: Field
  readonly #index: number
  #sent = 0
  #waiting: number[] = []

  constructor(field: Field, index: number) {
    this.#field = field
    this.#index = index
  }

  add(intendedUs: number): void {
    if (this.#waiting.length >= WAITING_MAX) this.#field.tally.dropped += 1
    else this.#waiting.push(intendedUs)
  }

  send(wire: WireSocket): void {
    if (this.#waiting.length === 0) return
    if (wire.bufferedBytes > BUFFERED_BYTES_MAX) return
    const waiting = this.#waiting
    this.#waiting = []
    const {tally} = this.#field
    for (const intendedUs of waiting) {
      const lateUs = nowUs() - intendedUs
      wire.send(MessageText.of(this.#field.job).echo({
        run: this.#field.job.run, sender: this.#index, kind: 'echo', target: 0,
        number: this.#sent, intendedUs, lateUs,
      }))
      this.#sent += 1
      tally.sent += 1
      // An echo server gives no receipts.
      tally.accepted += 1
    }
  }

  /** The connection was left on purpose: what was on its way is nobody's loss. */
  excuse(): void {
    this.book.excuse(this.#sent)
  }

  /** Never sent, since there was no connection to the end. */
  get waiting(): number {
    return this.#waiting.length
  }

  result(): StreamResult {
    return this.book.close(this.#sent, NONE)
  }
}
