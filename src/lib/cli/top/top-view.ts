import type {SurveyedNode} from '../../operator/pool-survey.js'
import type {StatsSurvey} from '../../operator/ask-stats.js'
import type {LatencyReading} from '../../protocol/meter-frame.js'
import {type PoolJson, poolJson, type PoolNodeJson} from '../pool-view.js'

/** What `top --json` prints, a line each round; an API. */
export interface TopJson extends Omit<PoolJson, 'nodes'> {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly nodes: readonly TopNodeJson[]
}

/** Null: the node does not answer, or is of a version that does not measure it. */
export interface TopNodeJson extends PoolNodeJson {
  readonly isDraining: boolean
  /** Of the last 5 to 10 s; null too where there was no message. */
  readonly deliveryP99Ms: number | null
  readonly receiptP99Ms: number | null
  /** Bytes that wait for clients to take them. */
  readonly queueBytes: number | null
  /** Clients that were dropped as they took too little, since the node started. */
  readonly slowConsumers: number | null
  /** Of these since the round before. */
  readonly slowConsumersNew: number | null
  readonly loopDelayMs: number | null
  /** 1: one core. */
  readonly cpuShare: number | null
  /** Messages that the slowest link of the node is behind. */
  readonly lagMessages: number | null
  readonly outboxMessages: number | null
}

export function topJson(survey: StatsSurvey, before: TopJson | undefined, at: number): TopJson {
  const pool = poolJson(survey)
  const previous = new Map(before?.nodes.map((node) => [node.id, node]))
  return {
    at,
    ...pool,
    nodes: pool.nodes.map((node, index) =>
      ({...node, ...measured(survey.nodes[index]?.stats, previous.get(node.id))})),
  }
}

type Measured = Omit<TopNodeJson, keyof PoolNodeJson>

function measured(stats: SurveyedNode['stats'], before: TopNodeJson | undefined): Measured {
  const {meter} = stats ?? {}
  const slowConsumers = stats?.counters['slowConsumers'] ?? null
  return {
    isDraining: meter?.isDraining === true,
    deliveryP99Ms: p99(meter?.latency.delivery),
    receiptP99Ms: p99(meter?.latency.receipt),
    queueBytes: stats?.queueBytes ?? null,
    slowConsumers,
    slowConsumersNew: newOf(slowConsumers, before?.slowConsumers ?? null),
    loopDelayMs: stats?.loopDelayMs ?? null,
    cpuShare: meter?.cpuShare ?? null,
    lagMessages: meter === undefined
      ? null : Math.max(0, ...meter.links.map(({lagMessages}) => lagMessages)),
    outboxMessages: stats?.outboxMessages ?? null,
  }
}

function p99(latency: LatencyReading | undefined): number | null {
  return latency === undefined || latency.messages === 0 ? null : latency.p99Ms
}

/** A node that was started again counts from 0. */
function newOf(now: number | null, before: number | null): number | null {
  return now === null || before === null ? null : Math.max(0, now - before)
}

/** By what the table can be ordered; the first is the order of the pool. */
export const TOP_SORTS = ['pool', 'clients', 'in', 'out', 'delivery', 'queue', 'slow', 'cpu', 'rss',
  'lag'] as const

export type TopSort = (typeof TOP_SORTS)[number]

const VALUE: Readonly<Record<Exclude<TopSort, 'pool'>, (node: TopNodeJson) => number | null>> = {
  clients: ({clients}) => clients,
  in: ({inPerS}) => inPerS,
  out: ({outPerS}) => outPerS,
  delivery: ({deliveryP99Ms}) => deliveryP99Ms,
  queue: ({queueBytes}) => queueBytes,
  slow: ({slowConsumers}) => slowConsumers,
  cpu: ({cpuShare}) => cpuShare,
  rss: ({rssBytes}) => rssBytes,
  lag: ({lagMessages}) => lagMessages,
}

/** The most first, or with `isReversed` the least; what is not known last. */
export function sorted(
  nodes: readonly TopNodeJson[], sort: TopSort, isReversed: boolean,
): readonly TopNodeJson[] {
  if (sort === 'pool') return isReversed ? nodes.toReversed() : nodes
  const sign = isReversed ? -1 : 1
  return nodes.toSorted((a, b) => {
    const [first, second] = [VALUE[sort](a), VALUE[sort](b)]
    if (first === null || second === null) return Number(first === null) - Number(second === null)
    return sign * (second - first)
  })
}
