/**
 * Receipts: a parcel is in the stream, and each node that needs its subject says to how many
 * connections its messages were queued there. Those that do not say so in time are named.
 */
import type {Receipt} from '../../mesh/effect.js'
import type {NodeCount} from '../../protocol/node-frame.js'
import type {Reported} from '../../protocol/relay-codec.js'
import type {NodeId} from '../../util/brand.js'
import {placeOf} from './places.js'
import {Recent} from './recent.js'

/** Reports that came before the stream's own answer. */
const EARLY_MAX = 10_000

/** One message of a parcel; its ticket is undefined when its publisher was answered. */
export interface Answerable {
  ticket: number | undefined
}

interface Pending {
  readonly seq: number
  readonly messages: readonly Answerable[]
  readonly waitingFor: Set<NodeId>
  readonly missing: NodeId[]
  readonly reports: Map<NodeId, Reported>
  readonly untilMs: number
}

export interface ReceiptsOptions {
  readonly answer: (ticket: number, receipt: Receipt) => void
  readonly epoch: () => string
  readonly now: () => number
  /** A node that has not reported after this is named as missing. */
  readonly countMs: number
}

export class Receipts {
  readonly #options: ReceiptsOptions
  readonly #pending = new Map<number, Pending>()
  readonly #early = new Recent<number, Map<NodeId, Reported>>(EARLY_MAX)

  constructor(options: ReceiptsOptions) {
    this.#options = options
  }

  /** Parcels that nodes are still to report of. */
  get size(): number {
    return this.#pending.size
  }

  /** The stream has it: these nodes are waited for. */
  stored(seq: number, messages: readonly Answerable[], nodes: Iterable<NodeId>): void {
    const early = this.#early.get(seq)
    this.#early.delete(seq)
    const reports = new Map(early)
    const waitingFor = new Set<NodeId>()
    for (const node of nodes) if (!reports.has(node)) waitingFor.add(node)
    const untilMs = this.#options.now() + this.#options.countMs
    const pending = {seq, messages, waitingFor, missing: [], reports, untilMs}
    if (waitingFor.size === 0) this.#settle(pending)
    else this.#pending.set(seq, pending)
  }

  reported(node: NodeId, report: Reported): void {
    const pending = this.#pending.get(report.seq)
    if (pending === undefined) {
      this.#keepEarly(node, report)
      return
    }
    pending.reports.set(node, report)
    pending.waitingFor.delete(node)
    if (pending.waitingFor.size === 0) this.#settle(pending)
  }

  /** It will not report any more. */
  gone(node: NodeId): void {
    for (const pending of this.#pending.values()) this.#giveUp(pending, node)
  }

  /** Expected several times a second. */
  sweep(): void {
    for (const pending of this.#pending.values()) {
      if (pending.untilMs > this.#options.now()) return
      for (const node of pending.waitingFor) this.#giveUp(pending, node)
    }
  }

  #giveUp(pending: Pending, node: NodeId): void {
    if (!pending.waitingFor.delete(node)) return
    pending.missing.push(node)
    if (pending.waitingFor.size === 0) this.#settle(pending)
  }

  #keepEarly(node: NodeId, report: Reported): void {
    const early = this.#early.get(report.seq)
    if (early === undefined) this.#early.set(report.seq, new Map([[node, report]]))
    else early.set(node, report)
  }

  #settle({seq, messages, reports, missing}: Pending): void {
    this.#pending.delete(seq)
    const all = [...reports.values()]
    const isForgotten = all.length > 0 && all.every(({connections}) => connections.length === 0)
    // Stored twice, it is where the first is.
    const at = Math.min(seq, ...all.map((report) => report.at))
    for (const [index, message] of messages.entries()) {
      const {ticket} = message
      if (ticket === undefined) continue
      message.ticket = undefined
      const byNode: NodeCount[] = []
      for (const [node, {connections}] of reports) {
        byNode.push({node, connections: connections[index] ?? 0})
      }
      const position = {epoch: this.#options.epoch(), ...placeOf(at, index)}
      const receipt = {type: 'stable', position, byNode, missing, isEarlier: isForgotten} as const
      this.#options.answer(ticket, receipt)
    }
  }
}
