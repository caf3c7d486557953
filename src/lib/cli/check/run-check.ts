/** `wsmesh check`: a mesh in one line and one status, for programs that look at many things. */
import {setTimeout as delay} from 'node:timers/promises'
import {askStats} from '../../operator/ask-stats.js'
import type {Failure} from '../failure.js'
import {withMesh, type ReachFlagValues} from '../reach.js'
import {GROWN, type CheckSample, type CheckUnit} from './check-metrics.js'
import {
  judge, parseLimit, STATUSES, type CheckStatus, type Measured, type Verdict,
} from './judge.js'

export interface CheckFlagValues extends ReachFlagValues {
  readonly warn?: readonly string[] | undefined
  readonly crit?: readonly string[] | undefined
  readonly expect?: number | undefined
  readonly over: number
}

/** Rejects with a WsmeshError: USAGE for limits that are none, else as askStats. */
export async function runCheck(flags: CheckFlagValues): Promise<Verdict> {
  const {warn = [], crit = [], expect, over: overMs} = flags
  const limits = {
    warn: warn.map((text) => parseLimit('--warn', text)),
    crit: crit.map((text) => parseLimit('--crit', text)),
  }
  const isOver = [...limits.warn, ...limits.crit].some(({metric}) => GROWN.includes(metric.name))
  return judge(await sampleMesh(flags, isOver ? overMs : undefined), limits, expect)
}

async function sampleMesh(
  flags: ReachFlagValues, overMs: number | undefined,
): Promise<CheckSample> {
  if (overMs === undefined) return {survey: await withMesh(flags, askStats), before: undefined}
  const before = await withMesh(flags, askStats)
  await delay(overMs)
  return {survey: await withMesh(flags, askStats), before}
}

/** 0 to 3. */
export function exitOf(status: CheckStatus): number {
  return STATUSES.indexOf(status)
}

/** `WSMESH STATUS - text | 'name'=value[unit];warn;crit …`: one line, whatever is in it. */
export function checkLine({status, summary, problems, measured}: Verdict): string {
  const worst = problems.toSorted((a, b) => exitOf(b.status) - exitOf(a.status))
  const text = [...worst.map((problem) => problem.text), summary].join('; ')
  return `WSMESH ${status} - ${oneLine(text)} | ${measured.map(perfdata).join(' ')}`
}

/** That nobody answers is news of the mesh; that a flag is wrong says nothing of it. */
export function statusOf({code}: Failure): CheckStatus {
  const isOfMesh = ['NODE_UNREACHABLE', 'NODES_MISSING', 'POOL_UNREACHABLE', 'TIMED_OUT']
  return isOfMesh.includes(code) ? 'CRITICAL' : 'UNKNOWN'
}

export function failedLine(status: CheckStatus, {message, suggestions}: Failure): string {
  const [hint] = suggestions
  return `WSMESH ${status} - ${oneLine(hint === undefined ? message : `${message}; try: ${hint}`)}`
}

/** A bar would end the text for those who read it. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '/').trim()
}

const UNITS: Readonly<Record<CheckUnit, string>> = {count: '', ms: 'ms', bytes: 'B', percent: '%'}

/** Limits are ranges there: `3:` is "below 3". */
function perfdata({name, unit, value, warn, crit}: Measured): string {
  const range = (limit: number | null): string =>
    limit === null ? '' : name === 'nodes' ? `${limit}:` : String(limit)
  return `'${name}'=${value}${UNITS[unit]};${range(warn)};${range(crit)};0`
}
