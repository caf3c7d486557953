/** Where on the axis of the run a fault's gap and recovery lie. Pure. */
import {printable} from '../../../cli/printable.js'
import type {FaultPoint, FaultReport} from '../../run-report.js'
import type {ChartBand, ChartMark} from './chart.js'

const BUCKET_MS = 100

/**
 * The gap in milliseconds after the fault. The report has its length; its place is where the curve
 * is empty for longest, or lowest. Null: none was measured.
 */
export function gapPlace({gapMs, curve}: FaultReport): {fromMs: number; toMs: number} | null {
  if (gapMs === null) return null
  const {fromMs, toMs} = emptiest(curve.filter(({atMs}) => atMs >= -BUCKET_MS))
  // The first and the last delivery beside it were somewhere inside the tenths beside it.
  const start = Math.max(-BUCKET_MS, (fromMs + toMs - gapMs) / 2)
  return {fromMs: start, toMs: start + gapMs}
}

function emptiest(curve: readonly FaultPoint[]): {fromMs: number; toMs: number} {
  let best = {fromMs: 0, toMs: 0}
  let from: number | undefined
  for (const {atMs, delivered} of curve) {
    if (delivered > 0) {
      from = undefined
      continue
    }
    from ??= atMs
    const toMs = atMs + BUCKET_MS
    if (toMs - from > best.toMs - best.fromMs) best = {fromMs: from, toMs}
  }
  if (best.toMs > best.fromMs) return best
  const lowest = curve.reduce<FaultPoint | undefined>(
    (low, point) => low === undefined || point.delivered < low.delivered ? point : low, undefined,
  )
  return lowest === undefined ? best : {fromMs: lowest.atMs, toMs: lowest.atMs + BUCKET_MS}
}

/** Gap and recovery, in seconds after the fault. */
export function bandsAfter(fault: FaultReport): readonly ChartBand[] {
  const gap = gapPlace(fault)
  const recoveredMs = fault.recoveredAfterMs
  const bands: ChartBand[] = []
  if (gap !== null && gap.toMs > gap.fromMs) {
    bands.push({from: gap.fromMs / 1000, to: gap.toMs / 1000, tone: 'gap'})
  }
  const from = Math.max(0, gap?.toMs ?? 0)
  if (recoveredMs !== null && recoveredMs > from) {
    bands.push({from: from / 1000, to: recoveredMs / 1000, tone: 'recovery'})
  }
  return bands
}

/** Gaps and recoveries of all faults, in seconds of the run. */
export function bandsOf(faults: readonly FaultReport[]): readonly ChartBand[] {
  return faults.flatMap((fault) => {
    const {atS} = fault
    if (atS === null) return []
    return bandsAfter(fault).map(({from, to, tone}) => ({from: atS + from, to: atS + to, tone}))
  })
}

/** "kill-master", "healed". */
export function marksOf(faults: readonly FaultReport[]): readonly ChartMark[] {
  return faults.flatMap(({name, atS, healedAtS}): readonly ChartMark[] => [
    ...(atS === null ? [] : [{at: atS, label: printable(name), tone: 'bad' as const}]),
    ...(healedAtS === null ? [] : [{at: healedAtS, label: 'healed', tone: 'good' as const}]),
  ])
}
