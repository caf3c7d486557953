/**
 * The memory of this node, for operators alone: who asks makes the process stand still for a
 * moment. Over the operators' connection, not as a page: their proof is there already, and a page
 * would need a second kind of proof for an answer that nobody reads in a browser.
 */
import type {HeapSnapshot, ProcessSample, SoakRequest, SoakResult} from '../protocol/soak-frame.js'
import type {Gauge} from '../protocol/soak-frame.js'
import type {MeshDoor} from './mesh-door.js'
import type {Publisher} from './publisher.js'
import type {Resuming} from './resuming.js'
import type {StatsParts} from './stats.js'

/** Counting is about 3 µs an object: beyond this the others would take the node for dead. */
export const SAMPLED_HEAP_BYTES_MAX = 256 * 1024 * 1024

/** Why there is no sample, with a status as in HTTP. */
export interface SoakRefusal {
  readonly status: 429 | 501 | 503
  readonly why: string
}

export interface Probe {
  sample(gauges: () => Readonly<Record<string, Gauge>>): Promise<ProcessSample>
  snapshot(classes: readonly string[]): Promise<HeapSnapshot>
  heapBytes(): number
}

export interface SoakParts {
  readonly stats: StatsParts
  readonly publisher: Publisher
  readonly resuming: Resuming
  readonly door: MeshDoor
}

export class Soak {
  readonly #parts: () => SoakParts | undefined
  readonly #probe: Probe
  #isBusy = false

  /** The parts are undefined before the node has started. */
  constructor(parts: () => SoakParts | undefined, probe: Probe = ownProbe) {
    this.#parts = parts
    this.#probe = probe
  }

  async answer({holdersOf}: Omit<SoakRequest, 'id' | 'op'>): Promise<SoakResult | SoakRefusal> {
    const parts = this.#parts()
    if (parts === undefined) return {status: 503, why: 'The node is starting'}
    if (this.#isBusy) return {status: 429, why: 'A sample is being taken: one at a time'}
    const heapMib = Math.round(this.#probe.heapBytes() / 1024 / 1024)
    if (this.#probe.heapBytes() > SAMPLED_HEAP_BYTES_MAX) {
      return {status: 503, why: `Counting a heap of ${heapMib} MiB would stop the node for seconds`}
    }
    this.#isBusy = true
    try {
      const sample = await this.#probe.sample(() => gaugesOf(parts))
      const snapshot = holdersOf === undefined ? null : await this.#probe.snapshot(holdersOf)
      return {sample, snapshot}
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return {status: 501, why: `This process cannot be sampled: ${why}`}
    } finally {
      this.#isBusy = false
    }
  }
}

/** Loaded when it is first asked for: a node that nobody looks at needs no inspector. */
const ownProbe: Probe = {
  async sample(gauges) {
    const {sampleProcess} = await import('../probe/process-sample.js')
    return sampleProcess(gauges)
  },
  async snapshot(classes) {
    const {snapshotHeap} = await import('../probe/heap-snapshot.js')
    return snapshotHeap(classes)
  },
  heapBytes: () => process.memoryUsage().heapUsed,
}

/** Everything that this node keeps one of per client, message or node. */
export function gaugesOf(
  {stats: {registry, clients, operators, relay}, publisher, resuming, door}: SoakParts,
): Record<string, Gauge> {
  const {outboxMessages, historyMessages, logSizes, beats, links: coreLinks} = relay.stats()
  return {
    connections: exact(registry.size),
    unproved: exact(registry.unknown),
    users: exact(registry.users),
    groups: exact(registry.groups),
    sessions: exact(registry.sessions),
    guests: exact(registry.guests),
    strangers: exact(door.strangers),
    operators: exact(operators.count),
    links: exact(relay.links.count),
    dialling: exact(relay.links.dialling),
    coreLinks: exact(coreLinks),
    publishers: exact(publisher.waiting),
    resuming: exact(resuming.waiting),
    queueBytes: exact(clients.queueBytes()),
    outbox: exact(outboxMessages),
    history: {kind: 'drains', value: historyMessages},
    logSlots: {kind: 'drains', value: logSizes.slots},
    visits: bounded(registry.visits.remembered),
    callers: bounded(logSizes.callers),
    termEnds: bounded(logSizes.termEnds),
    origins: bounded(logSizes.origins),
    members: bounded(beats),
  }
}

function exact(value: number): Gauge {
  return {kind: 'exact', value}
}

function bounded(value: number): Gauge {
  return {kind: 'bounded', value}
}
