/** A backend that sends: through one node, and through the next when that one ends or drains. */
import type {OperatorConnection} from '../operator/operator-connection.js'
import {WsmeshError} from '../util/errors.js'
import type {Addressed} from './audience.js'
import type {Ledger} from './ledger.js'
import type {Place} from './place.js'
import type {SentMessage} from './sent-message.js'
import {DRILL_ACTION} from './tab.js'

export interface PublisherOptions {
  /** Which of the publishers: no other has it. */
  readonly id: number
  readonly ledger: Pick<Ledger, 'sending' | 'repeating' | 'receipted' | 'failed' | 'knows'>
  readonly addressed: (n: number) => Addressed
  /** Where to try the nth time in a row. */
  readonly choose: (tries: number) => Place | undefined
  /** Undefined: it is not to be had there now. */
  readonly connect: (place: Place, signal: AbortSignal) => Promise<OperatorConnection | undefined>
}

const PAUSE_MS = 50
/** A node answers a publish within 10 s; one that was stopped meanwhile takes longer. */
const ANSWER_MS = 60_000

/**
 * As a careful backend does it: what has no receipt when its node goes away, or takes nothing more,
 * is sent again through the next one, all of it, in its order and under the same ids. *Were only
 * what was refused sent elsewhere, it would pass what the first node has and did not send yet.* So
 * its messages keep their order whatever happens to its nodes, and the ledger holds the mesh to it.
 */
export class Publisher {
  readonly #options: PublisherOptions
  #connection: OperatorConnection | undefined
  #place: Place | undefined
  /** In the order in which they were sent. */
  readonly #unanswered = new Set<SentMessage>()
  readonly #open = new Set<OperatorConnection>()
  readonly #ending = new AbortController()

  constructor(options: PublisherOptions) {
    this.#options = options
    void this.#attach()
  }

  get place(): Place | undefined {
    return this.#connection === undefined ? undefined : this.#place
  }

  /** False while it has no node: nothing was sent. */
  send(): boolean {
    const connection = this.#connection
    if (connection === undefined || connection.isOver || connection.hasRefused) return false
    const message = this.#options.ledger.sending(this.#options.id)
    this.#unanswered.add(message)
    void this.#publish(connection, message)
    return true
  }

  close(): void {
    this.#ending.abort()
    for (const connection of this.#open) connection.close()
  }

  async #publish(connection: OperatorConnection, message: SentMessage): Promise<void> {
    const {ledger, addressed} = this.#options
    const {target} = addressed(message.n)
    try {
      const receipt = await connection.publish(
        {action: DRILL_ACTION, details: [message.n], target, messageId: `drill-${message.n}`},
        ANSWER_MS,
      )
      this.#unanswered.delete(message)
      ledger.receipted(message, receipt)
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      this.#failed(connection, message, outcomeOf(error))
    }
  }

  #failed(
    connection: OperatorConnection, message: SentMessage, outcome: 'accepted' | 'refused' | 'again',
  ): void {
    const {ledger} = this.#options
    if (!this.#unanswered.has(message)) return
    if (outcome === 'again' && !this.#ending.signal.aborted) {
      // It drains, is full or gone: others may do better.
      this.#leave(connection)
      return
    }
    // The node has it; it is sent again should the node go.
    if (outcome !== 'accepted') this.#unanswered.delete(message)
    ledger.failed(message, outcome === 'again' ? 'unanswered' : outcome)
  }

  #sendAgain(connection: OperatorConnection): void {
    const {ledger} = this.#options
    for (const message of this.#unanswered) {
      if (!ledger.knows(message)) {
        this.#unanswered.delete(message)
        continue
      }
      ledger.repeating()
      void this.#publish(connection, message)
    }
  }

  #leave(connection: OperatorConnection): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    void this.#attach(1)
  }

  async #attach(firstTry = 0): Promise<void> {
    const {choose, connect} = this.#options
    const {signal} = this.#ending
    for (let tries = firstTry; !signal.aborted; tries += 1) {
      const place = choose(tries)
      const connection = place && await connect(place, signal)
      if (connection === undefined) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
        continue
      }
      this.#place = place
      this.#connection = connection
      void this.#watch(connection)
      this.#sendAgain(connection)
      return
    }
  }

  async #watch(connection: OperatorConnection): Promise<void> {
    this.#open.add(connection)
    if (this.#ending.signal.aborted) connection.close()
    await connection.closed
    this.#open.delete(connection)
    this.#leave(connection)
  }
}

function outcomeOf({code}: WsmeshError): 'accepted' | 'refused' | 'again' {
  switch (code) {
    case 'RECEIPT_TIMED_OUT':
      return 'accepted'
    case 'NODE_UNREACHABLE':
    case 'TIMED_OUT':
    case 'OUTBOX_FULL':
      return 'again'
    default:
      return 'refused'
  }
}
