import type {OriginCounter} from '../protocol/node-frame.js'
import type {NodeId} from '../util/brand.js'

/** Origins that are remembered; of more, those go that were not heard for the longest time. */
const ORIGINS_MAX = 10_000
/** As many as may be over it until they go, all at once. */
const OVER_MAX = 1000

interface Heard {
  counter: number
  /** Which message it was of all that were heard. */
  at: number
}

/** The last counter of each origin: what is not above it is a repeat. */
export class Origins {
  readonly #heard = new Map<NodeId, Heard>()
  #last = 0

  constructor(origins: readonly OriginCounter[] = []) {
    for (const {origin, counter} of origins) this.hear(origin, counter)
  }

  get size(): number {
    return this.#heard.size
  }

  counterOf(origin: NodeId): number | undefined {
    return this.#heard.get(origin)?.counter
  }

  hear(origin: NodeId, counter: number): void {
    const at = (this.#last += 1)
    const known = this.#heard.get(origin)
    if (known === undefined) {
      this.#heard.set(origin, {counter, at})
      if (this.#heard.size > ORIGINS_MAX + OVER_MAX) this.#forgetOldest()
      return
    }
    known.counter = counter
    known.at = at
  }

  /** Its last message was taken back; undefined: that was its first. */
  putBack(origin: NodeId, previous: number | undefined): void {
    const known = this.#heard.get(origin)
    if (previous === undefined) this.#heard.delete(origin)
    else if (known === undefined) this.hear(origin, previous)
    else known.counter = previous
  }

  /** Those that were not heard for the longest time first; ORIGINS_MAX at most. */
  all(): OriginCounter[] {
    return this.#oldestFirst().slice(-ORIGINS_MAX)
  }

  #oldestFirst(): OriginCounter[] {
    return [...this.#heard]
      .toSorted(([, a], [, b]) => a.at - b.at)
      .map(([origin, {counter}]) => ({origin, counter}))
  }

  #forgetOldest(): void {
    for (const {origin} of this.#oldestFirst().slice(0, -ORIGINS_MAX)) this.#heard.delete(origin)
  }
}
