/** A mesh held against limits, as plugins of Nagios, Icinga and others do it. */
import type {StatsSurvey} from '../../operator/ask-stats.js'
import {parseDuration} from '../../util/duration.js'
import {WsmeshError} from '../../util/errors.js'
import {plural} from '../plural.js'
import {
  CHECK_METRICS, type CheckMetric, type CheckSample, type CheckUnit, type Reading,
} from './check-metrics.js'

export const STATUSES = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const

export type CheckStatus = (typeof STATUSES)[number]

export interface Limit {
  readonly metric: CheckMetric
  readonly value: number
}

export interface Limits {
  readonly warn: readonly Limit[]
  readonly crit: readonly Limit[]
}

export interface CheckProblem {
  readonly status: 'WARNING' | 'CRITICAL'
  readonly text: string
}

export interface Measured {
  readonly name: string
  readonly unit: CheckUnit
  readonly value: number
  readonly node: string | null
  readonly warn: number | null
  readonly crit: number | null
}

export interface Verdict {
  readonly status: CheckStatus
  readonly summary: string
  readonly problems: readonly CheckProblem[]
  readonly measured: readonly Measured[]
}

const FACTORS: Readonly<Record<CheckUnit, Readonly<Record<string, number>>>> = {
  count: {'': 1},
  ms: {},
  percent: {'': 1, '%': 1},
  bytes: {
    '': 1, B: 1, K: 1024, KiB: 1024, M: 1024 ** 2, MiB: 1024 ** 2, G: 1024 ** 3, GiB: 1024 ** 3,
  },
}

const EXAMPLES = {count: '100', ms: '250ms', percent: '80%', bytes: '512MiB'} as const

/** Of `NAME=VALUE`; throws USAGE. */
export function parseLimit(flag: '--warn' | '--crit', text: string): Limit {
  const [, name = '', value = ''] = /^\s*([a-z]+)\s*=\s*(\S+)\s*$/.exec(text) ?? []
  const metric = CHECK_METRICS.find((each) => each.name === name)
  if (metric === undefined) {
    const names = CHECK_METRICS.map((each) => each.name).join(', ')
    throw new WsmeshError('USAGE', `${flag} ${JSON.stringify(text)} is no NAME=VALUE of ${names}`, {
      suggestions: [`${flag} receipt=250ms`],
    })
  }
  const limit = metric.unit === 'ms' ? parseDuration(value) : numberOf(value, metric.unit)
  if (limit !== undefined) return {metric, value: limit}
  const example = `${flag} ${name}=${EXAMPLES[metric.unit]}`
  throw new WsmeshError('USAGE', `${flag} ${name}=${value} is no value of it: ${metric.help}`, {
    suggestions: [example],
  })
}

function numberOf(text: string, unit: CheckUnit): number | undefined {
  const [, digits = '', suffix = ''] = /^(\d+(?:\.\d+)?)([A-Za-z%]*)$/.exec(text) ?? []
  const factor = FACTORS[unit][suffix]
  return digits === '' || factor === undefined ? undefined : Number(digits) * factor
}

/** Without limits too: one master, no node cut off, and as many as expected. */
export function judge(
  sample: CheckSample, limits: Limits, expected: number | undefined,
): Verdict {
  const measured = CHECK_METRICS.flatMap((metric) => {
    const reading = metric.read(sample)
    return reading === undefined ? [] : [{metric, reading}]
  })
  const problems = [
    ...ofTheMesh(sample.survey, expected),
    ...measured.flatMap(({metric, reading}) => ofMetric(metric, reading, limits)),
  ]
  const status = problems.some((problem) => problem.status === 'CRITICAL') ? 'CRITICAL'
    : problems.length > 0 ? 'WARNING' : 'OK'
  return {
    status, problems, summary: summaryOf(sample.survey),
    measured: measured.map(({metric, reading}) => ({
      name: metric.name, unit: metric.unit, value: reading.value, node: reading.node ?? null,
      warn: limitOf(limits.warn, metric) ?? null, crit: limitOf(limits.crit, metric) ?? null,
    })),
  }
}

function ofTheMesh(
  {nodes}: StatsSurvey, expected: number | undefined,
): readonly CheckProblem[] {
  const problems: CheckProblem[] = []
  const say = (status: CheckProblem['status'], text: string): void =>
    void problems.push({status, text})
  const up = nodes.filter(({state}) => state === 'up').length
  const masters = nodes.filter(({stats}) => stats?.role === 'master')
  if (expected !== undefined && up < expected) {
    say('CRITICAL', `${plural(up, 'node')} of ${expected} expected`)
  }
  const isOnNats = nodes.some(({stats}) => stats?.relay === 'nats')
  if (masters.length === 0 && !isOnNats) say('CRITICAL', 'no node is master')
  if (nodes.some(({stats}) => stats && (stats.relay === 'nats') !== isOnNats)) {
    say('CRITICAL', 'some nodes run with --relay nats, others without')
  }
  if (masters.length > 1) {
    say('CRITICAL', `${masters.length} masters: ${masters.map(({id}) => id).join(', ')}`)
  }
  for (const {id, state, why, stats} of nodes) {
    if (state === 'isolated') say('CRITICAL', `${id} is isolated`)
    else if (state === 'unreachable') say('CRITICAL', `${id} does not answer: ${why ?? ''}`)
    else if (state === 'stale') say('WARNING', `${id} is dead: ${why ?? ''}`)
    else if (stats?.role === 'seeking' || stats?.role === 'joining') {
      say('WARNING', `${id} is ${stats.role}`)
    }
  }
  return problems
}

/** The worse of its limits that it is beyond. */
function ofMetric(
  metric: CheckMetric, {value, node}: Reading, {warn, crit}: Limits,
): readonly CheckProblem[] {
  for (const [status, limits] of [['CRITICAL', crit], ['WARNING', warn]] as const) {
    const limit = limitOf(limits, metric)
    const isBeyond = limit !== undefined && (metric.isWorseBelow ? value < limit : value > limit)
    if (!isBeyond) continue
    const at = node === undefined ? '' : ` at ${node}`
    const is = `${metric.name} ${inUnit(value, metric.unit)}${at}`
    return [{status, text: `${is}, limit ${inUnit(limit, metric.unit)}`}]
  }
  return []
}

/** The last that was given counts. */
function limitOf(limits: readonly Limit[], metric: CheckMetric): number | undefined {
  return limits.findLast((limit) => limit.metric === metric)?.value
}

function summaryOf({nodes}: StatsSurvey): string {
  const up = nodes.filter(({state}) => state === 'up')
  const master = up.find(({stats}) => stats?.role === 'master')
  const clients = up.reduce((sum, {stats}) => sum + (stats?.connections ?? 0), 0)
  const led = master === undefined ? 'no master' : `master ${master.id}`
  return `${plural(up.length, 'node')}, ${led}, ${plural(clients, 'client')}`
}

function inUnit(value: number, unit: CheckUnit): string {
  switch (unit) {
    case 'ms':
      return `${Math.round(value * 10) / 10} ms`
    case 'percent':
      return `${value} %`
    case 'bytes':
      return `${Math.round(value / 1024)} KiB`
    default:
      return String(value)
  }
}
