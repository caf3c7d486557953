/**
 * So many at once, and so many a second after that: what was not used is kept up to the capacity.
 * Time is the caller's, in milliseconds that never fall.
 */
export class TokenBucket {
  readonly #capacity: number
  readonly #perMs: number
  #tokens: number
  #atMs: number

  constructor(capacity: number, perSecond: number, nowMs: number) {
    this.#capacity = capacity
    this.#perMs = perSecond / 1000
    this.#tokens = capacity
    this.#atMs = nowMs
  }

  /** False: there are not so many, and none was taken. What costs more than fits needs all. */
  take(nowMs: number, cost = 1): boolean {
    this.#fill(nowMs)
    if (this.#tokens < Math.min(cost, this.#capacity)) return false
    this.#tokens -= cost
    return true
  }

  /** How long until `take` would be true. */
  waitMs(nowMs: number, cost = 1): number {
    this.#fill(nowMs)
    const missing = Math.min(cost, this.#capacity) - this.#tokens
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs)
  }

  /** As good as new: nobody needs to remember it. */
  isFull(nowMs: number): boolean {
    this.#fill(nowMs)
    return this.#tokens >= this.#capacity
  }

  #fill(nowMs: number): void {
    const gained = (nowMs - this.#atMs) * this.#perMs
    this.#tokens = Math.min(this.#capacity, this.#tokens + gained)
    this.#atMs = nowMs
  }
}
