/**
 * The judge of a run: sees every event, effect and write of the lease, and throws at the first
 * thing that may not be (violation.ts lists what). All checks are incremental: none looks at more
 * than what just happened.
 */
import {messageId, WITHDRAWN} from '../protocol/envelope.js'
import type {MeshConfig} from '../mesh/config.js'
import type {Delivery, MeshEffect, Receipt, RefusalReason, Standing} from '../mesh/effect.js'
import type {MeshEvent} from '../mesh/event.js'
import type {Lease} from '../mesh/membership.js'
import type {NodeId} from '../util/brand.js'
import type {Message} from './message.js'
import {NodeRecord} from './node-record.js'
import {OrderLedger} from './order-ledger.js'
import {ReceiptJudge} from './receipt-judge.js'
import type {Scheduler} from './scheduler.js'
import type {SimProcess, Watcher} from './sim-process.js'
import {check, violate} from './violation.js'

type Deliver = Extract<MeshEffect, {type: 'deliver'}>
type LogReplaced = Extract<MeshEffect, {type: 'log-replaced'}>

export interface InvariantOptions {
  /** The run is shorter than the history window: nobody has a reason to lose its place. */
  readonly isHistoryWhole: boolean
  /** More than half of a view may be lost at once, and the store emptied with its holder dead. */
  readonly isLossAllowed: boolean
  readonly isLinked: (a: NodeId, b: NodeId) => boolean
}

export class Invariants implements Watcher {
  readonly ledger: OrderLedger
  readonly records = new Map<NodeId, NodeRecord>()
  readonly #scheduler: Scheduler
  readonly #config: MeshConfig
  readonly #options: InvariantOptions
  readonly #receipts: ReceiptJudge
  readonly #masters = new Map<string, NodeId>()
  readonly #messagesById = new Map<string, Message>()
  #lease: Lease | undefined
  /** Emptied, and not written since: versions may begin anew, terms may not. */
  #isWiped = false
  /** Since when the mesh must not change any more. */
  #calmSinceMs = Infinity
  standingChanges = 0
  /** Told of each effect, after it was found in order. */
  onEffect: (process: SimProcess, effect: MeshEffect) => void = () => {}

  constructor(scheduler: Scheduler, config: MeshConfig, options: InvariantOptions) {
    this.#scheduler = scheduler
    this.#config = config
    this.#options = options
    this.ledger = new OrderLedger(options.isLossAllowed)
    this.#receipts = new ReceiptJudge(this.ledger, this.records, config, options)
  }

  record(process: {readonly id: NodeId}): NodeRecord {
    const record = this.records.get(process.id)
    if (!record) throw new Error(`no process ${process.id}`)
    return record
  }

  message(id: string): Message | undefined {
    return this.#messagesById.get(id)
  }

  /** From now on no standing may change. */
  expectCalm(): void {
    this.#calmSinceMs = this.#scheduler.nowMs
  }

  /** Something is about to break. */
  expectChange(): void {
    this.#calmSinceMs = Infinity
  }

  /** In calm: what was ordered up to a seq, and what never will be, is not asked for any more. */
  forget(epoch: string, throughSeq: number): void {
    this.ledger.forget(epoch, throughSeq)
    for (const id of this.#messagesById.keys()) {
      if (!this.ledger.has(id)) this.#messagesById.delete(id)
    }
    for (const [id, record] of this.records) {
      if (!record.process.isAlive) this.records.delete(id)
      for (const [ticket, {receipt, isRefused}] of record.messages) {
        if (receipt || isRefused) record.messages.delete(ticket)
      }
    }
  }

  started(process: SimProcess): void {
    this.records.set(process.id, new NodeRecord(process))
  }

  /** Called before the event `publish` reaches the core. */
  published(message: Message): void {
    this.record({id: message.origin}).messages.set(message.ticket, message)
  }

  beforeEvent(process: SimProcess, event: MeshEvent): void {
    this.record(process).links.event(event)
  }

  effect(process: SimProcess, effect: MeshEffect): void {
    this.#check(this.record(process), effect)
    this.onEffect(process, effect)
  }

  #check(record: NodeRecord, effect: MeshEffect): void {
    switch (effect.type) {
      case 'send':
      case 'dial':
      case 'close-link':
      case 'read-pool':
      case 'swap-lease': {
        record.links.effect(effect)
        return
      }
      case 'standing': {
        this.#standing(record, effect.standing)
        return
      }
      case 'accepted': {
        this.#accepted(record, effect.ticket, effect.id)
        return
      }
      case 'refused': {
        this.#refused(record, effect.ticket, effect.reason)
        return
      }
      case 'receipt': {
        this.#receipt(record, effect.ticket, effect.receipt)
        return
      }
      case 'log-replaced': {
        this.#logReplaced(record, effect)
        return
      }
      case 'drained': {
        record.drainedMs = this.#scheduler.nowMs
        return
      }
      case 'remove-member':
      case 'deliver':
      case 'log': {
        return
      }
    }
  }

  delivered(process: SimProcess, effect: Deliver, connections: readonly number[]): void {
    const {epoch, after, entries} = effect
    const record = this.record(process)
    const {cursor} = record
    if (cursor) {
      check(cursor.epoch === epoch && cursor.seq === after, 'noGap', () => {
        return `${process.id} stood at ${cursor.epoch} ${cursor.seq}, now after ${epoch} ${after}`
      })
    }
    if (cursor?.epoch !== epoch) record.base = {epoch, seq: after}
    let seq = after
    for (const [index, entry] of entries.entries()) {
      seq += 1
      check(entry.seq === seq, 'noGap', () => `${process.id} delivers ${entry.seq} as ${seq}`)
      const {envelope} = entry
      const message = envelope && this.#messagesById.get(messageId(envelope))
      this.ledger.record(process.id, epoch, entry, {
        connections: connections[index] ?? 0,
        publishedMs: message?.publishedMs ?? 0,
      })
      this.#checkContents(entry, message)
    }
    record.cursor = {epoch, seq}
  }

  /** What was taken back is ordered as nothing; what was for one term, in that term or not. */
  #checkContents({seq, term, envelope}: Delivery, message: Message | undefined): void {
    const action = envelope?.payload.action
    const isGivenUp = message?.isRefused === true || message?.receipt?.type === 'timeout'
    const isNothing = action === WITHDRAWN.payload.action && isGivenUp
    check(message?.key === action || isNothing, 'contents', () => {
      return `${seq} is ${action}, was ${message?.key}`
    })
    const {onlyInTerm = term} = message ?? {}
    check(onlyInTerm === term || isNothing, 'contents', () => {
      return `${seq}, ${message?.key}, is of term ${term}, it was for ${onlyInTerm}`
    })
  }

  ticked(process: SimProcess): void {
    const record = this.record(process)
    const stats = process.core.stats()
    this.#term(record, stats.term)
    check(
      stats.outboxMessages <= this.#config.outboxMessages &&
        stats.outboxBytes <= this.#config.outboxBytes,
      'limits',
      () => `${process.id}: outbox of ${stats.outboxMessages} messages, ${stats.outboxBytes} bytes`,
    )
    check(record.links.count <= 4 * (this.records.size + 1), 'limits', () => {
      return `${process.id} has ${record.links.count} links`
    })
    check(record.links.count === stats.links, 'limits', () => {
      return `${process.id} has ${record.links.count} links and says ${stats.links}`
    })
    if (record.drainAskedMs !== undefined) {
      const latestMs = Math.max(record.drainAskedMs, record.pausedMs)
      check(this.#scheduler.nowMs - latestMs <= this.#config.drainMs + 1000, 'drainEnds', () => {
        return `${process.id} drains since ${record.drainAskedMs}`
      })
    }
    this.#receipts.waiting(record, this.#scheduler.nowMs)
  }

  leaseWritten(lease: Lease | undefined): void {
    const before = this.#lease
    if (!lease) {
      this.#isWiped = true
      return
    }
    const isFirst = this.#isWiped
    this.#isWiped = false
    this.#lease = lease
    if (!before || before.epoch !== lease.epoch) return
    // A claim whose asker gave up may be written late and emptied before anybody read it: a term
    // that nobody ever led may come again.
    const termMin = isFirst ? this.#ledMax(lease.epoch) : before.term
    check(lease.term >= termMin, 'storeTermRises', () => `${termMin} to ${lease.term}`)
    check(
      isFirst || lease.version > before.version || lease.term > before.term,
      'storeVersionRises',
      () => `${before.term}.${before.version} to ${lease.term}.${lease.version}`,
    )
  }

  /** The highest term of an epoch that had a master. */
  #ledMax(epoch: string): number {
    const terms = [...this.#masters.keys()]
      .filter((key) => key.startsWith(`${epoch}.`))
      .map((key) => Number(key.slice(epoch.length + 1)))
    return Math.max(0, ...terms)
  }

  #term(record: NodeRecord, term: number): void {
    check(term >= record.termMax, 'termRises', () => {
      return `${record.process.id} went from term ${record.termMax} to ${term}`
    })
    record.termMax = term
  }

  #standing(record: NodeRecord, standing: Standing): void {
    const {id, core} = record.process
    check(this.#calmSinceMs === Infinity, 'staysSettled', () => {
      return `${id} became ${JSON.stringify(standing)}`
    })
    this.standingChanges += 1
    record.standing = standing
    record.standingSinceMs = this.#scheduler.nowMs
    // Seekers tell the highest term heard of, which nobody need have led.
    if (standing.state === 'following') this.#term(record, standing.term)
    if (standing.state !== 'mastering') return
    this.#term(record, standing.term)
    const key = `${core.stats().epoch}.${standing.term}`
    const other = this.#masters.get(key)
    check(other === undefined || other === id, 'oneMaster', () => {
      return `${id} and ${other} both are master of ${key}`
    })
    this.#masters.set(key, id)
  }

  #accepted(record: NodeRecord, ticket: number, id: string): void {
    const message = record.messages.get(ticket)
    if (!message || message.id !== undefined || message.isRefused) {
      return violate('oneAnswer', `${record.process.id} accepted ticket ${ticket} again`)
    }
    message.id = id
    if (!this.#messagesById.has(id)) this.#messagesById.set(id, message)
    record.waiting.set(ticket, message)
  }

  #refused(record: NodeRecord, ticket: number, reason: RefusalReason): void {
    const message = record.messages.get(ticket)
    const mayBeTakenBack = reason === 'term-lost' && message?.receipt === undefined
    const isAccepted = message?.id !== undefined
    if (!message || (isAccepted && !mayBeTakenBack) || message.isRefused) {
      return violate('oneAnswer', `${record.process.id} refused ticket ${ticket} after an answer`)
    }
    message.isRefused = true
    record.waiting.delete(ticket)
  }

  #logReplaced(record: NodeRecord, {epoch, after, reset}: LogReplaced): void {
    const {cursor, process} = record
    const to = {epoch, seq: after.seq}
    if (cursor && cursor.epoch === epoch && !this.#options.isLossAllowed) {
      check(to.seq >= cursor.seq, 'neverTakenBack', () => {
        return `${process.id} delivered up to ${cursor.seq} and goes back to ${to.seq}`
      })
      check(!this.#options.isHistoryWhole || to.seq === cursor.seq, 'noNeedlessLoss', () => {
        return `${process.id} stood at ${cursor.seq} and goes on from ${to.seq}`
      })
    }
    if (reset) record.base = to
    record.cursor = to
  }

  #receipt(record: NodeRecord, ticket: number, receipt: Receipt): void {
    const {id} = record.process
    const message = record.messages.get(ticket)
    if (!message || message.id === undefined || message.receipt) {
      return violate('oneAnswer', `${id} gave ticket ${ticket} a receipt out of turn`)
    }
    message.receipt = receipt
    message.receiptMs = this.#scheduler.nowMs
    record.waiting.delete(ticket)
    if (receipt.type === 'stable') this.#receipts.given(record, message, receipt)
  }
}
