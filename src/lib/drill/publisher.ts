/** A backend that sends: an operator connection to one node, to the next when that one ends. */
import {connectOperator} from '../operator/operator-client.js'
import type {OperatorConnection} from '../operator/operator-connection.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {WsmeshError} from '../util/errors.js'
import type {Addressed} from './audience.js'
import type {Ledger} from './ledger.js'
import {operatorUrl} from './node-probe.js'
import type {Place} from './place.js'
import type {SentMessage} from './sent-message.js'
import {DRILL_ACTION} from './tab.js'

export interface PublisherOptions {
  readonly secret: MeshSecret
  readonly ledger: Ledger
  readonly addressed: (n: number) => Addressed
  /** Where to try the nth time in a row. */
  readonly choose: (tries: number) => Place | undefined
  /** A number that no other connection of a publisher has. */
  readonly nextId: () => number
}

const DIAL_MS = 1000
const PAUSE_MS = 50
/** A node answers a publish within 10 s; one that was stopped meanwhile takes longer. */
const ANSWER_MS = 60_000

export class Publisher {
  readonly #options: PublisherOptions
  #connection: OperatorConnection | undefined
  #id = 0
  #place: Place | undefined
  #again: SentMessage[] = []
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
    void this.#publish(connection, this.#options.ledger.sending(this.#id))
    return true
  }

  close(): void {
    this.#ending.abort()
    for (const connection of this.#open) connection.close()
  }

  /**
   * As a careful backend does it: what has no answer, since its node went away or takes nothing
   * more, is sent again through the next node, under the same id.
   */
  async #publish(connection: OperatorConnection, message: SentMessage): Promise<void> {
    const {ledger, addressed} = this.#options
    const {target} = addressed(message.n)
    try {
      ledger.receipted(message, await connection.publish(
        {action: DRILL_ACTION, details: [message.n], target, messageId: `drill-${message.n}`},
        ANSWER_MS,
      ))
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      const outcome = outcomeOf(error)
      if (outcome !== 'again' || this.#ending.signal.aborted) {
        ledger.failed(message, outcome === 'again' ? 'unanswered' : outcome)
        return
      }
      ledger.repeating()
      this.#again.push(message)
      // It drains, or is full: others may do better.
      this.#leave(connection)
      this.#sendAgain()
    }
  }

  #sendAgain(): void {
    const connection = this.#connection
    if (connection === undefined) return
    const again = this.#again.toSorted((a, b) => a.n - b.n)
    this.#again = []
    for (const message of again) void this.#publish(connection, message)
  }

  #leave(connection: OperatorConnection): void {
    if (this.#connection !== connection) return
    this.#connection = undefined
    void this.#attach(1)
  }

  async #attach(firstTry = 0): Promise<void> {
    const {secret, choose, nextId} = this.#options
    const {signal} = this.#ending
    for (let tries = firstTry; !signal.aborted; tries += 1) {
      const place = choose(tries)
      const connection = place?.ready && (await connectOperator({
        url: operatorUrl(place.ready),
        secret,
        timeoutMs: DIAL_MS,
        signal,
      }).catch(() => undefined))
      if (connection === undefined) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
        continue
      }
      this.#id = nextId()
      this.#place = place
      this.#connection = connection
      void this.#watch(connection)
      this.#sendAgain()
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
