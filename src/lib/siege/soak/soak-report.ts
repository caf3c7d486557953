/** A soak as the report that every siege leaves, judged. */
import {EXIT} from '../../cli/exit-code.js'
import {plural} from '../../cli/plural.js'
import {RUN_REPORT_SCHEMA} from '../run-report.js'
import type {
  LeakOfNode, LeakSample, LeakSection, LeakVerdict, RunConfig, RunEnvironment, RunReport,
} from '../run-report.js'
import {judge} from '../verdict/verdict.js'
import {judgeServer} from './judge-server.js'
import type {Judged, JudgeOptions} from './judge-server.js'
import type {SoakRun} from './run-soak.js'
import type {CycleSample} from './soak-samples.js'

export interface JudgedServer extends Judged {
  readonly name: string
  readonly samples: readonly CycleSample[]
}

export interface SoakReportParts {
  readonly run: SoakRun
  readonly servers: readonly JudgedServer[]
  readonly version: string
  readonly startedAt: Date
  readonly config: RunConfig
  readonly environment: RunEnvironment
  readonly notes: readonly string[]
  readonly isStrict: boolean
}

/** Failures above this part of all visits: what was measured is something else than churn. */
const FAILED_MAX = 0.05
const ERRORS_MAX = 20

/** The gravest of a mesh is the mesh's. */
const GRAVITY: readonly LeakVerdict[] = [
  'pass', 'pass-step', 'pass-plateau', 'warn-native', 'inconclusive', 'invalid', 'leak',
]

export function judgeServers(run: SoakRun, options: JudgeOptions): JudgedServer[] {
  return run.records.map(({name, samples, lost}) => ({
    name, samples, ...judgeServer(samples, lost, options),
  }))
}

export function soakReport(parts: SoakReportParts): RunReport {
  const {run, servers, isStrict, notes, startedAt} = parts
  const {work, isInterrupted, durationS} = run
  const failedShare = work.tried === 0 ? 0 : work.failed / work.tried
  const why = failedShare > FAILED_MAX
    ? [`${(100 * failedShare).toFixed(0)} % of the visits failed`] : []
  const generator = {...NO_GENERATOR, isValid: why.length === 0, why,
    rssBytes: process.memoryUsage().rss}
  const leak = leakSection(servers, parts)
  const facts = {thresholds: [], faults: [], leak, generator, isInterrupted, isStrict, doubts: []}
  const judgement = judge(facts)
  return {
    schema: RUN_REPORT_SCHEMA,
    version: parts.version,
    ...judgement,
    exit: isInterrupted ? EXIT.interrupted.code : judgement.exit,
    notes: [...notes, ...run.failovers, ...masterNotes(run), ...unrestNotes(run)],
    startedAt: startedAt.toISOString(),
    durationS: Math.round(durationS * 10) / 10,
    config: parts.config,
    environment: parts.environment,
    phases: [],
    counts: countsOf(run),
    rates: {offeredPerS: 0, sentPerS: work.messages / Math.max(1, durationS), deliveredPerS: 0,
      bytesInPerS: 0},
    latency: {message: null, service: null, local: null, relayed: null, user: null, accept: null,
      connect: null, own: null},
    errors: [...work.errors].toSorted((a, b) => b[1] - a[1]).slice(0, ERRORS_MAX)
      .map(([text, count]) => ({text, count, firstAtS: 0, lastAtS: durationS})),
    closeCodes: [],
    connections: [],
    generator,
    nodes: servers.map(nodeReport),
    thresholds: [],
    faults: [],
    leak,
    seconds: [],
  }
}

const NO_GENERATOR = {
  processes: 1, cpuPercent: 0, cpuUsPerMessage: 0, nodesCpuPercent: null, loopDelayP99Ms: 0,
  loopDelayMaxMs: 0, lateP99Us: 0, clockSkewUs: 0,
}

function leakSection(
  servers: readonly JudgedServer[], {run, config}: SoakReportParts,
): LeakSection {
  const grave = servers.toSorted(
    (a, b) => GRAVITY.indexOf(b.verdict) - GRAVITY.indexOf(a.verdict))[0]
  const limits = servers.flatMap(({detectionLimitBytes}) => detectionLimitBytes ?? [])
  // Of one that was begun afresh there are fewer.
  const samples = servers.map((server) => server.samples)
    .toSorted((a, b) => warmUpEnd(a) - warmUpEnd(b))[0] ?? []
  const warmUpCycles = samples.length === 0 ? 0 : warmUpEnd(samples)
  const where = servers.length > 1 && grave !== undefined ? `${grave.name}: ` : ''
  return {
    verdict: grave?.verdict ?? 'invalid',
    summary: grave === undefined ? 'nothing was sampled' : `${where}${grave.summary}`,
    nodes: servers.map(leakOfNode),
    detectionLimitBytesPerConnection: limits.length === 0 ? null : Math.max(...limits),
    cycles: (samples.at(-1)?.cycle ?? 0) - warmUpCycles,
    warmUpCycles,
    connectionsPerCycle: config.connections,
    messagesPerCycle: Math.round(run.work.messages / Math.max(1, samples.at(-1)?.cycle ?? 1)),
  }
}

/** The last cycle of the warm-up; infinite: nothing was sampled. */
function warmUpEnd(samples: readonly CycleSample[]): number {
  if (samples.length === 0) return Number.POSITIVE_INFINITY
  return samples.findLast(({isWarmUp}) => isWarmUp)?.cycle ?? 0
}

function leakOfNode({name, verdict, summary, findings, samples}: JudgedServer): LeakOfNode {
  return {node: name, verdict, summary, findings, samples: samples.map(leakSample)}
}

function leakSample({cycle, atS, isWarmUp, sample}: CycleSample): LeakSample {
  const {heapBytes, externalBytes, rssBytes, objects, gauges} = sample
  return {
    cycle, atS: Math.round(atS), isWarmUp, heapBytes, externalBytes, rssBytes, objects,
    gauges: Object.fromEntries(Object.entries(gauges).map(([name, {value}]) => [name, value])),
  }
}

function nodeReport({name, samples}: JudgedServer): RunReport['nodes'][number] {
  return {
    node: name, url: '', pid: samples.at(-1)?.sample.pid ?? null, role: '', cpuPercent: null,
    samples: samples.map(({atS, sample: {rssBytes, heapBytes, gauges}}) => ({
      atS: Math.round(atS), connections: gauges['connections']?.value ?? null, rssBytes, heapBytes,
      cpuPercent: null, loopDelayMs: null, queueBytes: null, role: null,
    })),
  }
}

function countsOf({work, records}: SoakRun): RunReport['counts'] {
  const connections = [...work.byTarget.values()]
    .reduce((sum, {connection: count = 0}) => sum + count, 0)
  return {
    connectsTried: connections, connectsFailed: work.failed, connected: records.length,
    reconnects: 0, closedByServer: 0, sent: work.messages, accepted: work.messages, refused: 0,
    unanswered: 0, dropped: 0, expected: 0, delivered: 0, lost: 0, duplicated: 0, reordered: 0,
    misdelivered: 0, corrupted: 0, notRecovered: 0, bytesSent: 0, bytesReceived: 0,
  }
}

/** A busy machine: who is counted stands still, and the others take him for dead. */
function masterNotes({records}: SoakRun): string[] {
  const changes = records.map(({samples}) => {
    const termsOf = (at: number): number => samples.at(at)?.sample.gauges['termEnds']?.value ?? 0
    return termsOf(-1) - termsOf(0)
  })
  const most = Math.max(0, ...changes)
  return most === 0 ? [] : [`the master changed ${plural(most, 'time')} meanwhile`]
}

function unrestNotes({records}: SoakRun): string[] {
  return records.flatMap(({name, unrest}) => {
    const [first] = unrest
    return first === undefined ? [] : [`${name} was not at rest ${unrest.length} times: ${first}`]
  })
}
