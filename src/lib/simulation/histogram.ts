/**
 * Times, of which a million must not cost more than a thousand. Few are kept as they are; more go
 * into buckets of 1 %, as in HdrHistogram: percentiles are then right to half a per cent, the
 * largest exactly.
 */
const EXACT_MAX = 1000
const BASE = 1.01
/** Smaller values count as this. */
const VALUE_MIN = 0.01

export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly max: number
}

export class Histogram {
  #exact: number[] = []
  readonly #counts = new Map<number, number>()
  #count = 0
  #max = 0

  get count(): number {
    return this.#count
  }

  add(value: number): void {
    this.#count += 1
    this.#max = Math.max(this.#max, value)
    if (this.#count <= EXACT_MAX) {
      this.#exact.push(value)
      return
    }
    for (const earlier of this.#exact) this.#addToBucket(earlier)
    this.#exact = []
    this.#addToBucket(value)
  }

  #addToBucket(value: number): void {
    const bucket = Math.round(Math.log(Math.max(value, VALUE_MIN)) / Math.log(BASE))
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1)
  }

  /** Null for no values. By nearest rank, to a tenth. */
  percentiles(): Percentiles | null {
    if (this.#count === 0) return null
    const [p50 = 0, p90 = 0, p99 = 0] = this.#ranks([0.5, 0.9, 0.99])
    return {count: this.#count, p50, p90, p99, max: tenths(this.#max)}
  }

  /** `shares` must rise. */
  #ranks(shares: readonly number[]): number[] {
    if (this.#exact.length > 0) {
      const sorted = this.#exact.toSorted((a, b) => a - b)
      return shares.map((share) => tenths(sorted[Math.ceil(sorted.length * share) - 1] ?? 0))
    }
    const buckets = [...this.#counts].toSorted(([a], [b]) => a - b)
    const values: number[] = []
    let seen = 0
    for (const [bucket, count] of buckets) {
      seen += count
      while (values.length < shares.length) {
        if (seen < Math.ceil(this.#count * (shares[values.length] ?? 1))) break
        values.push(tenths(Math.min(BASE ** bucket, this.#max)))
      }
    }
    return values
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}
