/**
 * The one order, as seen from outside: what each node delivered, put together. Every delivery of
 * every node must fit what any node delivered before it (P4, P7).
 */
import {messageId} from '../../src/lib/protocol/envelope.js'
import type {LogEntry} from '../../src/lib/protocol/node-frame.js'
import type {NodeId} from '../../src/lib/util/brand.js'
import {check, violate} from './violation.js'

interface Ordered {
  readonly term: number
  readonly seq: number
  /** Undefined: a term's empty first entry. */
  readonly id: string | undefined
  /** Connections by node. */
  readonly deliveredBy: Map<NodeId, number>
}

interface EpochOrder {
  readonly first: number
  readonly entries: Ordered[]
  readonly seqById: Map<string, number>
  readonly lastCounters: Map<NodeId, number>
}

export interface Cursor {
  readonly epoch: string
  readonly seq: number
}

export class OrderLedger {
  readonly #epochs = new Map<string, EpochOrder>()
  #newestEpoch = ''

  get newestEpoch(): string {
    return this.#newestEpoch
  }

  get epochCount(): number {
    return this.#epochs.size
  }

  /** Messages ordered, the empty entries of terms not counted. */
  get messageCount(): number {
    let count = 0
    for (const order of this.#epochs.values()) count += order.seqById.size
    return count
  }

  lastSeq(epoch: string): number {
    const order = this.#epochs.get(epoch)
    return order ? order.first + order.entries.length - 1 : 0
  }

  find(epoch: string, seq: number): Ordered | undefined {
    const order = this.#epochs.get(epoch)
    return order?.entries[seq - order.first]
  }

  /** Where a message stands in any epoch. */
  has(id: string): boolean {
    for (const order of this.#epochs.values()) if (order.seqById.has(id)) return true
    return false
  }

  seqOf(epoch: string, id: string): number | undefined {
    return this.#epochs.get(epoch)?.seqById.get(id)
  }

  /** A node delivers one entry. */
  record(node: NodeId, epoch: string, entry: LogEntry, connections: number): void {
    const {term, seq, envelope} = entry
    const id = envelope && messageId(envelope)
    const found = this.find(epoch, seq)
    if (found) {
      check(found.term === term && found.id === id, 'onePosition', () => {
        const others = [...found.deliveredBy.keys()].join(', ')
        return (
          `${node} delivered ${id ?? 'empty'} at ${epoch}.${term}.${seq}, ` +
          `${others} delivered ${found.id ?? 'empty'} at ${epoch}.${found.term}.${seq}`
        )
      })
      found.deliveredBy.set(node, connections)
      return
    }
    this.#extend(node, epoch, entry, connections)
  }

  #extend(node: NodeId, epoch: string, entry: LogEntry, connections: number): void {
    const {term, seq, envelope} = entry
    let order = this.#epochs.get(epoch)
    if (!order) {
      order = {first: seq, entries: [], seqById: new Map(), lastCounters: new Map()}
      this.#epochs.set(epoch, order)
      this.#newestEpoch = epoch
    }
    const last = order.entries.at(-1)
    check(seq === order.first + order.entries.length, 'noSkip', () => {
      return `${node} delivered ${epoch}.${term}.${seq}, the last delivered anywhere is ${last?.seq}`
    })
    check(term >= (last?.term ?? 0), 'onePosition', () => {
      return `${node} delivered term ${term} at ${seq}, after term ${last?.term} at ${last?.seq}`
    })
    if (!envelope) {
      order.entries.push({term, seq, id: undefined, deliveredBy: new Map([[node, connections]])})
      return
    }
    const id = messageId(envelope)
    const before = order.seqById.get(id)
    if (before !== undefined) {
      violate('once', `${node} delivered ${id} at ${epoch}.${term}.${seq}, it was at ${before}`)
    }
    const lastCounter = order.lastCounters.get(envelope.origin)
    // In the mesh's first epoch every message of an origin is in the order; a later epoch begins
    // with what was not stable in the one before.
    const isFirstEpoch = this.#epochs.size === 1
    const isNext =
      lastCounter === undefined
        ? !isFirstEpoch || envelope.counter === 1
        : envelope.counter === lastCounter + 1
    check(isNext, 'originOrder', () => {
      return `${node} delivered ${id} at ${epoch}.${term}.${seq} after counter ${lastCounter}`
    })
    order.lastCounters.set(envelope.origin, envelope.counter)
    order.seqById.set(id, seq)
    order.entries.push({term, seq, id, deliveredBy: new Map([[node, connections]])})
  }
}
