/**
 * What a series of a process at rest does over the cycles. Exact counts that return are flat to the
 * last digit; what is left is told apart: growth that goes on, growth that ends, one step. Pure.
 * The rules and why: docs/SIEGE.md, "Soak".
 */
import {
  hingeMisfit, increments, lineMisfit, lowerEnvelope, noiseAround, stepMisfit, theilSen, Z_98,
  Z_998,
} from './statistics.js'

export type Trend =
  /** It is where it was, or goes up and down. */
  | {readonly type: 'flat'}
  /** It rose once or twice and stayed there. */
  | {readonly type: 'step'; readonly by: number}
  /** It rose, and has stopped to. */
  | {readonly type: 'plateau'; readonly by: number}
  /** It rises, more slowly than it did: a cache that fills, or a leak. */
  | {readonly type: 'slowing'; readonly by: number}
  | {readonly type: 'growth'; readonly by: number}

/** Of the whole way up and down, growth is at least this part. */
const EFFICIENCY_MIN = 0.8
/** The second half grows at least so fast, compared with the first. */
const STEADY = 0.5
const STOPPED = 0.15
/** A step is what leaves at most this of the rise to all other cycles. */
const STEP_REST = 0.25

export interface ExactOptions {
  /** Less is no growth. */
  readonly byMin: number
  readonly perUnitMin: number
}

/** Of counts without noise: by the increments. `work` is cumulative, one for each value. */
export function trendOfCounts(
  values: readonly number[], work: readonly number[], {byMin, perUnitMin}: ExactOptions,
): Trend {
  const by = rise(values)
  const steps = increments(values)
  const way = steps.reduce((sum, step) => sum + Math.abs(step), 0)
  const units = rise(work)
  if (by < byMin || way === 0 || by / way < EFFICIENCY_MIN) return {type: 'flat'}
  if (units > 0 && by / units < perUnitMin) return {type: 'flat'}
  return afterRising(values, work, by)
}

export interface NoisyOptions {
  /** How far the values may wander by themselves. */
  readonly page: number
  /** What the slope must exceed, with the confidence that z stands for. */
  readonly perUnitMin: number
  readonly z?: number
}

export interface NoisyTrend {
  readonly trend: Trend
  readonly slope: number
  readonly lower: number
  readonly noise: number
}

/** Growth over the whole series is at least so many pages. */
const PAGES_MIN = 2
/** A series that rises and then stands still must be so much better than a line, and end before. */
const HINGE_BETTER = 0.7
const HINGE_BY = 0.8
/** Where it ends later, it may have ended, if that is so much better than a line. */
const LATE_BETTER = 0.5
/** So many steps without any growth at the end, if there never were half as many before. */
const STILL_MIN = 3

/**
 * Of counts and bytes with noise: the lower envelope must rise for sure, by more than noise can,
 * and a line must tell it better than one step does, or a rise that ends.
 */
export function trendOfNoise(
  values: readonly number[], work: readonly number[], {page, perUnitMin, z = Z_98}: NoisyOptions,
): NoisyTrend {
  const envelope = lowerEnvelope(values)
  const {slope, lower} = theilSen(work, envelope, z)
  const noise = noiseAround(work, values, slope)
  const by = slope * rise(work)
  const told = {slope, lower, noise}
  if (lower <= perUnitMin || by <= PAGES_MIN * page) return {trend: {type: 'flat'}, ...told}
  const line = lineMisfit(work, envelope)
  if (stepMisfit(envelope) < line) return {trend: {type: 'step', by}, ...told}
  const hinge = hingeMisfit(work, envelope)
  if (hinge.misfit < HINGE_BETTER * line && hinge.at <= HINGE_BY) {
    return {trend: {type: 'plateau', by}, ...told}
  }
  if (hinge.misfit < LATE_BETTER * line) return {trend: {type: 'slowing', by}, ...told}
  const middle = Math.floor(envelope.length / 2)
  const early = theilSen(work.slice(0, middle + 1), envelope.slice(0, middle + 1), z).slope
  const late = theilSen(work.slice(middle), envelope.slice(middle), z).slope
  return {trend: {type: late < 0.3 * early ? 'slowing' : 'growth', by}, ...told}
}

/** With much noise in a count: the same, more careful. */
export function trendOfNoisyCounts(
  values: readonly number[], work: readonly number[], perUnitMin: number,
): Trend {
  const {noise} = trendOfNoise(values, work, {page: 0, perUnitMin})
  return trendOfNoise(values, work, {page: Math.max(4, 2 * noise), perUnitMin, z: Z_998}).trend
}

function afterRising(values: readonly number[], work: readonly number[], by: number): Trend {
  const steps = increments(values)
  if (isStep(values)) return {type: 'step', by}
  const middle = Math.floor(values.length / 2)
  const lastThird = values.slice(-Math.max(4, Math.floor(values.length / 3)))
  const early = perUnit(values.slice(0, middle + 1), work.slice(0, middle + 1))
  const late = perUnit(values.slice(middle), work.slice(middle))
  const rising = steps.filter((step) => step > 0).length
  if (rise(lastThird) <= 0 || late < STOPPED * early) return {type: 'plateau', by}
  // Seldom, but again and again: in each third, so that it is no accident.
  if (rising < 3) return {type: 'step', by}
  if (standsStill(steps)) return {type: 'slowing', by}
  return late < STEADY * early ? {type: 'slowing', by} : {type: 'growth', by}
}

/** It ended shortly before the samples did. What comes seldom stood still before, too. */
function standsStill(steps: readonly number[]): boolean {
  const still = steps.length - 1 - steps.findLastIndex((step) => step > 0)
  let run = 0
  let longest = 0
  for (const step of steps.slice(0, -still)) {
    run = step > 0 ? 0 : run + 1
    longest = Math.max(longest, run)
  }
  return still >= STILL_MIN && still > 2 * longest
}

/** Without its one or two largest steps hardly anything of the rise is left. */
function isStep(values: readonly number[]): boolean {
  const by = rise(values)
  const sorted = increments(values).toSorted((a, b) => b - a)
  const largest = (sorted[0] ?? 0) + Math.max(0, sorted[1] ?? 0)
  return by > 0 && by - largest <= STEP_REST * by
}

function perUnit(values: readonly number[], work: readonly number[]): number {
  const units = rise(work)
  return units > 0 ? rise(values) / units : 0
}

export function rise(values: readonly number[]): number {
  return (values.at(-1) ?? 0) - (values[0] ?? 0)
}
