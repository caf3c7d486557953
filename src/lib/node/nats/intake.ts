/** Parcels as they come from the stream: read, delivered, kept, and reported to who sent them. */
import type {Delivery} from '../../mesh/effect.js'
import {decodeParcel, sinceOfParcel, type Reported} from '../../protocol/relay-codec.js'
import type {NodeId} from '../../util/brand.js'
import type {Counters} from '../counters.js'
import type {RelayUser} from '../relay.js'
import type {Arrival} from './inflow.js'
import type {Kept, Memory} from './memory.js'
import {parcelId} from './outgoing.js'
import {placeOf, streamSeqOf} from './places.js'
import {Recent} from './recent.js'
import {EVERYONE} from './subjects.js'

/** Ids of parcels that are remembered, so that one stored twice is delivered once. */
const IDS_MAX = 200_000
const KEPT_OVERHEAD_BYTES = 300

export interface IntakeOptions {
  readonly user: Pick<RelayUser, 'deliver'>
  readonly memory: Memory
  readonly counters: Counters
  readonly now: () => number
  readonly epoch: () => string
  readonly isNeeded: (key: number) => boolean
  /** Of one subject, what is after the one and not after the other number. */
  readonly lookBack: (key: number, after: number, through: number) => Promise<readonly Arrival[]>
  readonly report: (to: NodeId, reports: readonly Reported[]) => void
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #ids = new Recent<string, number>(IDS_MAX)
  /** Of subjects: the place up to which the stream was looked through, backwards. */
  readonly #lookedFrom = new Map<number, number>()

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** Ids that are remembered. */
  get known(): number {
    return this.#ids.size
  }

  /** The stream is another one. */
  begin(): void {
    this.#ids.clear()
    this.#lookedFrom.clear()
  }

  deliver(arrivals: readonly Arrival[]): void {
    const {user, now} = this.#options
    const all: Kept[] = []
    for (const arrival of arrivals) {
      const kept = this.#read(arrival)
      if (kept !== undefined) all.push(kept)
    }
    const entries = all.flatMap(({deliveries}) => deliveries)
    const connections = user.deliver(this.#options.epoch(), entries)
    const reports = new Map<NodeId, Reported[]>()
    let at = 0
    for (const kept of all) {
      const end = at + kept.deliveries.length
      const counts = this.#countsOf(kept, connections.slice(at, end))
      at = end
      if (!this.#options.isNeeded(kept.key)) continue
      this.#options.memory.add({...kept, connections: counts, atMs: now()})
      const origin = kept.deliveries[0]?.envelope?.origin
      if (origin === undefined) continue
      const list = reports.get(origin)
      const reported = reportOf({...kept, connections: counts})
      if (list === undefined) reports.set(origin, [reported])
      else list.push(reported)
    }
    for (const [origin, list] of reports) this.#options.report(origin, list)
  }

  /** It may stand in the stream before this place too, where this node has not been. */
  isUnclear({key, seq, data}: Arrival): boolean {
    const since = sinceOfParcel(data)
    // Of what is only looked at, nobody keeps a book.
    if (since === undefined || key === undefined || since >= seq) return false
    return this.#options.isNeeded(key) && since < this.#knownFrom(key)
  }

  /** Looks in the stream for the first of those that may be there twice: once a subject. */
  async clarify(arrivals: readonly Arrival[]): Promise<void> {
    const ranges = new Map<number, {since: number; through: number}>()
    for (const {key = EVERYONE, seq, data} of arrivals.filter((each) => this.isUnclear(each))) {
      const {since, through} = ranges.get(key) ?? {since: seq, through: seq}
      ranges.set(key, {
        since: Math.min(since, sinceOfParcel(data) ?? seq), through: Math.max(through, seq),
      })
    }
    for (const [key, {since, through}] of ranges) await this.#lookBack(key, since, through)
  }

  /** The subject is needed no more. */
  forget(key: number): void {
    this.#lookedFrom.delete(key)
  }

  async #lookBack(key: number, since: number, through: number): Promise<void> {
    for (const {seq, data} of await this.#options.lookBack(key, since, through)) {
      const read = decodeParcel(data)
      if (read.ok) this.#remember(parcelId(read.value.envelopes), seq)
    }
    this.#lookedFrom.set(key, since)
  }

  /** From here on the ids of all parcels of the subject are known. */
  #knownFrom(key: number): number {
    const from = this.#options.memory.from(key) ?? Infinity
    return Math.min(from, this.#lookedFrom.get(key) ?? Infinity)
  }

  /** Of one that was stored twice: what the first one was. */
  #countsOf({deliveries}: Kept, connections: readonly number[]): readonly number[] {
    const first = deliveries[0]?.repeatOf
    if (first === undefined) return connections
    return this.#options.memory.find(streamSeqOf(first))?.connections ?? connections
  }

  #read({key, seq, data}: Arrival): Kept | undefined {
    const read = decodeParcel(data)
    if (key === undefined || !read.ok) {
      this.#options.counters.add('linkViolations')
      return undefined
    }
    const {envelopes} = read.value
    const first = this.#remember(parcelId(envelopes), seq)
    const deliveries = envelopes.map((envelope, index): Delivery => ({
      ...placeOf(seq, index), envelope, repeatOf: first === seq ? undefined : placeOf(first, index),
    }))
    const bytes = data.length + KEPT_OVERHEAD_BYTES * envelopes.length
    return {key, seq, deliveries, connections: [], bytes, atMs: this.#options.now()}
  }

  /** Where the parcel stands that has this id. */
  #remember(id: string, seq: number): number {
    const known = this.#ids.get(id)
    if (known !== undefined) return known
    this.#ids.set(id, seq)
    return seq
  }

  keepEarlier(key: number, from: number, earlier: readonly Arrival[]): void {
    const kept = earlier.flatMap((arrival) => this.#read(arrival) ?? [])
    this.#options.memory.extend(key, from, kept)
  }
}

/** What its publisher's node is told of a parcel. */
export function reportOf({seq, deliveries, connections}: Kept): Reported {
  const first = deliveries[0]?.repeatOf
  return {seq, at: first === undefined ? seq : streamSeqOf(first), connections}
}
