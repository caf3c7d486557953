/** What `wsmesh check` measures of a mesh, each with the node that is worst. */
import type {StatsSurvey} from '../../operator/ask-stats.js'
import type {NodeStats} from '../../protocol/operator-frame.js'

export type CheckUnit = 'count' | 'ms' | 'bytes' | 'percent'

export interface CheckMetric {
  readonly name: string
  readonly unit: CheckUnit
  readonly help: string
  /** Less is worse; otherwise more is. */
  readonly isWorseBelow?: true
  /** Undefined: no node says it. */
  read(sample: CheckSample): Reading | undefined
}

export interface CheckSample {
  readonly survey: StatsSurvey
  /** The same some seconds before, where something is counted within a time. */
  readonly before: StatsSurvey | undefined
}

export interface Reading {
  readonly value: number
  /** The node that it is of; undefined: of the mesh. */
  readonly node: string | undefined
}

type Stats = NodeStats

export const CHECK_METRICS: readonly CheckMetric[] = [
  {
    name: 'nodes', unit: 'count', isWorseBelow: true, help: 'nodes that answer, and take part',
    read: ({survey}) => ({
      value: survey.nodes.filter(({state}) => state === 'up').length, node: undefined,
    }),
  },
  {
    name: 'lease', unit: 'ms', help: 'since the lease was renewed, as who saw it last says',
    read({survey}) {
      const ages = statsOf(survey).flatMap(({meter}) => meter?.leaseAgeMs ?? [])
      return ages.length === 0 ? undefined : {value: Math.min(...ages), node: undefined}
    },
  },
  worst('relay', 'ms', 'p99 of the last seconds: publish to commit',
    ({meter}) => meter?.latency.relay.p99Ms),
  worst('delivery', 'ms', 'p99: delivery to the operating system',
    ({meter}) => meter?.latency.delivery.p99Ms),
  worst('receipt', 'ms', 'p99: publish to delivery at every node',
    ({meter}) => meter?.latency.receipt.p99Ms),
  worst('rtt', 'ms', 'round trip of a link between nodes',
    ({meter}) => maxOf(meter?.links.map(({rttMs}) => rttMs ?? 0))),
  worst('lag', 'count', 'messages that a node is behind',
    ({meter}) => maxOf(meter?.links.map(({lagMessages}) => lagMessages))),
  worst('outbox', 'ms', "so long a row of the application's outbox has waited, at most",
    ({meter}) => meter?.outboxLagMs),
  worst('unstable', 'count', 'messages that are not everywhere yet',
    (stats) => stats.outboxMessages),
  worst('queue', 'bytes', 'waiting for clients of a node', (stats) => stats.queueBytes),
  worst('loop', 'ms', 'busy at a stretch, in the last seconds', (stats) => stats.loopDelayMs),
  worst('cpu', 'percent', 'of one core, in the last second',
    ({meter}) => meter && Math.round(meter.cpuShare * 1000) / 10),
  worst('rss', 'bytes', 'memory of a node', (stats) => stats.rssBytes),
  worst('connections', 'count', 'clients of a node', (stats) => stats.connections),
  grown('slow', 'slow consumers closed within --over', ['slowConsumers']),
  grown('refused', 'publishes refused, or without receipt, within --over',
    ['publishesRefused', 'receiptsTimedOut']),
]

/** Those that are counted within a time. */
export const GROWN: readonly string[] = ['slow', 'refused']

/** Of the node where it is most. */
function worst(
  name: string, unit: CheckUnit, help: string, of: (stats: Stats) => number | undefined,
): CheckMetric {
  return {
    name, unit, help,
    read: ({survey}) => most(statsOf(survey).flatMap((stats) => {
      const value = of(stats)
      return value === undefined ? [] : [{value, node: stats.node}]
    })),
  }
}

/** How much counters of a node grew; those of one that started meanwhile are new. */
function grown(name: string, help: string, counters: readonly string[]): CheckMetric {
  const sum = (stats: Stats | undefined): number =>
    counters.reduce((total, counter) => total + (stats?.counters[counter] ?? 0), 0)
  return {
    name, unit: 'count', help,
    read({survey, before}) {
      if (before === undefined) return undefined
      const earlier = new Map(statsOf(before).map((stats) => [stats.node, stats]))
      return most(statsOf(survey).map((stats) => ({
        value: sum(stats) - sum(earlier.get(stats.node)), node: stats.node,
      })))
    },
  }
}

function most(readings: readonly Reading[]): Reading | undefined {
  return readings.toSorted((a, b) => b.value - a.value)[0]
}

function maxOf(values: readonly number[] | undefined): number | undefined {
  return values === undefined || values.length === 0 ? undefined : Math.max(...values)
}

function statsOf({nodes}: StatsSurvey): readonly Stats[] {
  return nodes.flatMap(({stats}) => stats ?? [])
}
