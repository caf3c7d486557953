/**
 * What became of the pings of one target. Least, mean and most are of all; the 99th percentile of
 * the newest SAMPLES_MAX, so that a ping of weeks stays small.
 */
const SAMPLES_MAX = 100_000

/** Numbers of one target, or of all of them; times are null where nothing came back. */
export interface PingSummary {
  readonly sent: number
  readonly answered: number
  readonly lost: number
  readonly minMs: number | null
  readonly avgMs: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
}

export class PingBook {
  #answered = 0
  #lost = 0
  #sumMs = 0
  #minMs = Infinity
  #maxMs = 0
  readonly #samplesMs: number[] = []

  answered(ms: number): void {
    this.#samplesMs[this.#answered % SAMPLES_MAX] = ms
    this.#answered += 1
    this.#sumMs += ms
    this.#minMs = Math.min(this.#minMs, ms)
    this.#maxMs = Math.max(this.#maxMs, ms)
  }

  lost(): void {
    this.#lost += 1
  }

  summary(): PingSummary {
    const answered = this.#answered
    const counts = {sent: answered + this.#lost, answered, lost: this.#lost}
    if (answered === 0) return {...counts, minMs: null, avgMs: null, p99Ms: null, maxMs: null}
    return {
      ...counts,
      minMs: rounded(this.#minMs),
      avgMs: rounded(this.#sumMs / answered),
      p99Ms: rounded(percentile99(this.#samplesMs)),
      maxMs: rounded(this.#maxMs),
    }
  }
}

/** The least value that 99 % are not above (nearest rank). */
function percentile99(samplesMs: readonly number[]): number {
  const sorted = samplesMs.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? 0
}

/** To microseconds: more digits are noise. */
export function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
