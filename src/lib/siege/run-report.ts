/**
 * What a siege leaves behind: one JSON value, which `--json` prints and every report is made from.
 * Its shape is an API: fields may be added, a change of any other kind raises the number.
 *
 * Times: `…Us` are microseconds, `atS` seconds since the load began (negative: before it), so that
 * samples, faults and nodes stand on one axis. Latencies are those of the time after the ramp.
 */
import type {SecondSample} from './second-sample.js'

export const RUN_REPORT_SCHEMA = 'wsmesh.siege/1'

/**
 * The first that is true: unreachable (nothing was measured), fail (a threshold), leak,
 * promise-broken (under a fault), interrupted, invalid (the generator or the target spoilt the
 * measurement), inconclusive, pass.
 */
export type RunVerdict =
  | 'pass'
  | 'fail'
  | 'leak'
  | 'promise-broken'
  | 'invalid'
  | 'inconclusive'
  | 'interrupted'
  | 'unreachable'

export interface RunReport {
  readonly schema: typeof RUN_REPORT_SCHEMA
  /** The wsmesh that laid siege. */
  readonly version: string
  readonly verdict: RunVerdict
  /** The exit status that goes with it. */
  readonly exit: number
  /** Why, each a sentence for people, the gravest first. Empty for pass. */
  readonly reasons: readonly string[]
  /** What else one should know, none of it decisive. */
  readonly notes: readonly string[]
  /** ISO 8601, when the load began. */
  readonly startedAt: string
  /** Of the load, the ramp included, the drain not. */
  readonly durationS: number
  readonly config: RunConfig
  readonly environment: RunEnvironment
  readonly phases: readonly PhaseReport[]
  readonly counts: RunCounts
  readonly rates: RunRates
  /** Null where nothing of the kind was measured. */
  readonly latency: Readonly<Record<LatencyKind, LatencySummary | null>>
  /** Each text once, the most frequent first. */
  readonly errors: readonly CountedError[]
  /** How connections of the siege ended that it did not end itself. */
  readonly closeCodes: readonly CountedClose[]
  /** The connections with most wrong, at most 20; empty when nothing is wrong. */
  readonly connections: readonly ConnectionReport[]
  readonly generator: GeneratorHealth
  readonly nodes: readonly NodeReport[]
  readonly thresholds: readonly ThresholdResult[]
  readonly faults: readonly FaultReport[]
  /** The verdict of `--soak`; null for a siege without. */
  readonly leak: LeakSection | null
  /** One for each second of load and drain. */
  readonly seconds: readonly SecondSample[]
}

/**
 * message: each delivery, from when its message should have been sent; all the others are parts of
 * it or beside it. local: published at the node of its receiver. relayed: at another. user: for one
 * user. service: from when it was really sent, what other tools call latency. connect: from when a
 * connection should have begun until it was let in. accept: until the publisher had its receipt.
 * own: how much of each delivery's `message` is the siege's, at most: it left late, and may have
 * lain unread.
 */
export const LATENCY_KINDS = [
  'message', 'service', 'local', 'relayed', 'user', 'accept', 'connect', 'own',
] as const
export type LatencyKind = (typeof LATENCY_KINDS)[number]

export interface LatencySummary {
  readonly count: number
  readonly minUs: number
  readonly meanUs: number
  readonly stdDevUs: number
  readonly p50Us: number
  readonly p75Us: number
  readonly p90Us: number
  readonly p95Us: number
  readonly p99Us: number
  readonly p999Us: number
  readonly maxUs: number
  /** HdrHistogram V2, compressed, base64; values in microseconds. Absent where it was left out. */
  readonly histogram?: string
}

/** Everything that decides what the run does, defaults filled in: enough to do it again. */
export interface RunConfig {
  /** What to type for the same run. No secret is ever on a command line. */
  readonly command: string
  readonly protocol: 'wsmesh' | 'plain'
  readonly target: 'user' | 'group' | 'everyone' | 'echo' | 'mix'
  readonly from: 'socket' | 'http' | 'outbox'
  readonly connections: number
  readonly connectPerS: number
  readonly users: number
  readonly tabs: number
  /** Messages per second in all; null: none. */
  readonly ratePerS: number | null
  readonly timeS: number
  readonly detailsBytes: number
  readonly churnPerMinute: number
  readonly slowReadersPercent: number
  readonly rampS: number
  readonly drainS: number
  readonly processes: number
  /** Of the URLs, or of the nodes of the pool. */
  readonly targets: readonly string[]
}

export interface RunEnvironment {
  readonly host: string
  readonly os: string
  readonly node: string
  readonly cpu: string
  readonly cpus: number
  readonly memoryBytes: number
  /** Soft limit of open files; null where it cannot be told. */
  readonly openFilesMax: number | null
}

export interface PhaseReport {
  /** connect, ramp, load, drain, or as a scenario names it; steps of --stairs are "step 3". */
  readonly name: string
  readonly fromS: number
  readonly toS: number
  /** Offered at its end; null while no message is sent. */
  readonly ratePerS: number | null
  /** Of what was sent in it; undefined where it is not told apart. */
  readonly latency?: LatencySummary | null
  readonly lost?: number
}

export interface RunCounts {
  readonly connectsTried: number
  readonly connectsFailed: number
  /** Open when the load ended. */
  readonly connected: number
  readonly reconnects: number
  /** Ended by the other side, slow readers left out. */
  readonly closedByServer: number
  /** Messages. */
  readonly sent: number
  /** With a receipt; equal to sent where there are none (plain). */
  readonly accepted: number
  readonly refused: number
  /** Neither receipt nor refusal: may have been delivered. */
  readonly unanswered: number
  /** Slots of the schedule that were never sent: the generator, or its connection, could not. */
  readonly dropped: number
  /** Deliveries: one for each connection that a message should reach. */
  readonly expected: number
  readonly delivered: number
  readonly lost: number
  readonly duplicated: number
  readonly reordered: number
  readonly misdelivered: number
  /** Came, and not as it was sent: cut off, glued to another, changed. */
  readonly corrupted: number
  /** Connections that came back and were told that they missed something. */
  readonly notRecovered: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

export interface RunRates {
  /** Messages per second: what the schedule asked for, and what was sent. */
  readonly offeredPerS: number
  readonly sentPerS: number
  readonly deliveredPerS: number
  readonly bytesInPerS: number
}

export interface CountedError {
  readonly text: string
  readonly count: number
  readonly firstAtS: number
  readonly lastAtS: number
}

export interface CountedClose {
  /** 1006: without a close frame. */
  readonly code: number
  readonly reason: string
  readonly count: number
}

export interface ConnectionReport {
  readonly connection: number
  readonly user: string
  readonly node: string
  readonly delivered: number
  readonly lost: number
  readonly duplicated: number
  readonly reordered: number
  readonly misdelivered: number
  readonly corrupted: number
  readonly closes: number
}

export interface GeneratorHealth {
  /** False: the generator was the bottleneck, so that latencies are its own. */
  readonly isValid: boolean
  readonly why: readonly string[]
  readonly processes: number
  /** Of one core, of all its processes: 150 is one core and a half. */
  readonly cpuPercent: number
  /** Microseconds of its CPU for each message sent or delivered. */
  readonly cpuUsPerMessage: number
  /** CPU of all nodes on this machine over the same time; null where it cannot be told. */
  readonly nodesCpuPercent: number | null
  readonly loopDelayP99Ms: number
  readonly loopDelayMaxMs: number
  /** How much later than planned messages left. */
  readonly lateP99Us: number
  readonly rssBytes: number
  /** How well the clocks of its processes agree: a one-way latency below it means nothing. */
  readonly clockSkewUs: number
}

export interface NodeReport {
  /** Its id, or the URL of a server that has none. */
  readonly node: string
  readonly url: string
  readonly pid: number | null
  readonly role: string
  readonly samples: readonly NodeSample[]
  /** Over the load; of one core. */
  readonly cpuPercent: number | null
}

/** Null: not told, or the node did not answer. */
export interface NodeSample {
  readonly atS: number
  readonly connections: number | null
  readonly rssBytes: number | null
  readonly heapBytes: number | null
  readonly cpuPercent: number | null
  readonly loopDelayMs: number | null
  readonly queueBytes: number | null
  /** Of a node of wsmesh; "away" while it does not answer. */
  readonly role: string | null
}

export interface ThresholdResult {
  /** As it was typed: "latency.p99<50ms". */
  readonly text: string
  readonly isBuiltIn: boolean
  readonly ok: boolean
  /** In the threshold's own unit; null when there was nothing to measure, which fails it. */
  readonly value: number | null
  /** The same for people: "48.2 ms". */
  readonly valueText: string
}

export interface FaultReport {
  /** kill-master. */
  readonly name: string
  /** In words. */
  readonly what: string
  readonly plannedAtS: number
  /** Null: it never happened. */
  readonly atS: number | null
  readonly healedAtS: number | null
  /** The longest time without any delivery, from just before it until the next fault or the end. */
  readonly gapMs: number | null
  /** Until deliveries came at 90 % of the rate before it, for a whole second. */
  readonly recoveredAfterMs: number | null
  /** Deliveries in each tenth of a second, from 2 s before the fault on. */
  readonly curve: readonly FaultPoint[]
  /** What was promised and did not hold. */
  readonly broken: readonly string[]
}

export interface FaultPoint {
  /** Since the fault. */
  readonly atMs: number
  readonly delivered: number
}

export type LeakVerdict =
  | 'pass'
  | 'pass-plateau'
  | 'pass-step'
  | 'leak'
  | 'warn-native'
  | 'inconclusive'
  | 'invalid'

export interface LeakSection {
  readonly verdict: LeakVerdict
  /** One sentence: which gauge, class or bytes, per what. */
  readonly summary: string
  readonly nodes: readonly LeakOfNode[]
  /** Heap growth below it would not have been seen. */
  readonly detectionLimitBytesPerConnection: number | null
  readonly cycles: number
  readonly warmUpCycles: number
  readonly connectionsPerCycle: number
  readonly messagesPerCycle: number
}

export interface LeakOfNode {
  readonly node: string
  readonly verdict: LeakVerdict
  readonly summary: string
  readonly findings: readonly LeakFinding[]
  /** After each cycle, quiescent and collected. */
  readonly samples: readonly LeakSample[]
}

export interface LeakFinding {
  readonly verdict: LeakVerdict
  /** gauge: an exact count of the node's own. objects: live objects. bytes: heap or external. */
  readonly tier: 'gauge' | 'objects' | 'bytes' | 'native'
  /** "users", "Timeout", "heap". */
  readonly name: string
  /** How much it grows; null where that has no meaning. */
  readonly growth: number | null
  readonly per: 'connection' | 'message' | 'hour' | 'cycle'
  /** In words, with numbers. */
  readonly evidence: string
}

export interface LeakSample {
  readonly cycle: number
  readonly atS: number
  readonly isWarmUp: boolean
  readonly heapBytes: number
  readonly externalBytes: number
  readonly rssBytes: number
  readonly objects: number | null
  readonly gauges: Readonly<Record<string, number>>
}
