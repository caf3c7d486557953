/** Receipts tell the truth (P2): what they name was delivered there, and nobody is left out. */
import type {MeshConfig} from '../mesh/config.js'
import type {Receipt, Standing} from '../mesh/effect.js'
import type {Position} from '../protocol/position.js'
import type {NodeId} from '../util/brand.js'
import type {InvariantOptions} from './invariants.js'
import type {Message} from './message.js'
import type {NodeRecord} from './node-record.js'
import type {Ordered, OrderLedger} from './order-ledger.js'
import {check, violate} from './violation.js'

type Stable = Extract<Receipt, {type: 'stable'}>

/** A tick, a link's beat and a store's answer late: what a receipt may be late by. */
const RECEIPT_SLACK_MS = 1000

export class ReceiptJudge {
  readonly #ledger: OrderLedger
  readonly #records: ReadonlyMap<NodeId, NodeRecord>
  readonly #options: InvariantOptions
  readonly #receiptMs: number
  /** Where the messages of a caller's id stand, by epoch and id, as receipts named it. */
  readonly #namedPlaces = new Map<string, Position>()

  constructor(
    ledger: OrderLedger, records: ReadonlyMap<NodeId, NodeRecord>, config: MeshConfig,
    options: InvariantOptions,
  ) {
    this.#ledger = ledger
    this.#records = records
    this.#options = options
    this.#receiptMs = config.receiptMs
  }

  /** Whoever waits longest must not wait too long. */
  waiting(record: NodeRecord, nowMs: number): void {
    const [oldest] = record.waiting.values()
    if (!oldest) return
    const waitedMs = nowMs - Math.max(oldest.publishedMs, record.pausedMs)
    check(waitedMs <= this.#receiptMs + RECEIPT_SLACK_MS, 'receiptInTime', () => {
      return `${record.process.id} left ticket ${oldest.ticket} without receipt for ${waitedMs} ms`
    })
  }

  given(record: NodeRecord, message: Message, receipt: Stable): void {
    const {position} = receipt
    if (!position) {
      // Older than the history of who answered: it stands somewhere, that is all there is to know.
      check(this.#ledger.has(message.id ?? ''), 'receiptTrue', () => {
        return `${message.id} has a receipt and was never delivered`
      })
      return
    }
    const entry = this.#ledger.find(position.epoch, position.seq)
    if (entry?.id !== message.id || entry?.term !== position.term) {
      if (this.#options.isLossAllowed) return
      return violate(
        'receiptTrue',
        `${message.id} has a receipt for ${JSON.stringify(position)}, there is ${entry?.id}`,
      )
    }
    this.#sameForAll(message, position)
    for (const {node, connections} of receipt.byNode) {
      const counted = entry.deliveredBy.get(node)
      check(counted === connections, 'receiptTrue', () => {
        return `${message.id}: ${node} reached ${counted}, the receipt says ${connections}`
      })
    }
    this.#complete(record, message, receipt, entry)
  }

  /** A repeat's receipt is its message's. */
  #sameForAll({callerId}: Message, position: Position): void {
    if (callerId === undefined || this.#options.isLossAllowed) return
    const key = `${position.epoch} ${callerId}`
    const named = this.#namedPlaces.get(key)
    if (!named) this.#namedPlaces.set(key, position)
    else check(named.seq === position.seq && named.term === position.term, 'repeats', () => {
      const places = [named, position].map(({term, seq}) => `${term}.${seq}`)
      return `${callerId} stands at ${places.join(' and at ')}`
    })
  }

  #complete(record: NodeRecord, message: Message, receipt: Stable, entry: Ordered): void {
    const {byNode, missing} = receipt
    const master = masterOf(record.standing, record.process.id)
    for (const other of this.#records.values()) {
      if (!this.#mustBeIn(other, master, entry.term, message)) continue
      const {id} = other.process
      const isMissing = missing.includes(id)
      const counted = entry.deliveredBy.get(id)
      // Who came later with a snapshot begins behind it.
      const isBehind = other.cursor !== undefined && other.cursor.seq < entry.seq
      check(counted !== undefined || isMissing || !isBehind, 'receiptComplete', () => {
        return `${message.id} has a receipt, ${id} follows since before and has not delivered it`
      })
      const isNamed = isMissing || byNode.some(({node}) => node === id)
      // Counts go with the history that they belong to.
      const hasCounts = this.#options.isHistoryWhole && (counted ?? 0) > 0
      check(isNamed || !hasCounts, 'receiptComplete', () => {
        return `${message.id}: ${id} reached ${counted} connections and is not in the receipt`
      })
    }
  }

  /**
   * Linked to this master, in the term of the message, since before it was published; at the master
   * itself, whose receipts do not travel, everybody linked at this moment. Nobody waits
   * for a node that drains: it has said that it leaves. One that was dropped may not know it yet.
   */
  #mustBeIn(
    other: NodeRecord,
    master: NodeId | undefined,
    term: number,
    message: Message,
  ): boolean {
    const {standing} = other
    return (
      other.process.state === 'running' &&
      other.drainAskedMs === undefined &&
      standing !== undefined &&
      master !== undefined &&
      (standing.state === 'following' || standing.state === 'mastering') &&
      masterOf(standing, other.process.id) === master &&
      (message.origin === master ||
        (standing.term === term && other.standingSinceMs < message.publishedMs)) &&
      (master === other.process.id || this.#options.isLinked(other.process.id, master))
    )
  }
}

function masterOf(standing: Standing | undefined, self: NodeId): NodeId | undefined {
  if (standing?.state === 'following') return standing.master
  return standing?.state === 'mastering' ? self : undefined
}
