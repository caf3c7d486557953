/** What a connection sends to itself through the server, and what came back. */
import {StreamBook} from '../ledger/stream-book.js'
import type {StreamResult} from '../ledger/stream-book.js'
import {nowUs} from '../measure/clock.js'
import {emptyMarker} from '../wire/marker.js'
import type {WireSocket} from '../wire/wire-socket.js'
import type {Field} from './field.js'
import {MessageText} from './message-text.js'

/** Due, and not sent since there is no connection: more than so many are dropped. */
const WAITING_MAX = 1000
/** A server that takes nothing must not fill this process. */
const BUFFERED_BYTES_MAX = 4 * 1024 * 1024
/** One for all: it is written before the next. */
const MARKER = emptyMarker()
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

  /** Due, and there is no connection to send it by. */
  add(intendedUs: number): void {
    if (this.#waiting.length >= WAITING_MAX) this.#field.tally.dropped += 1
    else this.#waiting.push(intendedUs)
  }

  /** Due now. */
  hit(wire: WireSocket, intendedUs: number): void {
    if (this.#waiting.length === 0 && wire.bufferedBytes <= BUFFERED_BYTES_MAX) {
      return this.#one(wire, intendedUs)
    }
    this.add(intendedUs)
    this.send(wire)
  }

  send(wire: WireSocket): void {
    if (this.#waiting.length === 0) return
    if (wire.bufferedBytes > BUFFERED_BYTES_MAX) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const intendedUs of waiting) this.#one(wire, intendedUs)
  }

  #one(wire: WireSocket, intendedUs: number): void {
    const {job, tally} = this.#field
    MARKER.run = job.run
    MARKER.sender = this.#index
    MARKER.number = this.#sent
    MARKER.intendedUs = intendedUs
    MARKER.lateUs = nowUs() - intendedUs
    wire.sendFrame(MessageText.of(job).echo(MARKER))
    this.#sent += 1
    tally.sent += 1
    // An echo server gives no receipts.
    tally.accepted += 1
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
