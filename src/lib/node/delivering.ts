/** What a relay hands out, brought to whom it concerns: clients, tails, the outbox, publishers. */
import {isMessage} from '../mesh/coming-back.js'
import type {Delivery, Receipt, RefusalReason, Standing} from '../mesh/effect.js'
import type {Envelope} from '../protocol/envelope.js'
import type {Place} from '../protocol/position.js'
import type {NodeId} from '../util/brand.js'
import type {Clients} from './clients.js'
import type {Meter} from './metrics/meter.js'
import type {Operators} from './operators.js'
import type {OutboxDrain} from './outbox/outbox-drain.js'
import type {Publisher} from './publisher.js'
import type {Relay, RelayNeeds, RelayUser} from './relay.js'
import type {Resuming} from './resuming.js'

export interface DeliveringParts {
  readonly self: NodeId
  readonly relay: Pick<Relay, 'acceptedAt'>
  readonly meter: Meter
  readonly now: () => number
  readonly clients: Clients
  readonly operators: Operators
  readonly resuming: Resuming
  readonly outbox: OutboxDrain | undefined
  readonly publisher: Publisher
  readonly needs: () => RelayNeeds
  readonly onStanding: (standing: Standing) => void
  /** What was queued leaves the sockets; `done` when the operating system was offered it. */
  readonly flush: (done: (() => void) | undefined) => void
  /** That part of it which no broadcast is waits no longer. */
  readonly flushPrompt: () => void
}

export class Delivering implements RelayUser {
  readonly #parts: DeliveringParts

  constructor(parts: DeliveringParts) {
    this.#parts = parts
  }

  deliver(epoch: string, entries: readonly Delivery[]): number[] {
    const {now, self, operators, outbox, clients, meter, resuming, flushPrompt} = this.#parts
    const nowMs = now()
    const messages = entries.filter(isMessage)
    for (const {envelope} of messages) {
      if (envelope.origin === self) this.#noteRelay(envelope, nowMs)
    }
    operators.delivered(messages, epoch)
    outbox?.delivered(messages, epoch)
    const counts = clients.deliver(messages, epoch)
    // Who waits for a message has it before the master hears of that.
    if (counts.some((count) => count > 0)) flushPrompt()
    meter.delivering(nowMs, messages.length)
    resuming.delivered()
    if (messages.length === entries.length) return counts
    let at = 0
    return entries.map((entry) => isMessage(entry) ? counts[at++] ?? 0 : 0)
  }

  /** A message of this node's own came back, in its place. */
  #noteRelay({counter}: Envelope, nowMs: number): void {
    const {relay, meter} = this.#parts
    const acceptedAtMs = relay.acceptedAt(counter)
    if (acceptedAtMs !== undefined) meter.relay.note(Math.max(0, nowMs - acceptedAtMs))
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

  needs(): RelayNeeds {
    return this.#parts.needs()
  }

  members(change: 'joined' | 'left', node: NodeId): void {
    this.#parts.operators.changed({event: 'member', change, node})
  }

  flushed(): void {
    const {meter, now, flush} = this.#parts
    flush(meter.flushing(now))
  }
}
