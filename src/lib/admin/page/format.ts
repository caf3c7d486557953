/** Numbers and times as the page shows them; counts and bytes are as the terminal's. Pure. */

import {grouped} from '../../cli/plural.js'

/** "7", "12.3k", "1.2M": for places with little room. */
export function short(value: number): string {
  const size = Math.abs(value)
  if (size >= 999_500) return `${Number((value / 1e6).toPrecision(3))}M`
  if (size >= 9950) return `${Number((value / 1e3).toPrecision(3))}k`
  if (size >= 10 || Number.isInteger(value)) return grouped(value)
  return String(Number(value.toPrecision(2)))
}

export function ms(value: number): string {
  if (value >= 9950) return `${Number((value / 1000).toPrecision(3))} s`
  if (value >= 99.5) return `${Math.round(value)} ms`
  return `${value >= 9.95 ? value.toFixed(0) : Number(value.toFixed(value >= 1 ? 1 : 2))} ms`
}

/** "12 s", "3 m 20 s", "2 h 5 m", "3 d 4 h". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  if (minutes < 60) return `${minutes} m ${whole % 60} s`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${minutes % 60} m`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** What is not known is a dash. */
export function known(value: number | null, as: (value: number) => string): string {
  return value === null ? '–' : as(value)
}

/** "14:03:07" by the clock of whoever looks. */
export function clock(atMs: number): string {
  const date = new Date(atMs)
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()]
  return parts.map((part) => String(part).padStart(2, '0')).join(':')
}
