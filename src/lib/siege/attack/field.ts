/** What all connections of one process of a siege share: the job, the clock, counts and meters. */
import {Audience} from '../plan/audience.js'
import type {TargetKind} from '../plan/audience.js'
import {CountedCloses, CountedErrors} from '../measure/counted.js'
import {arrivedUs, unreadUs} from '../measure/arrival.js'
import {nowUs} from '../measure/clock.js'
import {newHistogram, newSmallHistogram, record} from '../measure/histograms.js'
import type {Histogram} from '../measure/histograms.js'
import type {Marker} from '../wire/marker.js'
import {eachMeter, emptyTally} from './job.js'
import type {AttackJob, AttackTarget, Meter, Tally} from './job.js'

/** Publishers carry the node that they publish at in the low byte of their sender's number. */
export const NODE_BITS = 8
export const NODES_MAX = 255

const TYPICAL_STEP = 0.02
const TARGETS_MAX = 2 ** 22
/** Deliveries are counted for each hundredth of a second: how long a silence was. */
export const BINS = 100

export class Field {
  readonly job: AttackJob
  /** Where the nodes are now: one that was started again has another address. */
  targets: readonly AttackTarget[]
  readonly audience: Audience
  readonly tally: Tally = emptyTally()
  readonly errors = new CountedErrors()
  readonly closes = new CountedCloses()
  readonly meters: Readonly<Record<Meter, Histogram>>
  readonly stretches: readonly Histogram[]
  /** Of the current second. */
  second: Histogram = newSmallHistogram()
  bins: number[] = emptyBins()
  /** When the load began; undefined: not yet. */
  startUs: number | undefined
  /** Called after each piece of input: what is due is sent without waiting for a timer. */
  onActivity: () => void = () => {}
  readonly #openedUs = nowUs()
  readonly #endsUs: readonly number[]
  /** Of the stretches: false while the load is still rising. */
  readonly #isMeasured: readonly boolean[]

  constructor(job: AttackJob) {
    this.job = job
    this.targets = job.targets
    this.audience = new Audience(job.audience)
    this.meters = eachMeter(() => newHistogram())
    this.stretches = job.stretches.map(() => newHistogram())
    let endS = 0
    this.#endsUs = job.stretches.map(({durationS}) => (endS += durationS) * 1e6)
    this.#isMeasured = job.stretches.map(({name}) => name !== RAMP)
  }

  /** Seconds since the load began; before that, since this process did. */
  atS(): number {
    return (nowUs() - (this.startUs ?? this.#openedUs)) / 1e6
  }

  error(text: string): void {
    this.tally.errors += 1
    this.errors.add(text, this.startUs === undefined ? -1 : this.atS())
  }

  streamOf(sender: number, kind: TargetKind, index: number): number {
    const {groups} = this.audience
    const code = kind === 'user' ? 1 + groups + index : kind === 'group' ? 1 + index : 0
    return sender * TARGETS_MAX + code
  }

  senderOf(stream: number): number {
    return Math.floor(stream / TARGETS_MAX)
  }

  /**
   * A message came, for the first time, to a connection at this node. Microseconds from when it
   * should have been sent; undefined while the load rises.
   */
  delivered(marker: Readonly<Marker>, node: number): number | undefined {
    const now = arrivedUs()
    const latencyUs = now - marker.intendedUs
    const sinceUs = marker.intendedUs - (this.startUs ?? now)
    this.tally.delivered += 1
    this.#typical(latencyUs - marker.lateUs)
    record(this.second, latencyUs)
    this.#bin(now)
    const stretch = this.#stretchOf(sinceUs)
    const histogram = this.stretches[stretch]
    if (histogram === undefined) return undefined
    record(histogram, latencyUs)
    if (this.#isMeasured[stretch] !== true) return undefined
    record(this.meters.service, latencyUs - marker.lateUs)
    // By HTTP and by rows a message waits for the server before it leaves: that is not its own.
    if (this.job.from === 'socket') {
      record(this.meters.own, Math.min(latencyUs, marker.lateUs + unreadUs()))
    }
    record(this.meters[this.#distance(marker, node)], latencyUs)
    if (marker.kind === 'user') record(this.meters.user, latencyUs)
    return latencyUs
  }

  /** About the median of the service times of late: what slower servers need no precision for. */
  typicalUs = 0

  #typical(us: number): void {
    const step = this.typicalUs * TYPICAL_STEP + 1
    this.typicalUs = Math.max(0, this.typicalUs + (us > this.typicalUs ? step : -step))
  }

  /** How late a message left, and what became of it, while latencies are measured. */
  record(meter: 'accept' | 'late', intendedUs: number, us: number): void {
    const stretch = this.#stretchOf(intendedUs - (this.startUs ?? intendedUs))
    if (this.#isMeasured[stretch] === true) record(this.meters[meter], us)
  }

  takeSecond(): {readonly histogram: Histogram; readonly bins: readonly number[]} {
    const taken = {histogram: this.second, bins: this.bins}
    this.second = newSmallHistogram()
    this.bins = emptyBins()
    return taken
  }

  #distance({kind, sender}: Readonly<Marker>, node: number): 'local' | 'relayed' | 'elsewhere' {
    if (kind === 'echo' || this.targets.length === 0) return 'elsewhere'
    return (sender & NODES_MAX) === node ? 'local' : 'relayed'
  }

  #bin(now: number): void {
    const sinceS = (now - (this.startUs ?? now)) / 1e6
    const bin = Math.floor((sinceS - Math.floor(sinceS)) * BINS)
    this.bins[bin] = (this.bins[bin] ?? 0) + 1
  }

  #stretchOf(sinceUs: number): number {
    const index = this.#endsUs.findIndex((endUs) => sinceUs < endUs)
    return index === -1 ? this.#endsUs.length - 1 : index
  }
}

/** The name of a stretch in which the load still rises: nothing of it is measured. */
export const RAMP = 'ramp'

function emptyBins(): number[] {
  return Array.from({length: BINS}, () => 0)
}

