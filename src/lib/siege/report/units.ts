/** Numbers as people compare them. Pure. */
import {grouped} from '../../cli/plural.js'
import {formatDuration} from '../../util/duration.js'

/** Microseconds as milliseconds with three digits that count: "0.905", "4.62", "63.4", "1 250". */
export function msText(us: number): string {
  const ms = us / 1000
  if (ms >= 999.5) return grouped(Math.round(ms))
  if (ms >= 99.95) return ms.toFixed(0)
  if (ms >= 9.995) return ms.toFixed(1)
  return ms >= 0.9995 ? ms.toFixed(2) : ms.toFixed(3)
}

/** "4.62 ms"; null: "-". */
export function latencyText(us: number | null): string {
  return us === null ? '-' : `${msText(us)} ms`
}

/** A duration in milliseconds that people compare: "152 ms", "1.25 s", "12.6 s". */
export function gapText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 60_000 ? `${Number((ms / 1000).toFixed(2))} s` : formatDuration(ms)
}

/** A place on the axis of the run: "10 s", "10.4 s", "-2 s". */
export function atText(atS: number): string {
  if (Math.abs(atS) >= 60) return `${atS < 0 ? '-' : ''}${formatDuration(Math.abs(atS) * 1000)}`
  return `${Number(atS.toFixed(1))} s`
}

export function secondsText(seconds: number): string {
  return seconds < 60 ? `${Number(seconds.toFixed(1))} s` : formatDuration(seconds * 1000)
}

/** "2 000"; rates below ten keep a digit. */
export function rateText(perS: number): string {
  return perS > 0 && perS < 10 ? String(Number(perS.toFixed(1))) : grouped(Math.round(perS))
}

/** "26 %", "0.4 %". */
export function percentText(percent: number): string {
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`
}

/** A count with groups, its sign kept; not for fractions. */
export function countText(count: number): string {
  return grouped(Math.round(count))
}
