/** What deliveries did around a fault: the silence, and when they were back. Pure. */
import type {FaultPoint} from '../run-report.js'

/** One bin: so many milliseconds. */
export const BIN_MS = 10
const CURVE_MS = 100
const CURVE_BEFORE_MS = 2000
const CURVE_AFTER_MS = 30_000
const BASE_MS = 3000
const WINDOW_MS = 1000
const RECOVERED = 0.9

export interface Recovery {
  readonly gapMs: number | null
  readonly recoveredAfterMs: number | null
  readonly curve: readonly FaultPoint[]
}

/**
 * `bins`: deliveries in each BIN_MS since the load began. `atMs`: of the fault. `untilMs`: of the
 * next one, or of the end of the load.
 */
export function recoveryOf(bins: readonly number[], atMs: number, untilMs: number): Recovery {
  const at = Math.floor(atMs / BIN_MS)
  const until = Math.min(Math.floor(untilMs / BIN_MS), bins.length)
  const gap = until <= at ? null : longestGap(bins, at, until)
  return {
    gapMs: gap === null ? null : gap.length * BIN_MS,
    recoveredAfterMs: gap === null ? null : recoveredAfter(bins, {at, from: gap.end, until}),
    curve: curveOf(bins, at, until),
  }
}

/** In bins; `end` is the first one behind it. */
function longestGap(bins: readonly number[], at: number, until: number) {
  let gap = {length: 0, end: at}
  let silent = 0
  // From just before it: a silence may have begun with the last delivery.
  for (let bin = Math.max(0, at - 1); bin < until; bin += 1) {
    silent = (bins[bin] ?? 0) === 0 ? silent + 1 : 0
    if (silent > gap.length) gap = {length: silent, end: bin + 1}
  }
  return gap
}

/** Not before the longest silence is over: the burst behind it would make up for it. */
function recoveredAfter(
  bins: readonly number[],
  {at, from, until}: {readonly at: number; readonly from: number; readonly until: number},
): number | null {
  const baseBins = Math.min(at, BASE_MS / BIN_MS)
  const window = WINDOW_MS / BIN_MS
  const base = (sum(bins, at - baseBins, at) / Math.max(1, baseBins)) * window
  if (base === 0) return null
  for (let bin = from; bin + window <= until; bin += 1) {
    if (sum(bins, bin, bin + window) >= base * RECOVERED) return (bin - at) * BIN_MS
  }
  return null
}

function curveOf(bins: readonly number[], at: number, until: number): readonly FaultPoint[] {
  const step = CURVE_MS / BIN_MS
  const from = Math.max(-CURVE_BEFORE_MS, -Math.floor(at / step) * CURVE_MS)
  const points: FaultPoint[] = []
  for (let atMs = from; atMs < CURVE_AFTER_MS; atMs += CURVE_MS) {
    const bin = at + atMs / BIN_MS
    if (bin >= until) break
    points.push({atMs, delivered: sum(bins, bin, bin + step)})
  }
  return points
}

function sum(bins: readonly number[], from: number, to: number): number {
  let total = 0
  for (let bin = Math.max(0, from); bin < to; bin += 1) total += bins[bin] ?? 0
  return total
}
