/**
 * The one order, as seen from outside: what each node delivered, put together. Every delivery of
 * every node must fit what any node delivered before it (P4, P7).
 */
import {messageId, type Envelope} from '../protocol/envelope.js'
import type {Delivery} from '../mesh/effect.js'
import type {Place} from '../protocol/position.js'
import type {Target} from '../protocol/target.js'
import type {NodeId} from '../util/brand.js'
import {check} from './violation.js'

export interface Ordered {
  readonly term: number
  readonly seq: number
  /** Undefined: a term's empty first entry. */
  readonly id: string | undefined
  readonly target: Target | undefined
  /** It is a message that stands before it, sent again: for nobody. */
  readonly isRepeat: boolean
  /** No node held it before this. */
  readonly sinceMs: number
  /** Connections by node. */
  readonly deliveredBy: Map<NodeId, number>
}

/** What the judge knows of one delivery besides the entry. */
export interface Delivered {
  readonly connections: number
  /** Zero for an empty entry. */
  readonly publishedMs: number
}

interface EpochOrder {
  first: number
  readonly entries: Ordered[]
  readonly placeById: Map<string, Place>
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
  #messageCount = 0
  #epochCount = 0

  constructor(isLossAllowed: boolean) {
    this.#isLossAllowed = isLossAllowed
  }

  /** Messages delivered. */
  get messageCount(): number {
    return this.#messageCount
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

  /**
   * Forgets all of other epochs, and what stands up to this seq. Nobody must hold it any more, nor
   * send it again. The origins' counters are kept: what came twice would still be noticed.
   */
  forget(epoch: string, throughSeq: number): void {
    const order = this.#epochs.get(epoch)
    this.#epochs.clear()
    this.#ids.clear()
    this.#lost.clear()
    if (!order) return
    this.#epochs.set(epoch, order)
    const gone = order.entries.splice(0, Math.max(0, throughSeq - order.first + 1))
    order.first += gone.length
    for (const {id, isRepeat} of gone) {
      if (id !== undefined && !isRepeat) order.placeById.delete(id)
    }
    for (const id of order.placeById.keys()) this.#ids.add(id)
  }

  /** A node delivers one entry. */
  record(node: NodeId, epoch: string, entry: Delivery, delivered: Delivered): void {
    const {term, seq, envelope} = entry
    const id = envelope && messageId(envelope)
    if (id !== undefined && !this.#ids.has(id)) {
      this.#ids.add(id)
      this.#messageCount += 1
    }
    const found = this.find(epoch, seq)
    const first = this.#epochs.get(epoch)?.first ?? seq
    if (this.#isLossAllowed && seq < first) return this.#checkLost(node, epoch, entry, id)
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
      this.#checkRepeat(node, epoch, entry)
      found.deliveredBy.set(node, delivered.connections)
      return
    }
    this.#extend(node, epoch, entry, delivered)
  }

  /** The order goes on from before this seq in a higher term. */
  #fork(epoch: string, seq: number): void {
    const order = this.#epochs.get(epoch)
    if (!order) return
    for (const lost of order.entries.splice(seq - order.first)) {
      this.#lost.set(`${epoch}.${lost.term}.${lost.seq}`, lost.id)
      if (lost.id !== undefined && !lost.isRepeat) order.placeById.delete(lost.id)
    }
    order.lastCounters.clear()
  }

  /**
   * Everybody who was in the last term is dead, and the order goes on from one who was not: from an
   * entry of a lower term, where the others had a higher one before it.
   */
  #startAnew(epoch: string, seq: number): EpochOrder {
    this.#fork(epoch, this.#epochs.get(epoch)?.first ?? seq)
    return this.#start(epoch, seq)
  }

  #start(epoch: string, first: number): EpochOrder {
    const order = {first, entries: [], placeById: new Map(), lastCounters: new Map()}
    if (!this.#epochs.has(epoch)) this.#epochCount += 1
    this.#epochs.set(epoch, order)
    return order
  }

  /** Somebody who has not heard of the loss yet delivers what the others gave up. */
  #checkLost(node: NodeId, epoch: string, {term, seq}: Place, id: string | undefined): void {
    const key = `${epoch}.${term}.${seq}`
    check(!this.#lost.has(key) || this.#lost.get(key) === id, 'onePosition', () => {
      return `${node} delivered ${id} at ${key}, others delivered ${this.#lost.get(key)} there`
    })
    this.#lost.set(key, id)
  }

  #extend(node: NodeId, epoch: string, entry: Delivery, delivered: Delivered): void {
    const {term, seq, envelope} = entry
    const known = this.#epochs.get(epoch)
    const lastTerm = known?.entries.at(-1)?.term ?? 0
    const isAnew = this.#isLossAllowed && term < lastTerm
    const order = isAnew ? this.#startAnew(epoch, seq) : (known ?? this.#start(epoch, seq))
    const last = order.entries.at(-1)
    // Behind a loss a branch may begin with entries that nobody delivered in the one before.
    const isNextSeq = seq === order.first + order.entries.length
    check(isNextSeq, 'noSkip', () => {
      return `${node} delivered ${epoch}.${term}.${seq}, the last anywhere is ${last?.seq}`
    })
    check(term >= (last?.term ?? 0), 'onePosition', () => {
      return `${node} delivered term ${term} at ${seq}, after term ${last?.term} at ${last?.seq}`
    })
    const sinceMs = Math.max(last?.sinceMs ?? 0, delivered.publishedMs)
    const id = envelope && messageId(envelope)
    order.entries.push({
      term, seq, id, sinceMs,
      target: envelope?.target,
      isRepeat: entry.repeatOf !== undefined,
      deliveredBy: new Map([[node, delivered.connections]]),
    })
    this.#checkRepeat(node, epoch, entry)
    if (!envelope || id === undefined) return
    this.#checkCounter(node, order, envelope, `${epoch}.${term}.${seq}`)
    if (!entry.repeatOf) order.placeById.set(id, {term, seq})
  }

  /** Of messages with one id the first is delivered; whatever node it is, it says the same. */
  #checkRepeat(node: NodeId, epoch: string, {term, seq, envelope, repeatOf}: Delivery): void {
    const id = envelope && messageId(envelope)
    const first = id === undefined ? undefined : this.#epochs.get(epoch)?.placeById.get(id)
    const isFirst = first === undefined || first.seq === seq
    if (isFirst) {
      // Of an order that began anew what is before its beginning is not known.
      const isKnown = first !== undefined || !this.#isLossAllowed
      check(repeatOf === undefined || !isKnown, 'repeats', () => {
        return `${node} took ${id} at ${epoch}.${term}.${seq} for a repeat of ${repeatOf?.seq}`
      })
      return
    }
    check(repeatOf !== undefined, 'once', () => {
      return `${node} delivered ${id} at ${epoch}.${term}.${seq}, it was at ${first.seq}`
    })
    check(repeatOf?.seq === first.seq && repeatOf.term === first.term, 'repeats', () => {
      return `${node} says ${id} is at ${repeatOf?.term}.${repeatOf?.seq}, it is at ${first.seq}`
    })
  }

  #checkCounter(node: NodeId, order: EpochOrder, envelope: Envelope, place: string): void {
    const {origin, counter} = envelope
    const lastCounter = order.lastCounters.get(origin)
    // In the mesh's first epoch every message of an origin is in the order; a later epoch begins
    // with what was not stable in the one before.
    const isFirstEpoch = this.#epochCount === 1
    const isNext =
      lastCounter === undefined ? !isFirstEpoch || counter === 1 : counter === lastCounter + 1
    const isRising = this.#isLossAllowed && counter > (lastCounter ?? 0)
    check(isNext || isRising, 'originOrder', () => {
      return `${node} delivered ${origin}-${counter} at ${place} after counter ${lastCounter}`
    })
    order.lastCounters.set(origin, counter)
  }
}
