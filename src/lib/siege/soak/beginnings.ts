/**
 * From which cycle on each process is measured. Who begins to lead, or ends to, holds other things
 * and runs other code from then on: what it was before says nothing of what it keeps now. Pure.
 */

export interface BeginningsOptions {
  /** So many cycles warm up who begins afresh. */
  readonly warmUpCycles: number
  /** So many are measured of each, at least. */
  readonly cycles: number
}

/** A mesh whose master changes all the time would be soaked for ever: then the judge doubts. */
const AFRESH_MAX = 3

export class Beginnings {
  readonly #options: BeginningsOptions
  readonly #leads = new Map<string, boolean>()
  readonly #warmUntil = new Map<string, number>()
  /** The measured cycles after which a process was begun afresh. */
  readonly #afresh = new Set<number>()
  #firstMeasured = Number.POSITIVE_INFINITY
  #last = Number.POSITIVE_INFINITY

  constructor(options: BeginningsOptions) {
    this.#options = options
  }

  /** The warm-up of all of them ended with this cycle. */
  measureFrom(warmUpEnd: number): void {
    this.#firstMeasured = warmUpEnd + 1
    this.#last = Math.max(warmUpEnd, ...this.#warmUntil.values()) + this.#options.cycles
  }

  /** The cycle after which each was measured for long enough. */
  get lastCycle(): number {
    return this.#last
  }

  /** Another process, or another part in the mesh: this cycle is the first of its warm-up. */
  afresh(name: string, cycle: number): void {
    const {warmUpCycles, cycles} = this.#options
    const until = cycle + warmUpCycles - 1
    this.#warmUntil.set(name, until)
    this.#leads.delete(name)
    if (cycle < this.#firstMeasured) return
    this.#afresh.add(cycle)
    this.#last = Math.max(this.#last, until + cycles)
  }

  /** Its part in the mesh after this cycle. True: another than before, so it was begun afresh. */
  sees(name: string, leads: boolean, cycle: number): boolean {
    const isOther = this.#leads.get(name) === !leads
    const isBegun = isOther && (this.#afresh.size < AFRESH_MAX || this.#afresh.has(cycle))
    if (isBegun) this.afresh(name, cycle)
    this.#leads.set(name, leads)
    return isBegun
  }

  isWarmUp(name: string, cycle: number): boolean {
    return cycle <= (this.#warmUntil.get(name) ?? 0)
  }
}
