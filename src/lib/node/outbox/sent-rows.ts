/**
 * The rows that this node has seen delivered, the newest: every node keeps them, whoever sends. The
 * next master needs them: a row may be delivered and not removed yet, when its sender died or the
 * database was away. The mesh forgets callers' ids when 100,000 later ones came; these are only
 * followed by rows, and no sender goes on before it has removed what it sent.
 */
import type {OutboxKey} from '../../pool/outbox/outbox-store.js'
import type {Envelope} from '../../protocol/envelope.js'
import type {Place, Position} from '../../protocol/position.js'
import {keyOfCallerId} from './row-message.js'

export interface SentRow {
  readonly key: OutboxKey
  readonly position: Position
}

/** The part of a delivered message that says whether it was a row. */
export interface SeenMessage extends Place {
  readonly envelope: Pick<Envelope, 'callerId'>
}

/** Some batches: of several masters that died one after the other. */
export const SENT_ROWS_MAX = 10_000

export class SentRows {
  readonly #rows = new Map<string, SentRow>()

  /** Committed, so it stays in the order. */
  delivered({envelope: {callerId}, term, seq}: SeenMessage, epoch: string): void {
    // For every message of the mesh: most have no such id.
    if (callerId?.startsWith('outbox-') !== true) return
    const key = keyOfCallerId(callerId)
    if (key === undefined) return
    this.#rows.set(callerId, {key, position: {epoch, term, seq}})
    if (this.#rows.size <= SENT_ROWS_MAX) return
    const [oldest] = this.#rows.keys()
    if (oldest !== undefined) this.#rows.delete(oldest)
  }

  get(callerId: string): SentRow | undefined {
    return this.#rows.get(callerId)
  }

  all(): readonly SentRow[] {
    return [...this.#rows.values()]
  }
}
