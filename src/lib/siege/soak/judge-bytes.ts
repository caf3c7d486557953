/** Bytes, for what counts do not see: strings, numbers, Buffers, native memory. Pure. */
import type {LeakFinding} from '../run-report.js'
import type {CacheRow} from './sample-rows.js'
import {theilSen, Z_98} from './statistics.js'
import {rise, trendOfNoise} from './trend.js'
import {bestWork} from './which-work.js'

export interface Bytes {
  readonly name: 'heap' | 'external memory'
  readonly values: readonly number[]
  readonly work: readonly Readonly<Record<string, number>>[]
  readonly caches: readonly CacheRow[]
}

/** V8 takes and gives back memory in pages: the heap of a process at rest wanders by as much. */
const HEAP_PAGE = 256 * 1024
/** Outside of the heap it is nearly exact; sockets and their buffers come and go. */
const EXTERNAL_PAGE = 32 * 1024
/** Growth for each connection that is no leak: what noise can look like. */
const HEAP_PER_CONNECTION = 16
const EXTERNAL_PER_CONNECTION = 4
/** So many times the noise growth must come to, to be seen in more than nine of ten runs. */
const SEEN_FROM = 5.5
/** Less resident memory says nothing. */
const RSS_MIN = 16 * 1024 * 1024

export function bytesFinding({name, values, work}: Bytes): {
  readonly findings: readonly LeakFinding[]
  readonly detectionLimitBytes: number | null
} {
  const isHeap = name === 'heap'
  const connections = work.map(({connection = 0}) => connection)
  const page = isHeap ? HEAP_PAGE : EXTERNAL_PAGE
  const perUnitMin = isHeap ? HEAP_PER_CONNECTION : EXTERNAL_PER_CONNECTION
  const {trend, slope, lower, noise} = trendOfNoise(values, connections, {page, perUnitMin})
  const units = rise(connections)
  // What is less than perUnitMin is no leak by definition, however long one looks.
  const detectionLimitBytes = units === 0
    ? null : Math.max(perUnitMin, (SEEN_FROM * Math.max(page, noise)) / units)
  if (trend.type === 'flat') return {findings: [], detectionLimitBytes}
  const {per} = bestWork(values, work)
  const growing = trend.type === 'growth' || trend.type === 'slowing'
  const growth = per === 'connection'
    ? slope
    : theilSen(work.map((done) => done[per] ?? 0), values, Z_98).slope
  const finding: LeakFinding = {
    verdict: trend.type === 'growth' ? 'leak'
      : trend.type === 'slowing' ? 'inconclusive'
        : trend.type === 'plateau' ? 'pass-plateau' : 'pass-step',
    tier: 'bytes',
    name,
    growth: growing ? growth : null,
    per,
    evidence: `${mib(values[0])} → ${mib(values.at(-1))} MiB; at least `
      + `${lower.toFixed(0)} B for each connection with 98 % confidence`,
  }
  return {findings: [finding], detectionLimitBytes}
}

/** Resident memory alone is never a leak: allocators keep what is free. */
export function nativeFinding(
  values: readonly number[], work: readonly Readonly<Record<string, number>>[],
): LeakFinding | undefined {
  const hours = work.map(({connection = 0}) => connection)
  const middle = Math.floor(values.length / 2)
  const halves = [
    theilSen(hours.slice(0, middle + 1), values.slice(0, middle + 1), Z_98),
    theilSen(hours.slice(middle), values.slice(middle), Z_98),
  ]
  const by = rise(values)
  const isRising = halves.every(({lower}) => lower > 0) && by > RSS_MIN
  if (!isRising) return undefined
  return {
    verdict: 'warn-native',
    tier: 'native',
    name: 'resident memory',
    growth: theilSen(hours, values, Z_98).slope,
    per: 'connection',
    evidence: `${mib(values[0])} → ${mib(values.at(-1))} MiB while the heap did not grow: `
      + 'buffers of the system, an allocator that keeps, or native code',
  }
}

function mib(bytes = 0): string {
  return (bytes / 1024 / 1024).toFixed(1)
}
