/** What a node measures of itself at the moment, part of its answer to `stats` (PROTOCOL.md). */
import {isNodeId, type NodeId} from '../util/brand.js'
import {count, flag, listOf, nullable, number, object, textThat, type Shape} from './shape.js'

/** Counts are among `counters`; here is what is no count. */
export interface MeterReading {
  readonly isDraining: boolean
  /** Processor time of the last whole second, of one core: 1.5 is one and a half. */
  readonly cpuShare: number
  /** Since the lease was last seen to change: a master that lives renews it each second. */
  readonly leaseAgeMs: number
  readonly latency: {
    /** Of messages published here: from then until they were committed and came back. */
    readonly relay: LatencyReading
    /** Of a message's delivery here: until the operating system was offered all its frames. */
    readonly delivery: LatencyReading
    /** Of messages published here: until every live node had delivered them. */
    readonly receipt: LatencyReading
  }
  /** With whom this node shares the log: its followers, or its master. */
  readonly links: readonly LinkReading[]
  /**
   * So long at most the oldest row of the application's outbox has waited; only at the node that
   * sends them.
   */
  readonly outboxLagMs?: number
}

/** Of the last 5 to 10 s; without messages all are 0. */
export interface LatencyReading {
  readonly messages: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface LinkReading {
  readonly node: NodeId
  /** There and back, behind all that waits; null: not known yet. */
  readonly rttMs: number | null
  /** Messages that the follower has not delivered; of a master, that it has not committed here. */
  readonly lagMessages: number
  /** Since the other side was last heard. */
  readonly silentMs: number
  /** Waiting in this process for the link's socket. */
  readonly queueBytes: number
}

const latency = object<LatencyReading>({
  messages: count, p50Ms: number, p90Ms: number, p99Ms: number, maxMs: number,
})

const link = object<LinkReading>({
  node: textThat(isNodeId, 'a node id'),
  rttMs: nullable(number),
  lagMessages: count,
  silentMs: number,
  queueBytes: count,
})

export const meterReading: Shape<MeterReading> = object<MeterReading>({
  isDraining: flag,
  cpuShare: number,
  leaseAgeMs: number,
  latency: object<MeterReading['latency']>({relay: latency, delivery: latency, receipt: latency}),
  links: listOf(link),
  outboxLagMs: number,
}, {optional: ['outboxLagMs']})
