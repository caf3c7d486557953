/** What is judged of a process: one row of numbers for each thing that can grow. Pure. */
import type {ProcessSample} from '../../protocol/soak-frame.js'
import {increments} from './statistics.js'
import {rise} from './trend.js'

export interface Row {
  /** `users`, `class Timeout`, `members of Sets`: as a finding names it. */
  readonly name: string
  readonly tier: 'gauge' | 'objects'
  /** total: sums up many others, and has their noise. */
  readonly kind: 'exact' | 'total'
  readonly values: readonly number[]
}


export function rowsOf(samples: readonly ProcessSample[]): Row[] {
  const rows: Row[] = []
  const add = (
    tier: Row['tier'], kind: Row['kind'], prefix: string,
    read: (sample: ProcessSample) => Readonly<Record<string, number>>,
  ): void => {
    const names = new Set(samples.flatMap((sample) => Object.keys(read(sample))))
    for (const name of names) {
      const values = samples.map((sample) => read(sample)[name] ?? 0)
      rows.push({name: `${prefix}${name}`, tier, kind, values})
    }
  }
  add('gauge', 'exact', '', exactGauges)
  add('gauge', 'exact', 'listeners of ', ({listeners}) => listeners)
  add('gauge', 'exact', 'handles ', ({resources}) => resources)
  add('gauge', 'exact', '', ({files}) => (files === null ? {} : {'open files': files}))
  add('objects', 'total', '', ({objects}) => ({'live objects': objects}))
  add('objects', 'total', '', ({items}) => ({
    'keys in Maps': items.Map,
    'members of Sets': items.Set,
    'items of arrays': items.Array,
    'properties of objects': items.Object,
  }))
  add('objects', 'exact', 'class ', ({classes}) => classes)
  return rows
}

function exactGauges({gauges}: ProcessSample): Record<string, number> {
  const exact = Object.entries(gauges).filter(([, {kind}]) => kind === 'exact')
  return Object.fromEntries(exact.map(([name, {value}]) => [name, value]))
}

export interface CacheRow {
  readonly name: string
  readonly values: readonly number[]
}

/** Gauges that may grow up to a bound, or empty by themselves. */
export function cachesOf(samples: readonly ProcessSample[]): CacheRow[] {
  const names = new Set(samples.flatMap(({gauges}) =>
    Object.entries(gauges).filter(([, {kind}]) => kind !== 'exact').map(([name]) => name)))
  return [...names].map((name) => ({
    name, values: samples.map(({gauges}) => gauges[name]?.value ?? 0),
  }))
}

/** A cache explains a row whose increments follow its own so closely. */
const EXPLAINED = 0.6
/** Objects of one entry at most. */
const OBJECTS_EACH_MAX = 40

/** Of the row, what its increments do not owe to the caches'. */
export function withoutCaches(
  {values, kind}: Pick<Row, 'values' | 'kind'>, caches: readonly CacheRow[],
): readonly number[] {
  let left = values
  for (const cache of caches) {
    const steps = increments(cache.values)
    const grown = increments(left)
    const square = steps.reduce((sum, step) => sum + step * step, 0)
    if (square === 0) continue
    const each = steps.reduce((sum, step, index) => sum + step * (grown[index] ?? 0), 0) / square
    if (each <= 0 || each > OBJECTS_EACH_MAX) continue
    const rest = left.map((value, index) => value - each * (cache.values[index] ?? 0))
    const before = sumOfSquares(grown)
    if (sumOfSquares(increments(rest)) <= (1 - EXPLAINED) * before) left = rest
  }
  return kind === 'total' ? withoutEntries(left, caches) : withoutFew(left, caches)
}

/** Of a cache that has few entries, seldom a new one, the steps are lost in those of others. */
const FEW_MAX = 100
const FEW_EACH_MAX = 2
const LEFT_MAX = 0.3

/** What sums up much has so much noise that it hides them: one object an entry is taken from it. */
function withoutEntries(
  values: readonly number[], caches: readonly CacheRow[],
): readonly number[] {
  const few = caches.filter((cache) => rise(cache.values) > 0 && rise(cache.values) <= FEW_MAX)
  return values.map((value, index) =>
    few.reduce((left, cache) => left - (cache.values[index] ?? 0), value))
}

/** A row that rises by what a small cache does, one or two objects an entry, is that cache. */
function withoutFew(values: readonly number[], caches: readonly CacheRow[]): readonly number[] {
  const by = rise(values)
  for (const cache of caches) {
    const entries = rise(cache.values)
    const each = Math.round(by / entries)
    if (entries <= 0 || entries > FEW_MAX || each < 1 || each > FEW_EACH_MAX) continue
    const rest = values.map((value, index) => value - each * (cache.values[index] ?? 0))
    if (Math.max(...rest) - Math.min(...rest) <= LEFT_MAX * by) return rest
  }
  return values
}

/** The mesh had another master so often: what a node holds by its role is not the same any more. */
const UPHEAVALS_MIN = 3

/**
 * Changes of the master that make what a node holds another thing: its own, for it leads now or
 * does not any more, or many.
 */
export function upheavals(
  caches: readonly CacheRow[], leads: readonly (boolean | undefined)[],
): number {
  const terms = caches.find(({name}) => name === 'termEnds')
  const count = terms === undefined ? 0 : rise(terms.values)
  const own = leads.filter((now, index) => index > 0 && leads[index - 1] === !now).length
  return count >= UPHEAVALS_MIN ? count : own
}

function sumOfSquares(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value * value, 0)
}

/** A cache that took so many of the connections' own entries is still being filled. */
const FILLING_SHARE = 0.05

export function fillingCaches(caches: readonly CacheRow[], connections: number): string[] {
  return caches
    .filter(({values}) => {
      const lastThird = values.slice(-Math.max(3, Math.floor(values.length / 3)))
      return rise(values) > FILLING_SHARE * connections && rise(lastThird) > 0
    })
    .map(({name, values}) => `${name} ${values[0]} → ${values.at(-1)}`)
}
