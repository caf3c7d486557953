/** What the samples of a node come to. Pure. */
import type {NodeReport, NodeSample} from '../run-report.js'

export interface NodeFacts {
  readonly node: string
  /** Each role that it had, in order: "master, away, follower". */
  readonly roles: readonly string[]
  readonly connectionsMax: number | null
  readonly cpuPercent: number | null
  readonly rssFirstBytes: number | null
  readonly rssLastBytes: number | null
  readonly rssMaxBytes: number | null
  readonly heapLastBytes: number | null
  readonly loopDelayMaxMs: number | null
  readonly queueMaxBytes: number | null
}

export function nodeFacts(report: NodeReport): NodeFacts {
  const {samples} = report
  const rss = valuesOf(samples, ({rssBytes}) => rssBytes)
  return {
    node: report.node,
    roles: rolesOf(report),
    connectionsMax: most(valuesOf(samples, ({connections}) => connections)),
    cpuPercent: report.cpuPercent,
    rssFirstBytes: rss[0] ?? null,
    rssLastBytes: rss.at(-1) ?? null,
    rssMaxBytes: most(rss),
    heapLastBytes: valuesOf(samples, ({heapBytes}) => heapBytes).at(-1) ?? null,
    loopDelayMaxMs: most(valuesOf(samples, ({loopDelayMs}) => loopDelayMs)),
    queueMaxBytes: most(valuesOf(samples, ({queueBytes}) => queueBytes)),
  }
}

function rolesOf({role, samples}: NodeReport): readonly string[] {
  const roles: string[] = []
  for (const sample of samples) {
    if (sample.role !== null && sample.role !== roles.at(-1)) roles.push(sample.role)
  }
  return roles.length === 0 ? [role] : roles
}

function valuesOf(
  samples: readonly NodeSample[],
  of: (sample: NodeSample) => number | null,
): readonly number[] {
  return samples.flatMap((sample) => of(sample) ?? [])
}

/** Not Math.max(...): a run of hours has more samples than a call takes arguments. */
function most(values: readonly number[]): number | null {
  return values.reduce<number | null>((max, value) => Math.max(max ?? value, value), null)
}
