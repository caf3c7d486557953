/** Percentiles of few values, by nearest rank: what is printed was measured. */
export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Undefined for no values. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  const max = sorted.at(-1)
  if (max === undefined) return undefined
  const rank = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? max
  return {p50: rank(0.5), p99: rank(0.99), max}
}
