/** Places at the front that are empty are cut off when there are so many, and half of all. */
const EMPTY_MAX = 1024

/**
 * Things with ascending numbers, which come and go nearly in that order: a list, in which the
 * number says the place. One that stays long keeps a place for each that came after it.
 *
 * Not a Map, where thousands a second come and go: each table that V8 replaces points to the next,
 * so the first to reach the old generation keeps all that follow alive, with whatever was in them
 * when they were replaced. Then nothing dies young any more, and collecting costs more than the
 * work. test/lib/node/dies-young.test.ts counts it.
 */
export class Numbered<T> {
  /** Undefined: taken. The first that is not is at #start. */
  #things: (T | undefined)[] = []
  #start = 0
  /** The number of place 0. */
  #base = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The lowest number that is there; undefined when empty. */
  get first(): number | undefined {
    return this.#size === 0 ? undefined : this.#base + this.#start
  }

  /** `number` is above all that were added before. */
  add(number: number, thing: T): void {
    if (this.#size === 0) {
      this.#things = []
      this.#start = 0
      this.#base = number
    }
    while (this.#base + this.#things.length < number) this.#things.push(undefined)
    this.#things.push(thing)
    this.#size += 1
  }

  get(number: number): T | undefined {
    return number < this.#base ? undefined : this.#things[number - this.#base]
  }

  /** Another thing has the number of one that is there; otherwise nothing happens. */
  replace(number: number, thing: T): void {
    if (this.get(number) !== undefined) this.#things[number - this.#base] = thing
  }

  /** Removes and returns it; undefined if it is not there. */
  take(number: number): T | undefined {
    const thing = this.get(number)
    if (thing === undefined) return undefined
    this.#things[number - this.#base] = undefined
    this.#size -= 1
    while (this.#size > 0 && this.#things[this.#start] === undefined) this.#start += 1
    if (this.#start > EMPTY_MAX && this.#start * 2 > this.#things.length) {
      this.#things = this.#things.slice(this.#start)
      this.#base += this.#start
      this.#start = 0
    }
    return thing
  }

  /** Those with a number above `after`, in order; what was passed may be taken meanwhile. */
  *above(after: number): Generator<T> {
    let number = Math.max(this.#base + this.#start, after + 1)
    for (; number < this.#base + this.#things.length; number += 1) {
      const thing = this.get(number)
      if (thing !== undefined) yield thing
    }
  }
}
