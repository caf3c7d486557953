/** Whether the generator can be believed: it must not have been what it measured. Pure. */
import type {PartFinal} from '../attack/job.js'
import type {Histogram} from '../measure/histograms.js'
import type {GeneratorHealth, NodeReport, RunCounts} from '../run-report.js'
import {latencyText} from './in-words.js'

export interface HealthFacts {
  readonly finals: readonly PartFinal[]
  readonly counts: RunCounts
  readonly nodes: readonly NodeReport[]
  readonly late: Histogram
  readonly messageP99Us: number
  readonly durationS: number
  /** Of who watches and puts together, where the attack has processes of its own. */
  readonly watcherCpuPercent: number
}

/** Of its event loop's time: with less to spare it answers to itself. */
const UTILIZATION_MAX = 0.95
/** Slots that were never sent. */
const DROPPED_MAX = 0.001
/** Below this, being late is no matter; above, it matters if it is much of what was measured. */
const LATE_US_MIN = 20_000
const SHARE_MAX = 0.5

export function generatorHealth(facts: HealthFacts): GeneratorHealth {
  const {finals, counts, nodes, late, durationS, watcherCpuPercent} = facts
  const health = finals.map((final) => final.health)
  const cpuPercent = total([watcherCpuPercent, ...health.map((part) => part.cpuPercent)])
  const messages = counts.sent + counts.delivered
  const lateP99Us = late.totalCount === 0 ? 0 : late.getValueAtPercentile(99)
  const loopDelayP99Ms = most(health.map((part) => part.loopDelayP99Ms))
  const nodesCpu = nodes.map((node) => node.cpuPercent).filter((percent) => percent !== null)
  const why = whyInvalid(facts, {lateP99Us, loopDelayP99Ms})
  return {
    isValid: why.length === 0,
    why,
    processes: finals.length,
    cpuPercent,
    cpuUsPerMessage: messages === 0 ? 0 : round((cpuPercent * durationS * 1e4) / messages),
    nodesCpuPercent: nodesCpu.length === nodes.length && nodes.length > 0 ? total(nodesCpu) : null,
    loopDelayP99Ms,
    loopDelayMaxMs: most(health.map((part) => part.loopDelayMaxMs)),
    lateP99Us,
    rssBytes: total(health.map((part) => part.rssBytes)),
    // Of one process there is one clock.
    clockSkewUs: finals.length === 1 ? 0 : round(most(health.map((part) => part.clockFloorUs)) * 2),
  }
}

function whyInvalid(
  {finals, counts, messageP99Us}: HealthFacts,
  {lateP99Us, loopDelayP99Ms}: {readonly lateP99Us: number; readonly loopDelayP99Ms: number},
): readonly string[] {
  // Ended before the first message: nothing was measured that could be its own.
  if (counts.sent + counts.dropped === 0 && counts.delivered === 0) return []
  const why: string[] = []
  const busiest = most(finals.map(({health}) => health.utilization))
  if (busiest > UTILIZATION_MAX) {
    why.push(`the generator was the bottleneck: its event loop was busy for ${
      Math.round(busiest * 100)} % of the time; try --processes, or less`)
  }
  const slots = counts.sent + counts.dropped
  if (slots > 0 && counts.dropped / slots > DROPPED_MAX) {
    why.push(`${counts.dropped} of ${slots} messages were never sent`)
  }
  const measuredUs = messageP99Us * SHARE_MAX
  if (lateP99Us > LATE_US_MIN && lateP99Us > measuredUs) {
    why.push(`messages left late: p99 ${latencyText(lateP99Us)} of ${
      latencyText(messageP99Us)} that were measured is the generator's own`)
  }
  const delayUs = loopDelayP99Ms * 1000
  if (delayUs > LATE_US_MIN && delayUs > measuredUs) {
    why.push(`the generator stood still: p99 ${latencyText(delayUs)} of ${
      latencyText(messageP99Us)} that were measured is its own`)
  }
  return why
}

function total(values: readonly number[]): number {
  return round(values.reduce((sum, value) => sum + value, 0))
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), 0)
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
