/**
 * One second of a siege as it happens: what `--ndjson` prints a line of, the live view draws and
 * the HTML report plots. Sums of all processes; rates are of this second.
 */
import type {NodeSample} from './run-report.js'

export interface SecondSample {
  /** Ends at: whole seconds since the load began; 0 and less while connections are opened. */
  readonly atS: number
  readonly phase: string
  readonly connected: number
  readonly connecting: number
  /** Messages due in this second by the schedule. */
  readonly offered: number
  readonly sent: number
  readonly accepted: number
  readonly dropped: number
  readonly delivered: number
  readonly bytesIn: number
  readonly closedByServer: number
  readonly errors: number
  /** Since the beginning. What is lost is only known after the drain: these were missed so far. */
  readonly duplicated: number
  readonly misdelivered: number
  readonly corrupted: number
  readonly missing: number
  /** Of the deliveries of this second, from intended sending; null: none came. */
  readonly p50Us: number | null
  readonly p90Us: number | null
  readonly p99Us: number | null
  readonly maxUs: number | null
  readonly generator: {
    readonly cpuPercent: number
    readonly loopDelayMs: number
    readonly rssBytes: number
  }
  readonly nodes: readonly NodeSecond[]
  /** Said in this second: "kill-master", "healed kill-master". */
  readonly marks: readonly string[]
}

export interface NodeSecond extends Omit<NodeSample, 'atS'> {
  readonly node: string
}

/** What happens in a siege, in order: for whoever shows it while it runs. */
export type SiegeEvent =
  /** Each of the run's parameters is settled, connections are about to be opened. */
  | {readonly type: 'started'; readonly startLine: string; readonly timeS: number}
  | {readonly type: 'phase'; readonly name: string; readonly atS: number}
  | {readonly type: 'second'; readonly sample: SecondSample}
  /** A line for people: a warning, a fault that happens. */
  | {readonly type: 'notice'; readonly text: string}
  | {readonly type: 'ended'}
