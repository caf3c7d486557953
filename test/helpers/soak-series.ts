/** Samples of processes that never ran: with what grows, and how it is disturbed, to the choice. */
import type {ProcessSample} from '../../src/lib/protocol/soak-frame.js'
import type {CycleSample} from '../../src/lib/siege/soak/soak-samples.js'
import type {Random} from '../../src/lib/util/random.js'

/** The work that was done before a sample. */
export interface Done {
  readonly connection: number
  readonly message: number
  readonly hour: number
  readonly terminate: number
  /** From 0, of the measured ones. */
  readonly index: number
}

export type Change = (sample: ProcessSample, done: Done) => ProcessSample

export interface SeriesOptions {
  readonly random: Random
  readonly cycles?: number
  readonly connections?: number
  readonly messages?: number
  readonly change?: Change
}

const DOSES = [[1, 1], [0.5, 1], [1, 0.5], [0.5, 0.5]] as const

/** At rest a process is the same but for the heap, which wanders by pages of 256 KiB. */
export function soakSeries(options: SeriesOptions): CycleSample[] {
  const {random, cycles = 20, connections = 1000, messages = 2000, change = same} = options
  const done = {connection: 0, message: 0, hour: 0, terminate: 0}
  let wander = 0
  return Array.from({length: 5 + cycles}, (_, cycle) => {
    const isWarmUp = cycle < 5
    const [some, sent] = isWarmUp ? [1, 1] : (DOSES[cycle % 4] ?? [1, 1])
    done.connection += Math.round(connections * some)
    done.message += Math.round(messages * sent)
    done.hour += (30 + random.next()) / 3600
    done.terminate += Math.round(connections * some * (0.1 + random.next() * 0.1))
    wander = wander * 0.6 + (random.next() - 0.5) * 384 * 1024
    const sample = change(atRest(wander, random), {...done, index: cycle - 5})
    return {cycle: cycle + 1, isWarmUp, atS: done.hour * 3600, work: {...done}, sample}
  })
}

function same(sample: ProcessSample): ProcessSample {
  return sample
}

function atRest(wander: number, random: Random): ProcessSample {
  return {
    pid: 4711,
    uptimeMs: 1_000_000,
    gauges: {
      users: {kind: 'exact', value: 0},
      connections: {kind: 'exact', value: 0},
      visits: {kind: 'bounded', value: 4096},
    },
    resources: {TCPServerWrap: 1, Timeout: 2},
    files: 22,
    objects: 18_000 + Math.floor(random.next() * 30),
    classes: {Timeout: 5, Promise: 20 + Math.floor(random.next() * 4), ClientConnection: 0},
    items: {Map: 4200, Set: 10, Array: 9000 + Math.floor(random.next() * 30), Object: 4000},
    listeners: {'Server connection': 1},
    heapBytes: Math.round(12_000_000 + wander),
    externalBytes: 2_600_000 + Math.floor(random.next() * 8192),
    arrayBufferBytes: 20_000,
    rssBytes: 95_000_000 + Math.floor(random.next() * 4_000_000),
    cost: {totalMs: 300, pauseMs: 100},
  }
}
