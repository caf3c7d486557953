/**
 * Changes of master: why, how long nobody led, and how long no message arrived. The master is lost
 * when a fault hits its process; when none does, but it is replaced all the same (it was cut off),
 * at the last delivery, under the fault that began before it.
 */
import type {FaultKind} from './fault.js'
import {Histogram, type Percentiles} from './histogram.js'

/** `none`: nothing was broken. It should not come up. */
export type ChangeCause = FaultKind | 'none'

export interface ChangeTimes {
  readonly count: number
  /** From the loss of the master until another led. */
  readonly toMasterMs: Percentiles | null
  /** From the loss until a node delivered a message that the new master ordered. */
  readonly toDeliveryMs: Percentiles | null
}

class Times {
  count = 0
  readonly toMaster = new Histogram()
  readonly toDelivery = new Histogram()

  summary(): ChangeTimes {
    const {count, toMaster, toDelivery} = this
    return {
      count, toMasterMs: toMaster.percentiles(), toDeliveryMs: toDelivery.percentiles(),
    }
  }
}

/** Kinds that do the same to whom they hit. */
const SAME: Readonly<Partial<Record<FaultKind, FaultKind>>> = {
  'kill-master': 'kill', 'pause-master': 'pause', stall: 'pause',
}
/** A fault that began so long ago may still be why. */
const AFTERMATH_MS = 30_000
/** A master that a fault hit and whose messages arrive after this has lived through it. */
const ALIVE_MS = 1000
/** Between two messages of a load: a fault that ends it begins so long after the last at most. */
const LOAD_GAP_MS = 1000

function isRecent(loss: Loss, nowMs: number): boolean {
  return nowMs - loss.atMs <= AFTERMATH_MS
}

interface Loss {
  readonly cause: FaultKind
  readonly atMs: number
}

export class Failovers {
  readonly #all = new Times()
  readonly #byCause = new Map<ChangeCause, Times>()
  /** The master's own process was hit. */
  #hit: Loss | undefined
  /** Begun lately, oldest first. */
  #faults: Loss[] = []
  #term = ''
  #lastDeliveryMs = 0
  /** Waits for its first delivery. */
  #open: {readonly term: string; readonly lostMs: number; readonly times: Times} | undefined

  get changes(): number {
    return this.#all.count
  }

  faultBegan(kind: FaultKind, atMs: number, isMasterHit: boolean): void {
    const loss = {cause: SAME[kind] ?? kind, atMs}
    this.#faults = [...this.#faults.filter((fault) => isRecent(fault, atMs)), loss]
    if (isMasterHit) this.#hit = loss
  }

  /** A node leads this term: `epoch.term`. The first of a run is no change. */
  mastered(term: string, atMs: number): void {
    if (term === this.#term) return
    const isFirst = this.#term === ''
    this.#term = term
    const loss = this.#hit ?? this.#lossWithoutHit(atMs)
    this.#hit = undefined
    if (isFirst) return
    const times = this.#timesOf(loss?.cause ?? 'none')
    times.count += 1
    this.#all.count += 1
    if (!loss) return
    this.#add('toMaster', times, atMs - loss.atMs)
    this.#open = {term, lostMs: loss.atMs, times}
  }

  /** A message ordered in this term was delivered somewhere. */
  delivered(term: string, atMs: number): void {
    this.#lastDeliveryMs = atMs
    if (this.#hit && term === this.#term && atMs - this.#hit.atMs > ALIVE_MS) {
      this.#hit = undefined
    }
    if (this.#open?.term !== term) return
    this.#add('toDelivery', this.#open.times, atMs - this.#open.lostMs)
    this.#open = undefined
  }

  summary(): ChangeTimes & {readonly byCause: Readonly<Record<string, ChangeTimes>>} {
    const causes = [...this.#byCause].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return {
      ...this.#all.summary(),
      byCause: Object.fromEntries(causes.map(([cause, times]) => [cause, times.summary()])),
    }
  }

  #lossWithoutHit(atMs: number): Loss | undefined {
    const lastMs = this.#lastDeliveryMs
    const recent = this.#faults.filter((begun) => isRecent(begun, atMs))
    const fault = recent.findLast((begun) => begun.atMs <= lastMs + LOAD_GAP_MS) ?? recent[0]
    return fault && {...fault, atMs: Math.max(fault.atMs, lastMs)}
  }

  #timesOf(cause: ChangeCause): Times {
    let times = this.#byCause.get(cause)
    if (!times) {
      times = new Times()
      this.#byCause.set(cause, times)
    }
    return times
  }

  #add(what: 'toMaster' | 'toDelivery', times: Times, ms: number): void {
    times[what].add(ms)
    this.#all[what].add(ms)
  }
}
