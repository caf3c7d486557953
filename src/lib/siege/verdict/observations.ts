/**
 * What percentiles hide: a few connections that are slow all the time, a latency that rises while
 * the load does not, a server that falls silent, or lets nobody in for long. Notes, no verdicts:
 * thresholds judge. Pure.
 */
import {plural} from '../../cli/plural.js'
import {CLOSE} from '../../protocol/close-code.js'
import type {FastestMessage} from '../attack/job.js'
import type {SecondSample} from '../second-sample.js'
import {latencyText} from './in-words.js'

export interface Observed {
  readonly seconds: readonly SecondSample[]
  readonly fastest: readonly FastestMessage[]
  /** The same rate all the time, and nothing is broken on purpose. */
  readonly isSteady: boolean
  /** Of half of the connections, until they were let in; undefined: none was. */
  readonly connectP50Us: number | undefined
  /** Messages that are none of this siege's, where some are missing and nobody else sends any. */
  readonly strange: number
  /** Closes by which nodes that were being stopped sent their clients to others. */
  readonly ledAway: number
}

/** A connection is slow from so many times the median of all on, and by so much. */
const SLOW_TIMES = 5
const SLOW_BY_US = 10_000
/** More of them are no exception. */
const SLOW_SHARE_MAX = 0.2
const CONNECTIONS_MIN = 10
const NAMED_MAX = 5
/** Of thirds of the run: fewer seconds tell nothing. */
const SECONDS_MIN = 9
const DRIFT_TIMES = 2
const DRIFT_BY_US = 2000
const SILENT_S_MIN = 2
/** Longer than a busy server takes, and than connections of one second wait for each other. */
const CONNECT_US_MAX = 1_000_000

export function observations(run: Observed): readonly string[] {
  const load = run.seconds.filter(({offered}) => offered > 0)
  return [
    silence(load), run.isSteady ? drift(load) : undefined, slowOnes(run.fastest), slowDoor(run),
    strangers(run), ledAway(run),
  ].filter((text) => text !== undefined)
}

function slowDoor({connectP50Us = 0}: Observed): string | undefined {
  if (connectP50Us < CONNECT_US_MAX) return undefined
  return `half of the connections waited ${latencyText(connectP50Us)} and more to be let in`
}

function strangers({strange}: Observed): string | undefined {
  if (strange === 0) return undefined
  return `${plural(strange, 'message')} came that this siege did not send, or that nothing can be `
    + 'read in any more'
}

/** No fault; but a mesh that nobody touches closes nothing, so `closed==0` counts them too. */
function ledAway({ledAway: count}: Observed): string | undefined {
  if (count === 0) return undefined
  return `${plural(count, 'connection')} led away by a node that was being stopped `
    + `(${CLOSE.drain.code}), as by a reload: `
    + "where that is meant, --threshold 'closed>=0' leaves it to the messages"
}

function silence(load: readonly SecondSample[]): string | undefined {
  const last = load.findLastIndex(({delivered}) => delivered > 0)
  const silent = load.slice(last + 1)
  const sent = silent.reduce((sum, second) => sum + second.sent, 0)
  const from = load[last]?.atS
  if (silent.length < SILENT_S_MIN || sent === 0 || from === undefined) return undefined
  return `nothing was delivered after ${from} s, though ${plural(sent, 'message')} were sent`
}

/** A queue that grows shows as a line that rises; its percentiles over the whole run do not. */
function drift(load: readonly SecondSample[]): string | undefined {
  const medians = load.flatMap(({p50Us}) => p50Us ?? [])
  if (medians.length < SECONDS_MIN) return undefined
  const third = Math.floor(medians.length / 3)
  const [first, middle, last] = [
    median(medians.slice(0, third)), median(medians.slice(third, -third)),
    median(medians.slice(-third)),
  ]
  const isRising = first < middle && middle < last
  if (!isRising || last < first * DRIFT_TIMES || last - first < DRIFT_BY_US) return undefined
  return `latency rose while the load did not: p50 ${latencyText(first)} in the first third, `
    + `${latencyText(middle)}, ${latencyText(last)} in the last`
}

/** Even the fastest of their messages is slow: that is no stall, which hits all of them once. */
function slowOnes(fastest: readonly FastestMessage[]): string | undefined {
  if (fastest.length < CONNECTIONS_MIN) return undefined
  const usual = median(fastest.map(({us}) => us))
  const from = Math.max(usual * SLOW_TIMES, usual + SLOW_BY_US)
  const slow = fastest.filter(({us}) => us > from).toSorted((a, b) => b.us - a.us)
  if (slow.length === 0 || slow.length > fastest.length * SLOW_SHARE_MAX) return undefined
  const named = slow.slice(0, NAMED_MAX).map(({connection}) => connection).join(', ')
  const more = slow.length > NAMED_MAX ? ' and others' : ''
  return `${slow.length} of ${fastest.length} connections are slow all the time: the fastest of `
    + `their messages took ${latencyText(median(slow.map(({us}) => us)))}, `
    + `${latencyText(usual)} at the others; number ${named}${more}`
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
