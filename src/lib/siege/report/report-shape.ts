/** What a report file must look like. The compiler holds each shape against run-report.ts. */
import {
  count, flag, listOf, literal, nullable, number, object, recordOf, text, type Shape,
} from '../../protocol/shape.js'
import {
  RUN_REPORT_SCHEMA, type ConnectionReport, type CountedClose, type CountedError,
  type FaultPoint, type FaultReport, type GeneratorHealth, type LatencySummary, type LeakFinding,
  type LeakOfNode, type LeakSample, type LeakSection, type LeakVerdict, type NodeReport,
  type NodeSample, type PhaseReport, type RunConfig, type RunCounts, type RunEnvironment,
  type RunRates, type RunReport, type RunVerdict, type ThresholdResult,
} from '../run-report.js'
import type {NodeSecond, SecondSample} from '../second-sample.js'

const numberOrNull = nullable(number)

const latency: Shape<LatencySummary> = object<LatencySummary>({
  count, minUs: number, meanUs: number, stdDevUs: number, p50Us: number, p75Us: number,
  p90Us: number, p95Us: number, p99Us: number, p999Us: number, maxUs: number, histogram: text,
}, {optional: ['histogram']})

const config = object<RunConfig>({
  command: text,
  protocol: literal('wsmesh', 'plain'),
  target: literal('user', 'group', 'everyone', 'echo', 'mix'),
  from: literal('socket', 'http', 'outbox'),
  connections: number, connectPerS: number, users: number, tabs: number, ratePerS: numberOrNull,
  timeS: number, detailsBytes: number, churnPerMinute: number, slowReadersPercent: number,
  rampS: number, drainS: number, processes: number, targets: listOf(text),
})

const environment = object<RunEnvironment>({
  host: text, os: text, node: text, cpu: text, cpus: number, memoryBytes: number,
  openFilesMax: numberOrNull,
})

const phase = object<PhaseReport>({
  name: text, fromS: number, toS: number, ratePerS: numberOrNull, latency: nullable(latency),
  lost: number,
}, {optional: ['latency', 'lost']})

const counts = object<RunCounts>({
  connectsTried: number, connectsFailed: number, connected: number, reconnects: number,
  closedByServer: number, sent: number, accepted: number, refused: number, unanswered: number,
  dropped: number, expected: number, delivered: number, lost: number, duplicated: number,
  reordered: number, misdelivered: number, corrupted: number, notRecovered: number,
  bytesSent: number, bytesReceived: number,
})

const rates = object<RunRates>({
  offeredPerS: number, sentPerS: number, deliveredPerS: number, bytesInPerS: number,
})

const countedError = object<CountedError>({
  text, count: number, firstAtS: number, lastAtS: number,
})

const countedClose = object<CountedClose>({code: number, reason: text, count: number})

const connection = object<ConnectionReport>({
  connection: number, user: text, node: text, delivered: number, lost: number, duplicated: number,
  reordered: number, misdelivered: number, corrupted: number, closes: number,
})

const generator = object<GeneratorHealth>({
  isValid: flag, why: listOf(text), processes: number, cpuPercent: number,
  cpuUsPerMessage: number, nodesCpuPercent: numberOrNull, loopDelayP99Ms: number,
  loopDelayMaxMs: number, lateP99Us: number, rssBytes: number, clockSkewUs: number,
})

const vitals = {
  connections: numberOrNull, rssBytes: numberOrNull, heapBytes: numberOrNull,
  cpuPercent: numberOrNull, loopDelayMs: numberOrNull, queueBytes: numberOrNull,
  role: nullable(text),
}

const node = object<NodeReport>({
  node: text, url: text, pid: numberOrNull, role: text, cpuPercent: numberOrNull,
  samples: listOf(object<NodeSample>({atS: number, ...vitals})),
})

const threshold = object<ThresholdResult>({
  text, isBuiltIn: flag, ok: flag, value: numberOrNull, valueText: text,
})

const fault = object<FaultReport>({
  name: text, what: text, plannedAtS: number, atS: numberOrNull, healedAtS: numberOrNull,
  gapMs: numberOrNull, recoveredAfterMs: numberOrNull,
  curve: listOf(object<FaultPoint>({atMs: number, delivered: number})), broken: listOf(text),
})

const leakVerdict: Shape<LeakVerdict> = literal(
  'pass', 'pass-plateau', 'pass-step', 'leak', 'warn-native', 'inconclusive', 'invalid',
)

const finding = object<LeakFinding>({
  verdict: leakVerdict,
  tier: literal('gauge', 'objects', 'bytes', 'native'),
  name: text,
  growth: numberOrNull,
  per: literal('connection', 'message', 'hour', 'cycle'),
  evidence: text,
})

const leakSample = object<LeakSample>({
  cycle: number, atS: number, isWarmUp: flag, heapBytes: number, externalBytes: number,
  rssBytes: number, objects: numberOrNull, gauges: recordOf(number),
})

const leak = object<LeakSection>({
  verdict: leakVerdict,
  summary: text,
  nodes: listOf(object<LeakOfNode>({
    node: text, verdict: leakVerdict, summary: text, findings: listOf(finding),
    samples: listOf(leakSample),
  })),
  detectionLimitBytesPerConnection: numberOrNull, cycles: number, warmUpCycles: number,
  connectionsPerCycle: number, messagesPerCycle: number,
})

const second = object<SecondSample>({
  atS: number, phase: text, connected: number, connecting: number, offered: number, sent: number,
  accepted: number, dropped: number, delivered: number, bytesIn: number, closedByServer: number,
  errors: number, duplicated: number, misdelivered: number, corrupted: number, missing: number,
  p50Us: numberOrNull, p90Us: numberOrNull, p99Us: numberOrNull, maxUs: numberOrNull,
  generator: object({cpuPercent: number, loopDelayMs: number, rssBytes: number}),
  nodes: listOf(object<NodeSecond>({node: text, ...vitals})), marks: listOf(text),
})

const latencyOrNull = nullable(latency)

const verdict: Shape<RunVerdict> = literal(
  'pass', 'fail', 'leak', 'promise-broken', 'invalid', 'inconclusive', 'interrupted',
  'unreachable',
)

export const runReportShape: Shape<RunReport> = object<RunReport>({
  schema: literal(RUN_REPORT_SCHEMA),
  version: text, verdict, exit: number, reasons: listOf(text), notes: listOf(text),
  startedAt: text, durationS: number, config, environment, phases: listOf(phase), counts, rates,
  latency: object<RunReport['latency']>({
    message: latencyOrNull, service: latencyOrNull, local: latencyOrNull, relayed: latencyOrNull,
    user: latencyOrNull, accept: latencyOrNull, connect: latencyOrNull, own: latencyOrNull,
  }),
  errors: listOf(countedError), closeCodes: listOf(countedClose), connections: listOf(connection),
  generator, nodes: listOf(node), thresholds: listOf(threshold), faults: listOf(fault),
  leak: nullable(leak), seconds: listOf(second),
})
