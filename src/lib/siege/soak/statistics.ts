/** Robust statistics of short series. Pure. */
import {assert} from '../../util/assert.js'

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}

/** The least of each value and its neighbours: what is there whatever else comes and goes. */
export function lowerEnvelope(values: readonly number[]): number[] {
  return values.map((_, index) => Math.min(...values.slice(Math.max(0, index - 1), index + 2)))
}

export interface Slope {
  readonly slope: number
  /** Bounds of the interval that holds the slope with the confidence that z stands for. */
  readonly lower: number
  readonly upper: number
}

/** Two-sided: 98 of 100, and 998 of 1000. */
export const Z_98 = 2.326
export const Z_998 = 3.09

/**
 * The median of all slopes between two points, with Sen's interval: outliers do not move it
 * (Theil 1950, Sen 1968). x rises.
 */
export function theilSen(x: readonly number[], y: readonly number[], z: number): Slope {
  assert(x.length === y.length, 'a y for each x')
  const slopes: number[] = []
  for (let from = 0; from < x.length; from += 1) {
    for (let to = from + 1; to < x.length; to += 1) {
      const run = (x[to] ?? 0) - (x[from] ?? 0)
      if (run > 0) slopes.push(((y[to] ?? 0) - (y[from] ?? 0)) / run)
    }
  }
  slopes.sort((a, b) => a - b)
  const n = x.length
  const spread = z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18)
  const lowerIndex = Math.floor((slopes.length - spread) / 2)
  const upperIndex = Math.ceil((slopes.length + spread) / 2)
  return {
    slope: slopes.length === 0 ? 0 : median(slopes),
    lower: slopes[lowerIndex] ?? Number.NEGATIVE_INFINITY,
    upper: slopes[upperIndex] ?? Number.POSITIVE_INFINITY,
  }
}

/** How far the values lie from a line through them: 1.48 times the median distance. */
export function noiseAround(x: readonly number[], y: readonly number[], slope: number): number {
  const residuals = y.map((value, index) => value - slope * (x[index] ?? 0))
  const middle = median(residuals)
  return 1.4826 * median(residuals.map((value) => Math.abs(value - middle)))
}

export function increments(values: readonly number[]): number[] {
  return values.slice(1).map((value, index) => value - (values[index] ?? 0))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
}

function squaresAround(values: readonly number[], middle: number): number {
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0)
}

/** What a straight line leaves of the values, squared. */
export function lineMisfit(x: readonly number[], y: readonly number[]): number {
  const middleX = mean(x)
  const middleY = mean(y)
  const square = squaresAround(x, middleX)
  const dot = x.reduce((sum, at, index) => sum + (at - middleX) * ((y[index] ?? 0) - middleY), 0)
  return squaresAround(y, middleY) - (square === 0 ? 0 : (dot * dot) / square)
}

/** What two levels leave of them, where they part best. */
export function stepMisfit(y: readonly number[]): number {
  const misfits = y.slice(1).map((_, index) => {
    const before = y.slice(0, index + 1)
    const after = y.slice(index + 1)
    return squaresAround(before, mean(before)) + squaresAround(after, mean(after))
  })
  return Math.min(...misfits)
}

/** What a line leaves that ends in a level; and after which part of x it ends. */
export function hingeMisfit(
  x: readonly number[], y: readonly number[],
): {readonly misfit: number; readonly at: number} {
  const from = x[0] ?? 0
  const span = (x.at(-1) ?? 0) - from
  let best = {misfit: Number.POSITIVE_INFINITY, at: 1}
  for (const end of x.slice(2)) {
    const misfit = lineMisfit(x.map((at) => Math.min(at, end)), y)
    if (misfit < best.misfit) best = {misfit, at: span === 0 ? 1 : (end - from) / span}
  }
  return best
}

/**
 * The values without what follows `part`, beside a line of x: by least squares of both together, so
 * that growth with x stays. `part` never explains a fall.
 */
export function withoutPart(
  x: readonly number[], values: readonly number[], part: readonly number[],
): number[] {
  const [dx, dy, dp] = [x, values, part].map((all) => {
    const middle = mean(all)
    return all.map((value) => value - middle)
  })
  if (dx === undefined || dy === undefined || dp === undefined) return [...values]
  const [xx, xp, pp] = [dot(dx, dx), dot(dx, dp), dot(dp, dp)]
  const determinant = xx * pp - xp * xp
  if (determinant <= 1e-6 * xx * pp) return [...values]
  const each = Math.max(0, (xx * dot(dp, dy) - xp * dot(dx, dy)) / determinant)
  return values.map((value, index) => value - each * (part[index] ?? 0))
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
}
