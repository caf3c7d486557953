/** What a long run is told for: counts and times, in memory that does not grow with the run. */
import type {MeshEffect} from '../mesh/effect.js'
import type {NodeId} from '../util/brand.js'
import {Failovers} from './failovers.js'
import type {FaultKind} from './fault.js'
import {Histogram} from './histogram.js'
import {LinkTraffic} from './link-traffic.js'
import type {SimMesh} from './sim-mesh.js'
import type {SimProcess} from './sim-process.js'

type Deliver = Extract<MeshEffect, {type: 'deliver'}>
type ReceiptEffect = Extract<MeshEffect, {type: 'receipt'}>

export class Chronicle {
  readonly failovers = new Failovers()
  readonly traffic = new LinkTraffic()
  readonly begun = new Map<FaultKind, number>()
  readonly passedOver = new Map<FaultKind, number>()
  /** From publish to receipt, of messages published while nothing was broken. */
  readonly calmReceipts = new Histogram()
  /** And of those published from a fault's beginning until the mesh was whole again. */
  readonly troubledReceipts = new Histogram()
  readonly peaks = {
    outboxMessages: 0, outboxBytes: 0, historyMessages: 0, historyBytes: 0,
  }
  #troubled = {fromMs: Infinity, untilMs: Infinity}
  accepted = 0
  refused = 0
  timeouts = 0
  /** Receipts that name a node which gave no word. */
  incomplete = 0
  readonly #mesh: SimMesh
  #master: NodeId | undefined
  /** Up to where anybody delivered. */
  #last = {epoch: '', seq: 0}

  constructor(mesh: SimMesh) {
    this.#mesh = mesh
    mesh.invariants.onEffect = (process, effect) => this.#effect(process, effect)
    mesh.network.onFrame = (from, to, frame) => {
      this.traffic.frame(this.#master, from.id, to, frame)
      return frame
    }
  }

  faultBegan(kind: FaultKind, isMasterHit: boolean): void {
    const {nowMs} = this.#mesh
    if (nowMs > this.#troubled.untilMs || this.#troubled.fromMs === Infinity) {
      this.#troubled = {fromMs: nowMs, untilMs: Infinity}
    }
    this.begun.set(kind, (this.begun.get(kind) ?? 0) + 1)
    this.failovers.faultBegan(kind, this.#mesh.nowMs, isMasterHit)
  }

  /** All that was broken has healed. */
  healed(): void {
    this.#troubled = {...this.#troubled, untilMs: this.#mesh.nowMs}
  }

  faultPassedOver(kind: FaultKind): void {
    this.passedOver.set(kind, (this.passedOver.get(kind) ?? 0) + 1)
  }

  /** So much was played since the last time. */
  elapsed(ms: number): void {
    let followers = 0
    for (const process of this.#mesh.running) {
      if (process.core.standing.state === 'following') followers += 1
      this.#peak(process)
    }
    this.traffic.elapsed(ms, followers)
  }

  #effect(process: SimProcess, effect: MeshEffect): void {
    switch (effect.type) {
      case 'standing': {
        const {standing} = effect
        if (standing.state !== 'mastering') return
        this.#master = process.id
        const {epoch} = process.core.stats()
        this.failovers.mastered(`${epoch}.${standing.term}`, this.#mesh.nowMs)
        return
      }
      case 'deliver': {
        this.#delivered(effect)
        return
      }
      case 'accepted': {
        this.accepted += 1
        this.#peak(process)
        return
      }
      case 'refused': {
        this.refused += 1
        return
      }
      case 'receipt': {
        this.#receipt(process, effect)
        return
      }
      default: {
        return
      }
    }
  }

  /** By the first node; those that come behind are no news. */
  #delivered({epoch, entries}: Deliver): void {
    if (epoch !== this.#last.epoch) this.#last = {epoch, seq: 0}
    for (const {envelope, term, seq} of entries) {
      if (seq <= this.#last.seq) continue
      this.#last.seq = seq
      if (envelope) this.failovers.delivered(`${epoch}.${term}`, this.#mesh.nowMs)
    }
  }

  #receipt(process: SimProcess, {ticket, receipt}: ReceiptEffect): void {
    if (receipt.type === 'timeout') {
      this.timeouts += 1
      return
    }
    if (receipt.missing.length > 0) this.incomplete += 1
    const message = this.#mesh.recordOf(process).messages.get(ticket)
    if (!message) return
    const {publishedMs} = message
    const {fromMs, untilMs} = this.#troubled
    const isTroubled = publishedMs >= fromMs && publishedMs <= untilMs
    const receipts = isTroubled ? this.troubledReceipts : this.calmReceipts
    receipts.add(this.#mesh.nowMs - publishedMs)
  }

  #peak(process: SimProcess): void {
    const {peaks} = this
    const stats = process.core.stats()
    for (const name of PEAKS) peaks[name] = Math.max(peaks[name], stats[name])
  }
}

const PEAKS = ['outboxMessages', 'outboxBytes', 'historyMessages', 'historyBytes'] as const
