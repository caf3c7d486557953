/** What `wsmesh simulate --json` prints. */
import type {ChangeTimes} from '../simulation/failovers.js'
import type {Percentiles} from '../simulation/histogram.js'
import type {Traffic} from '../simulation/link-traffic.js'
import type {LongRun, LongRunOptions} from '../simulation/long-run.js'
import {INVARIANTS, type InvariantName} from '../simulation/violation.js'
import {EXIT} from './exit-code.js'

/** Fields may be added; a change of any other kind raises the number. */
export const SIMULATION_SCHEMA = 'wsmesh.simulation/1'

/** All but `wallS` follows from the flags: the same flags, the same JSON. */
export interface SimulationJson {
  readonly schema: typeof SIMULATION_SCHEMA
  readonly version: string
  readonly verdict: 'pass' | 'fail' | 'interrupted'
  readonly exit: number
  readonly config: SimulationConfig
  /** How much of the mesh's life this was, and how much of it was played rather than skipped. */
  readonly simulatedS: number
  readonly playedS: number
  /** Of this machine's time. */
  readonly wallS: number
  /** Events, after each of which the invariants were checked. */
  readonly steps: number
  /** How many began, by kind; and how many did not: nobody to hit, or more than may be lost. */
  readonly faults: {
    readonly begun: Readonly<Record<string, number>>
    readonly passedOver: Readonly<Record<string, number>>
  }
  readonly masterChanges: ChangeTimes & {readonly byCause: Readonly<Record<string, ChangeTimes>>}
  readonly messages: {readonly accepted: number; readonly refused: number}
  readonly receipts: {
    readonly calmMs: Percentiles | null
    readonly troubledMs: Percentiles | null
    /** 504s: no receipt in 10 s. */
    readonly timeouts: number
    /** Receipts that name a node which gave no word. */
    readonly incomplete: number
  }
  /** Over the links between master and followers, while the mesh was played. */
  readonly links: {readonly toFollower: Traffic; readonly toMaster: Traffic}
  /** The most at any one node. */
  readonly peaks: {
    readonly outboxMessages: number
    readonly outboxBytes: number
    readonly historyMessages: number
    readonly historyBytes: number
  }
  readonly invariants: {readonly count: number; readonly violation: ViolationJson | null}
}

export interface SimulationConfig {
  readonly nodes: number
  readonly hours: number
  readonly seed: number
  readonly ratePerS: number
  readonly faultsPerHour: number
  /** As they were given. */
  readonly faults: readonly string[]
  readonly latencyMs: number
  readonly storeLatencyMs: number
  readonly playAll: boolean
}

/** As the command has them. */
export interface SimulateFlags {
  readonly nodes: number
  readonly hours: number
  readonly seed: number
  readonly rate: number
  readonly 'faults-per-hour': number
  readonly fault?: readonly string[] | undefined
  readonly latency: number
  readonly 'store-latency': number
  readonly 'play-all': boolean
}

export function configOf(flags: SimulateFlags): SimulationConfig {
  const {nodes, hours, seed, rate: ratePerS, fault: faults = [], latency: latencyMs} = flags
  return {
    nodes, hours, seed, ratePerS, faults, latencyMs,
    faultsPerHour: flags['faults-per-hour'],
    storeLatencyMs: flags['store-latency'],
    playAll: flags['play-all'],
  }
}

export interface ViolationJson {
  readonly invariant: InvariantName
  /** What must hold, and who broke it. */
  readonly message: string
  /** Seconds of the mesh's life, and of what was played of it. */
  readonly atS: number
  readonly playedAtS: number
  /** Shows it again. */
  readonly replay: string
  /** The last that happened before, a line each. */
  readonly trace: readonly string[]
}

export interface Ended {
  readonly version: string
  readonly isInterrupted: boolean
  readonly wallS: number
  readonly trace: readonly string[]
}

export function longRunOptions(
  config: SimulationConfig, faults: LongRunOptions['faults'],
): LongRunOptions {
  const {nodes, seed, ratePerS, faultsPerHour, latencyMs, storeLatencyMs, playAll} = config
  return {
    nodes, seed, ratePerS, faultsPerHour, faults, latencyMs, storeLatencyMs,
    durationMs: hoursMs(config.hours), isCalmPlayed: playAll,
  }
}

export function hoursMs(hours: number): number {
  return hours * 3_600_000
}

export function simulationJson(
  run: LongRun, config: SimulationConfig, {version, isInterrupted, wallS, trace}: Ended,
): SimulationJson {
  const {chronicle, failure} = run
  const verdict = failure ? 'fail' : isInterrupted ? 'interrupted' : 'pass'
  return {
    schema: SIMULATION_SCHEMA,
    version,
    verdict,
    exit: {fail: EXIT.promiseBroken, interrupted: EXIT.interrupted, pass: EXIT.ok}[verdict].code,
    config,
    simulatedS: seconds(run.clockMs),
    playedS: seconds(run.playedMs),
    wallS,
    steps: run.steps,
    faults: {
      begun: inOrder(chronicle.begun),
      passedOver: inOrder(chronicle.passedOver),
    },
    masterChanges: chronicle.failovers.summary(),
    messages: {accepted: chronicle.accepted, refused: chronicle.refused},
    receipts: {
      calmMs: chronicle.calmReceipts.percentiles(),
      troubledMs: chronicle.troubledReceipts.percentiles(),
      timeouts: chronicle.timeouts,
      incomplete: chronicle.incomplete,
    },
    links: chronicle.traffic.summary(),
    peaks: {...chronicle.peaks},
    invariants: {
      count: Object.keys(INVARIANTS).length,
      violation: failure
        ? {
            invariant: failure.invariant,
            message: failure.message,
            atS: seconds(run.clockMs),
            playedAtS: seconds(failure.atMs),
            replay: replayOf(config),
            trace,
          }
        : null,
    },
  }
}

/** The command line that does the same again, whatever the defaults become. */
export function replayOf(config: SimulationConfig): string {
  const {nodes, hours, seed, ratePerS, faultsPerHour, faults, playAll} = config
  return [
    `wsmesh simulate --nodes ${nodes} --hours ${hours} --seed ${seed} --rate ${ratePerS}`,
    `--faults-per-hour ${faultsPerHour}`,
    ...faults.map((fault) => `--fault ${fault}`),
    `--latency ${config.latencyMs}ms --store-latency ${config.storeLatencyMs}ms`,
    ...(playAll ? ['--play-all'] : []),
  ].join(' ')
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000
}

/** The most frequent first. */
function inOrder(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries(
    [...counts].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)),
  )
}
