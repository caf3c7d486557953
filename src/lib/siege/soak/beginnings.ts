/**
 * From which cycle on each process is measured. Who leads after a failover, or no longer does,
 * holds other things and runs other code: what it was says nothing of what it keeps now. Pure.
 */

export interface BeginningsOptions {
  /** So many cycles warm up who begins afresh. */
  readonly warmUpCycles: number
  /** So many are measured of each, at least. */
  readonly cycles: number
}

export class Beginnings {
  readonly #options: BeginningsOptions
  readonly #leads = new Map<string, boolean>()
  readonly #warmUntil = new Map<string, number>()
  #last = Number.POSITIVE_INFINITY

  constructor(options: BeginningsOptions) {
    this.#options = options
  }

  /** The warm-up of all of them ended with this cycle. */
  measureFrom(warmUpEnd: number): void {
    this.#last = warmUpEnd + this.#options.cycles
  }

  /** The cycle after which each was measured for long enough. */
  get lastCycle(): number {
    return this.#last
  }

  /** Another process, or another part in the mesh: this cycle is the first of its warm-up. */
  afresh(name: string, cycle: number): void {
    const until = cycle + this.#options.warmUpCycles - 1
    this.#warmUntil.set(name, until)
    this.#leads.delete(name)
    this.#last = Math.max(this.#last, until + this.#options.cycles)
  }

  /** Whether it leads after a cycle. True: its part is another than when it was last seen. */
  sees(name: string, leads: boolean): boolean {
    const isOther = this.#leads.get(name) === !leads
    this.#leads.set(name, leads)
    return isOther
  }

  isWarmUp(name: string, cycle: number): boolean {
    return cycle <= (this.#warmUntil.get(name) ?? 0)
  }
}
