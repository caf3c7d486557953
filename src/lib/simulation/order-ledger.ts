/**
 * The one order, as seen from outside: what each node delivered, put together. Every delivery of
 * every node must fit what any node delivered before it (P4, P7).
 */
import {messageId} from '../protocol/envelope.js'
import type {LogEntry} from '../protocol/node-frame.js'
import type {NodeId} from '../util/brand.js'
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

/**
 * `isLossAllowed`: more than half of a view may die at once in this run. What only the dead held is
 * gone then; the survivors go on from what they hold, in a higher term, so that a seq may come a
 * second time, a position (epoch, term and seq) never.
 */
export class OrderLedger {
  readonly #isLossAllowed: boolean
  readonly #epochs = new Map<string, EpochOrder>()
  /** Every message that was ever delivered anywhere. */
  readonly #ids = new Set<string>()
  /** What was delivered and then lost, by position. */
  readonly #lost = new Map<string, string | undefined>()

  constructor(isLossAllowed: boolean) {
    this.#isLossAllowed = isLossAllowed
  }

  /** Messages delivered. */
  get messageCount(): number {
    return this.#ids.size
  }

  lastSeq(epoch: string): number {
    const order = this.#epochs.get(epoch)
    return order ? order.first + order.entries.length - 1 : 0
  }

  find(epoch: string, seq: number): Ordered | undefined {
    const order = this.#epochs.get(epoch)
    return order?.entries[seq - order.first]
  }

  /** Delivered somewhere, at some time, in any epoch. */
  has(id: string): boolean {
    return this.#ids.has(id)
  }

  seqOf(epoch: string, id: string): number | undefined {
    return this.#epochs.get(epoch)?.seqById.get(id)
  }

  /** A node delivers one entry. */
  record(node: NodeId, epoch: string, entry: LogEntry, connections: number): void {
    const {term, seq, envelope} = entry
    const id = envelope && messageId(envelope)
    if (id !== undefined) this.#ids.add(id)
    const found = this.find(epoch, seq)
    if (found && this.#isLossAllowed && found.term !== term) {
      if (term > found.term) this.#fork(epoch, seq)
      else return this.#checkLost(node, epoch, entry, id)
    } else if (found) {
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

  /** The order goes on from before this seq in a higher term. */
  #fork(epoch: string, seq: number): void {
    const order = this.#epochs.get(epoch)
    if (!order) return
    for (const lost of order.entries.splice(seq - order.first)) {
      this.#lost.set(`${epoch}.${lost.term}.${lost.seq}`, lost.id)
      if (lost.id !== undefined) order.seqById.delete(lost.id)
    }
    order.lastCounters.clear()
  }

  /** Somebody who has not heard of the loss yet delivers what the others gave up. */
  #checkLost(node: NodeId, epoch: string, {term, seq}: LogEntry, id: string | undefined): void {
    const key = `${epoch}.${term}.${seq}`
    check(!this.#lost.has(key) || this.#lost.get(key) === id, 'onePosition', () => {
      return `${node} delivered ${id} at ${key}, others delivered ${this.#lost.get(key)} there`
    })
    this.#lost.set(key, id)
  }

  #extend(node: NodeId, epoch: string, entry: LogEntry, connections: number): void {
    const {term, seq, envelope} = entry
    let order = this.#epochs.get(epoch)
    if (!order) {
      order = {first: seq, entries: [], seqById: new Map(), lastCounters: new Map()}
      this.#epochs.set(epoch, order)
    }
    const last = order.entries.at(-1)
    // Behind a loss a branch may begin with entries that nobody delivered in the one before.
    const isNextSeq = seq === order.first + order.entries.length
    check(isNextSeq, 'noSkip', () => {
      return `${node} delivered ${epoch}.${term}.${seq}, the last anywhere is ${last?.seq}`
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
    const isRising = this.#isLossAllowed && envelope.counter > (lastCounter ?? 0)
    check(isNext || isRising, 'originOrder', () => {
      return `${node} delivered ${id} at ${epoch}.${term}.${seq} after counter ${lastCounter}`
    })
    order.lastCounters.set(envelope.origin, envelope.counter)
    order.seqById.set(id, seq)
    order.entries.push({term, seq, id, deliveredBy: new Map([[node, connections]])})
  }
}
