/** Measured values as people read them. */
import {bytes, grouped} from '../../cli/plural.js'
import type {Unit} from './metrics.js'

/** "812 us", "4.62 ms", "61.2 ms", "1.25 s": three digits. */
export function latencyText(us: number): string {
  if (us < 1000) return `${Math.round(us)} us`
  if (us < 1_000_000) return `${threeDigits(us / 1000)} ms`
  return `${threeDigits(us / 1e6)} s`
}

export function inWords(value: number, unit: Unit): string {
  switch (unit) {
    case 'us':
      return latencyText(value)
    case 'ms':
      return latencyText(value * 1000)
    case 'count':
      return grouped(Math.round(value))
    case 'percent':
      return `${threeDigits(value)} %`
    case 'perS':
      return `${rateText(value)}/s`
    case 'bytes':
      return bytes(value)
    default:
      return unit satisfies never
  }
}

export function rateText(perS: number): string {
  return perS < 100 ? threeDigits(perS) : grouped(Math.round(perS))
}

export function threeDigits(value: number): string {
  if (value >= 100) return grouped(Math.round(value))
  return String(Number(value.toPrecision(3)))
}
