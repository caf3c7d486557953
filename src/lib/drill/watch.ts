/** What is measured around a fault: when messages came again, and for how long none came. */
export class GapWatch {
  readonly #now: () => number
  readonly #lastMs = new Map<string, number>()
  #victims: ReadonlySet<string> = new Set()
  #strikeMs: number | undefined
  #firstMs: number | undefined
  #gapMs = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** The fault happens now. What it does to the nodes named is not counted as a gap. */
  strike(victims: readonly string[]): void {
    const nowMs = this.#now()
    this.#strikeMs = nowMs
    this.#firstMs = undefined
    this.#gapMs = 0
    this.#victims = new Set(victims)
    for (const name of this.#lastMs.keys()) this.#lastMs.set(name, nowMs)
  }

  /** A message sent at `sentMs` reached a client of this node. */
  delivered(node: string, sentMs: number): void {
    const nowMs = this.#now()
    const lastMs = this.#lastMs.get(node)
    this.#lastMs.set(node, nowMs)
    if (this.#strikeMs === undefined || this.#victims.has(node)) return
    if (this.#firstMs === undefined && sentMs >= this.#strikeMs) {
      this.#firstMs = nowMs - this.#strikeMs
    }
    if (lastMs !== undefined) this.#gapMs = Math.max(this.#gapMs, nowMs - lastMs)
  }

  /** Nothing is to be expected from a node whose clients have gone. */
  forget(node: string): void {
    this.#lastMs.delete(node)
  }

  /** The end of what is measured. Undefined: nothing came since the fault. */
  stop(): {readonly firstMs: number | undefined; readonly gapMs: number} {
    const nowMs = this.#now()
    for (const [node, lastMs] of this.#lastMs) {
      if (!this.#victims.has(node)) this.#gapMs = Math.max(this.#gapMs, nowMs - lastMs)
    }
    const measured = {firstMs: this.#firstMs, gapMs: this.#gapMs}
    this.#strikeMs = undefined
    return measured
  }
}
