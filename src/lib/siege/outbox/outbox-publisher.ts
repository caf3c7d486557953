/**
 * Publishes as an application does that leaves messages in a table: what is due together is one
 * transaction, on one connection, so rows are in the order of the schedule. A message counts as
 * accepted when its row is committed; its latency is from when it was due to its delivery.
 */
import type {OutboxMessage, OutboxStore} from '../../pool/outbox/outbox-store.js'
import {WsmeshError} from '../../util/errors.js'
import type {SentBook} from '../ledger/sent-book.js'
import {nowUs} from '../measure/clock.js'
import {NODE_BITS} from '../attack/field.js'
import type {Field} from '../attack/field.js'
import {MessageText} from '../attack/message-text.js'
import type {Hit, Publisher} from '../attack/publisher.js'

export interface OutboxPublisherOptions {
  readonly field: Field
  readonly sent: SentBook
  readonly store: OutboxStore
  /** Unique in the siege. */
  readonly id: number
}

/** Beyond so many that wait for the database, slots are dropped. */
const WAITING_MAX = 100_000
/** Rows of one transaction. */
const BATCH_MAX = 200

interface Numbered {
  readonly hit: Hit
  readonly stream: number
  readonly number: number
}

export class OutboxPublisher implements Publisher {
  readonly #options: OutboxPublisherOptions
  readonly #field: Field
  #waiting: Hit[] = []
  /** Rows of the transaction that is under way. */
  #inserting = 0
  #isOver = false

  constructor(options: OutboxPublisherOptions) {
    this.#options = options
    this.#field = options.field
  }

  get pending(): number {
    return this.#waiting.length + this.#inserting
  }

  async open(): Promise<void> {
    const {store} = this.#options
    if (await store.exists()) return
    throw new WsmeshError('OUTBOX_MISSING', `There is no outbox in ${store.label}`, {
      suggestions: ['wsmesh serve --outbox   (nodes that send what is in it, and make it)',
        'wsmesh outbox status   (with the same --pool)'],
    })
  }

  publish(hit: Hit): void {
    if (this.#waiting.length >= WAITING_MAX) this.#field.tally.dropped += 1
    else this.#waiting.push(hit)
  }

  flush(): void {
    if (this.#inserting > 0 || this.#waiting.length === 0 || this.#isOver) return
    void this.#insert(this.#waiting.splice(0, BATCH_MAX))
  }

  giveUp(): void {
    this.#isOver = true
    this.#field.tally.dropped += this.#waiting.length
    this.#waiting = []
  }

  close(): void {
    this.#isOver = true
    this.#options.store.close().catch((error: unknown) => {
      this.#field.error(`the outbox: ${error instanceof Error ? error.message : String(error)}`)
    })
  }

  /** Never rejects. */
  async #insert(hits: readonly Hit[]): Promise<void> {
    const {tally} = this.#field
    const numbered = hits.map((hit) => this.#number(hit))
    this.#inserting = hits.length
    tally.sent += hits.length
    try {
      await this.#options.store.insert(numbered.map((each) => this.#row(each)))
      tally.accepted += hits.length
      const at = nowUs()
      for (const {intendedUs} of hits) this.#field.record('accept', intendedUs, at - intendedUs)
    } catch (error) {
      // The answer to the commit may have been lost: delivered or not, neither is a fault.
      tally.unanswered += hits.length
      for (const {stream, number} of numbered) this.#options.sent.exclude(stream, number)
      const why = error instanceof Error ? error.message : String(error)
      if (!this.#isOver) this.#field.error(`INSERT into the outbox: ${why}`)
    }
    this.#inserting = 0
    this.flush()
  }

  #number(hit: Hit): Numbered {
    const stream = this.#field.streamOf(this.#options.id, hit.kind, hit.target)
    return {hit, stream, number: this.#options.sent.next(stream)}
  }

  #row({hit, number}: Numbered): OutboxMessage {
    const {job} = this.#field
    const row = MessageText.of(job).row({
      run: job.run, sender: this.#options.id << NODE_BITS, kind: hit.kind, target: hit.target,
      number, intendedUs: hit.intendedUs, lateUs: nowUs() - hit.intendedUs,
    })
    this.#field.tally.bytesSent += row.details.length + row.target.length
    return row
  }
}
