import {relayOf, type Survey, type SurveyedNode} from '../operator/pool-survey.js'
import type {NodeStats} from '../protocol/operator-frame.js'
import {plural} from './plural.js'

/** What `pool list --json` prints; an API. */
export interface PoolJson {
  /** What carries messages; null: nobody says, or not all the same. */
  readonly relay: 'nats' | 'master' | null
  readonly master: string | null
  readonly term: number
  readonly nodes: readonly PoolNodeJson[]
  readonly warnings: readonly string[]
}

export interface PoolNodeJson {
  readonly id: string
  /** Place in the pool; null for a node that was asked past it. */
  readonly order: number | null
  /** "unknown" for a node that does not answer. */
  readonly role: NodeStats['role'] | 'unknown'
  readonly state: SurveyedNode['state']
  readonly nodeUrl: string
  readonly clientUrl: string | null
  readonly clients: number | null
  readonly users: number | null
  readonly inPerS: number | null
  readonly outPerS: number | null
  readonly rttMs: number | null
  readonly uptimeS: number | null
  readonly rssBytes: number | null
  readonly pid: number | null
  readonly version: string | null
  /** Why it does not answer. */
  readonly why: string | null
}

export function poolJson(survey: Survey): PoolJson {
  const masters = survey.nodes
    .flatMap(({stats}) => (stats?.role === 'master' ? [stats] : []))
    .toSorted((a, b) => b.term - a.term)
  const terms = survey.nodes.map(({stats}) => stats?.term ?? 0)
  return {
    relay: relayOf(survey) ?? null,
    master: masters[0]?.node ?? null,
    term: masters[0]?.term ?? Math.max(survey.leaseTerm, 0, ...terms),
    nodes: survey.nodes.map(nodeJson),
    warnings: [...survey.warnings, ...warningsOf(survey, masters)],
  }
}

/** Nodes that answer, and stay. */
export function answering(pool: PoolJson): number {
  return pool.nodes.filter(({state}) => state === 'up' || state === 'isolated').length
}

function nodeJson({known, id, url, state, stats, rttMs, why}: SurveyedNode): PoolNodeJson {
  return {
    id,
    order: known?.order ?? null,
    role: stats?.role ?? 'unknown',
    state,
    nodeUrl: url,
    clientUrl: known?.clientUrl ?? null,
    clients: stats?.connections ?? null,
    users: stats?.users ?? null,
    inPerS: stats?.inPerS ?? null,
    outPerS: stats?.outPerS ?? null,
    rttMs: rttMs === undefined ? null : Number(rttMs.toFixed(2)),
    uptimeS: stats?.uptimeS ?? null,
    rssBytes: stats?.rssBytes ?? null,
    pid: stats?.pid ?? known?.pid ?? null,
    version: stats?.version ?? known?.version ?? null,
    why: why ?? null,
  }
}

function warningsOf(survey: Survey, masters: readonly NodeStats[]): string[] {
  const warnings: string[] = []
  if (masters.length > 1) {
    const names = masters.map(({node, term}) => `${node} (term ${term})`).join(', ')
    warnings.push(`${plural(masters.length, 'master')}: ${names}`)
  }
  const isWholePool = survey.nodes.every(({known}) => known !== undefined)
  const hasMaster = relayOf(survey) !== 'nats'
  if (masters.length === 0 && hasMaster && isWholePool && survey.nodes.length > 0) {
    const holder = survey.holder === undefined ? '' : `; the lease is ${survey.holder}'s`
    warnings.push(`no master answers${holder}`)
  }
  for (const {id, state, why} of survey.nodes) {
    if (state === 'isolated') warnings.push(`${id} is isolated: the mesh goes on without it`)
    if (state === 'stale') warnings.push(`${id} is in the pool, but it is gone: ${why}`)
    if (state === 'unreachable') warnings.push(`${id} is in the pool, but no answer: ${why}`)
  }
  if (survey.nodes.some(({stats}) => stats?.relay) && hasMaster) {
    warnings.push('some nodes run with --relay nats, others without: they hear each other not')
  }
  const versions = new Set(survey.nodes.flatMap(({stats}) => (stats ? [stats.version] : [])))
  if (versions.size > 1) warnings.push(`different versions: ${[...versions].join(', ')}`)
  return warnings
}
