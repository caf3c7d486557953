import {randomInteger, seededRandom, type Random} from '../util/random.js'

/** Each part of the simulation draws from its own stream: a draw here changes nothing there. */
export class SimRandom implements Random {
  readonly #random: Random

  constructor(seed: number, stream: string) {
    let mixed = seed >>> 0
    for (const letter of stream) {
      mixed = Math.imul(mixed ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0
    }
    this.#random = seededRandom(mixed)
    // Neighbouring seeds start alike; a few draws part them.
    for (let draw = 0; draw < 3; draw += 1) this.#random.next()
  }

  next(): number {
    return this.#random.next()
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.#random.next() < probability
  }

  between(min: number, max: number): number {
    return min + this.#random.next() * (max - min)
  }

  integer(min: number, max: number): number {
    return randomInteger(this.#random, min, max)
  }

  /** Waiting time of a Poisson process with this mean. */
  exponential(mean: number): number {
    return -Math.log(1 - this.#random.next()) * mean
  }

  /** Undefined for an empty list. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.integer(0, items.length - 1)]
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items]
    const shuffled: T[] = []
    while (rest.length > 0) shuffled.push(...rest.splice(this.integer(0, rest.length - 1), 1))
    return shuffled
  }
}
