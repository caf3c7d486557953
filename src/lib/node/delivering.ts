/** What a relay hands out, brought to whom it concerns: clients, tails, the outbox, publishers. */
import {isMessage} from '../mesh/coming-back.js'
import type {Delivery, Receipt, RefusalReason, Standing} from '../mesh/effect.js'
import type {Place} from '../protocol/position.js'
import type {NodeId} from '../util/brand.js'
import type {Clients} from './clients.js'
import type {Operators} from './operators.js'
import type {OutboxDrain} from './outbox/outbox-drain.js'
import type {Publisher} from './publisher.js'
import type {RelayUser} from './relay.js'
import type {Resuming} from './resuming.js'

export interface DeliveringParts {
  readonly clients: Clients
  readonly operators: Operators
  readonly resuming: Resuming
  readonly outbox: OutboxDrain | undefined
  readonly publisher: Publisher
  readonly onStanding: (standing: Standing) => void
  readonly flushed: () => void
}

export class Delivering implements RelayUser {
  readonly #parts: DeliveringParts

  constructor(parts: DeliveringParts) {
    this.#parts = parts
  }

  deliver(epoch: string, entries: readonly Delivery[]): number[] {
    const parts = this.#parts
    const connections = entries.map((entry) => {
      if (!isMessage(entry)) return 0
      const {envelope, term, seq} = entry
      const position = {epoch, term, seq}
      parts.operators.delivered(envelope, position)
      parts.outbox?.delivered(envelope, position)
      return parts.clients.deliver(envelope, position)
    })
    parts.resuming.delivered()
    return connections
  }

  accepted(ticket: number, id: string): void {
    this.#parts.publisher.accepted(ticket, id)
  }

  refused(ticket: number, reason: RefusalReason): void {
    this.#parts.publisher.refused(ticket, reason)
  }

  receipt(ticket: number, receipt: Receipt): void {
    this.#parts.publisher.receipt(ticket, receipt)
  }

  logReplaced(after: Place, reset: boolean): void {
    this.#parts.clients.logReplaced(after, reset)
  }

  standing(standing: Standing): void {
    this.#parts.onStanding(standing)
  }

  members(change: 'joined' | 'left', node: NodeId): void {
    this.#parts.operators.changed({event: 'member', change, node})
  }

  flushed(): void {
    this.#parts.flushed()
  }
}
