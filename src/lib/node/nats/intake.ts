/** Parcels as they come from the stream: read, delivered, kept, and reported to who sent them. */
import type {Delivery} from '../../mesh/effect.js'
import {decodeParcel, type Reported} from '../../protocol/relay-codec.js'
import type {NodeId} from '../../util/brand.js'
import type {Counters} from '../counters.js'
import type {RelayUser} from '../relay.js'
import type {Arrival} from './inflow.js'
import type {Kept, Memory} from './memory.js'
import {parcelId} from './outgoing.js'
import {placeOf, streamSeqOf} from './places.js'
import {Recent} from './recent.js'

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
  readonly report: (to: NodeId, reports: readonly Reported[]) => void
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #ids = new Recent<string, number>(IDS_MAX)

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
      if (list === undefined) reports.set(origin, [{seq: kept.seq, connections: counts}])
      else list.push({seq: kept.seq, connections: counts})
    }
    for (const [origin, list] of reports) this.#options.report(origin, list)
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
    if (known !== undefined && known <= seq) return known
    this.#ids.set(id, seq)
    return seq
  }

  keepEarlier(key: number, from: number, earlier: readonly Arrival[]): void {
    const kept = earlier.flatMap((arrival) => this.#read(arrival) ?? [])
    this.#options.memory.extend(key, from, kept)
  }
}
