/** Puts together what all processes of a run found, and judges it. */
import {CLOSE} from '../protocol/close-code.js'
import type {AttackTarget, Meter, PartFinal, Tally} from './attack/job.js'
import {RAMP} from './attack/field.js'
import {mergeCloses, mergeErrors} from './measure/counted.js'
import {decode, sumOf, summaryOf} from './measure/histograms.js'
import type {Histogram} from './measure/histograms.js'
import type {RunRecord} from './measure/run-record.js'
import {sumOfTallies} from './measure/second-gatherer.js'
import {RUN_REPORT_SCHEMA} from './run-report.js'
import type {
  FaultReport, NodeReport, PhaseReport, RunConfig, RunCounts, RunEnvironment, RunReport,
} from './run-report.js'
import type {SiegeSettings} from './settings.js'
import {generatorHealth} from './verdict/generator-health.js'
import {builtInThresholds, measure} from './verdict/threshold.js'
import {observations} from './verdict/observations.js'
import {judge} from './verdict/verdict.js'

export interface ReportParts {
  readonly settings: SiegeSettings
  readonly version: string
  readonly startedAt: Date
  readonly durationS: number
  readonly targets: readonly AttackTarget[]
  readonly environment: RunEnvironment
  readonly notes: readonly string[]
  readonly finals: readonly PartFinal[]
  readonly record: RunRecord
  readonly nodes: readonly NodeReport[]
  readonly faults: readonly FaultReport[]
  /** Connections that should have been open when the load began. */
  readonly unconnected: number
  readonly isInterrupted: boolean
  readonly watcherCpuPercent: number
}

const CONNECTIONS_REPORTED = 20

export function buildReport(parts: ReportParts): RunReport {
  const {settings, finals, record, durationS, faults, nodes, unconnected} = parts
  const tally = sumOfTallies(finals.map((final) => final.tally))
  const counts = countsOf(tally, finals)
  const meter = (name: Meter): Histogram =>
    sumOf(finals.map(({histograms}) => decode(histograms[name])))
  const message = sumOf([meter('local'), meter('relayed'), meter('elsewhere')])
  const latency: RunReport['latency'] = {
    message: summaryOf(message),
    service: summaryOf(meter('service')),
    local: summaryOf(meter('local')),
    relayed: summaryOf(meter('relayed')),
    user: summaryOf(meter('user')),
    accept: summaryOf(meter('accept')),
    connect: summaryOf(meter('connect')),
    own: summaryOf(meter('own')),
  }
  const rates = ratesOf(parts, counts)
  const closeCodes = mergeCloses(finals.map((final) => final.closes))
  const errors = mergeErrors(finals.map((final) => final.errors))
  const generator = generatorHealth({
    finals, counts, nodes, late: meter('late'), messageP99Us: latency.message?.p99Us ?? 0,
    durationS, watcherCpuPercent: parts.watcherCpuPercent,
  })
  const run = {counts, rates, latency, generator, nodes, errors, faults, unconnected}
  const hasFaults = faults.length > 0
  const asked = settings.thresholds
  const builtIn = builtInThresholds({hasFaults, asked, isHttpGet: settings.isHttpGet})
  const thresholds = [...builtIn, ...asked]
    .map((threshold) => measure(threshold, run))
  const judgement = judge({
    thresholds, faults, leak: null, generator, isInterrupted: parts.isInterrupted,
    isStrict: settings.isStrict, doubts: doubtsOf(settings, counts),
  })
  return {
    schema: RUN_REPORT_SCHEMA,
    version: parts.version,
    ...judgement,
    notes: [...parts.notes, ...observations({
      seconds: record.seconds, isSteady: isSteady(settings),
      fastest: finals.flatMap((final) => final.fastest),
      connectP50Us: latency.connect?.p50Us,
      ledAway: ledAwayBy(closeCodes),
      strange: settings.protocol === 'plain' && counts.lost > 0 ? tally.foreign : 0,
    })],
    startedAt: parts.startedAt.toISOString(),
    durationS: round(durationS),
    config: configOf(settings, parts.targets),
    environment: parts.environment,
    phases: phasesOf(parts),
    counts, rates, latency, errors,
    closeCodes,
    connections: finals.flatMap(({connections}) => connections).slice(0, CONNECTIONS_REPORTED),
    generator, nodes, thresholds, faults,
    leak: null,
    seconds: record.seconds,
  }
}

function ledAwayBy(closes: RunReport['closeCodes']): number {
  return closes.reduce((sum, {code, count}) => code === CLOSE.drain.code ? sum + count : sum, 0)
}

function countsOf(tally: Readonly<Tally>, finals: readonly PartFinal[]): RunCounts {
  const total = (of: (final: PartFinal) => number): number =>
    finals.reduce((sum, final) => sum + of(final), 0)
  const {connectsTried, connectsFailed, connected, reconnects, closedByServer} = tally
  const {sent, accepted, refused, unanswered, dropped, delivered} = tally
  const {duplicated, reordered, misdelivered, corrupted} = tally
  const {notRecovered, bytesSent, bytesReceived} = tally
  return {
    connectsTried, connectsFailed, connected, reconnects, closedByServer,
    sent, accepted, refused, unanswered, dropped,
    expected: total(({expected}) => expected), delivered, lost: total(({lost}) => lost),
    duplicated, reordered, misdelivered, corrupted, notRecovered, bytesSent, bytesReceived,
  }
}

function ratesOf({record, durationS}: ReportParts, counts: RunCounts): RunReport['rates'] {
  const perS = (count: number): number => (durationS === 0 ? 0 : round(count / durationS))
  return {
    offeredPerS: perS(record.schedule.dueBy(durationS)),
    sentPerS: perS(counts.sent),
    deliveredPerS: perS(counts.delivered),
    bytesInPerS: perS(counts.bytesReceived),
  }
}

/** One rate from the first message to the last, and nothing that disturbs on purpose. */
function isSteady({stretches, faults}: SiegeSettings): boolean {
  const [load, ...others] = stretches.filter(({name}) => name !== RAMP)
  return load?.fromPerS === load?.toPerS && others.length === 0 && faults.length === 0
}

/** What makes a run prove nothing although no threshold failed. */
function doubtsOf(
  {ratePerS, isHttpGet}: SiegeSettings, counts: RunCounts,
): readonly string[] {
  if (isHttpGet && counts.accepted === 0) return ['no answer came']
  if (ratePerS === null) return []
  if (counts.sent === 0) return ['nothing was sent']
  if (counts.expected === 0) return ['what was sent was for none of the connections']
  return []
}

function phasesOf({settings, finals, durationS, record}: ReportParts): readonly PhaseReport[] {
  const openingS = record.seconds[0]?.atS ?? 0
  const phases: PhaseReport[] = [
    {name: 'connect', fromS: Math.min(0, openingS - 1), toS: 0, ratePerS: null},
  ]
  let fromS = 0
  for (const [index, {name, durationS: lastsS, toPerS}] of settings.stretches.entries()) {
    const toS = Math.min(durationS, fromS + lastsS)
    if (toS <= fromS) break
    const latency = sumOf(finals.map(({stretches}) => decode(stretches[index] ?? '')))
    const told = settings.stretches.length > 1 && name !== RAMP
    phases.push({
      name, fromS: round(fromS), toS: round(toS), ratePerS: toPerS,
      ...(told ? {latency: summaryOf(latency, false)} : {}),
    })
    fromS = toS
  }
  const lastS = record.seconds.at(-1)?.atS ?? durationS
  phases.push({name: 'drain', fromS: round(durationS), toS: Math.max(lastS, round(durationS)),
    ratePerS: null})
  return phases
}

function configOf(settings: SiegeSettings, targets: readonly AttackTarget[]): RunConfig {
  const {command, protocol, target, from, connections, connectPerS, users, tabs} = settings
  const {ratePerS, timeMs, detailsBytes, churnPerMinute, slowReadersPercent, processes} = settings
  return {
    command, protocol, target, from, connections, connectPerS, users, tabs, ratePerS,
    timeS: timeMs / 1000, detailsBytes, churnPerMinute, slowReadersPercent,
    rampS: settings.rampMs / 1000, drainS: settings.drainMs / 1000, processes,
    targets: targets.map(({clientUrl}) => clientUrl),
  }
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
