/** With what a growth goes: connections, messages, time, or one kind of visit. Pure. */
import {increments, median} from './statistics.js'

export interface BestWork {
  readonly per: 'connection' | 'message' | 'hour'
  readonly growth: number
  /** The kind of visits that it goes with much better than with all of them. */
  readonly kind: string | undefined
}

const UNITS = ['connection', 'message', 'hour'] as const
/** A unit takes the place of connections when it fits so much better. */
const BETTER = 0.5
const KIND_BETTER = 0.1
/** A kind must be something to count: a handful in each cycle. */
const KIND_MIN = 3

/**
 * Doses differ from cycle to cycle, so that what the increments of a leak are proportional to is
 * the work that it comes with.
 */
export function bestWork(
  values: readonly number[], work: readonly Readonly<Record<string, number>>[],
): BestWork {
  const misfit = (unit: string): number => misfitOf(values, workOf(work, unit))
  let per: BestWork['per'] = 'connection'
  for (const unit of UNITS) if (misfit(unit) < BETTER * misfit(per)) per = unit
  const growth = ratioOf(values, workOf(work, per))
  if (per !== 'connection') return {per, growth, kind: undefined}
  const kinds = Object.keys(work.at(-1) ?? {}).filter(
    (name) => !UNITS.some((unit) => unit === name)
      && median(increments(workOf(work, name))) >= KIND_MIN,
  )
  const [kind] = kinds.toSorted((a, b) => misfit(a) - misfit(b))
  const isClear = kind !== undefined && misfit(kind) < KIND_BETTER * misfit(per)
  if (!isClear) return {per, growth, kind: undefined}
  return {per, growth: ratioOf(values, workOf(work, kind)), kind}
}

function workOf(work: readonly Readonly<Record<string, number>>[], unit: string): number[] {
  return work.map((done) => done[unit] ?? 0)
}

/** Growth for each unit, by the whole of both. */
function ratioOf(values: readonly number[], work: readonly number[]): number {
  const done = (work.at(-1) ?? 0) - (work[0] ?? 0)
  return done === 0 ? 0 : ((values.at(-1) ?? 0) - (values[0] ?? 0)) / done
}

/** What is left of the increments when the best multiple of the work is taken from them. */
function misfitOf(values: readonly number[], work: readonly number[]): number {
  const grown = increments(values)
  const done = increments(work)
  const dot = grown.reduce((sum, value, index) => sum + value * (done[index] ?? 0), 0)
  const square = done.reduce((sum, value) => sum + value * value, 0)
  if (square === 0) return Number.POSITIVE_INFINITY
  const factor = dot / square
  // Never quite 0: two perfect fits are equally good.
  return grown.reduce((sum, value, index) => sum + (value - factor * (done[index] ?? 0)) ** 2, 1e-9)
}
