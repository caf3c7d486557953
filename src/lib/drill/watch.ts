/** What is measured around a fault: when messages came again, and for how long none came. */
export class GapWatch {
  readonly #now: () => number
  /** By node: when the last message came to a client there. */
  readonly #lastMs = new Map<string, number>()
  /** By node: after how long the first came that was sent after the fault. */
  readonly #firstMs = new Map<string, number>()
  #victims: ReadonlySet<string> = new Set()
  #strikeMs: number | undefined
  #gapMs = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** The fault happens now. What it does to the nodes named is not measured. */
  strike(victims: readonly string[]): void {
    const nowMs = this.#now()
    this.#strikeMs = nowMs
    this.#firstMs.clear()
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
    if (!this.#firstMs.has(node) && sentMs >= this.#strikeMs) {
      this.#firstMs.set(node, nowMs - this.#strikeMs)
    }
    if (lastMs !== undefined) this.#gapMs = Math.max(this.#gapMs, nowMs - lastMs)
  }

  /** Nothing is to be expected from a node whose clients have gone. */
  forget(node: string): void {
    this.#lastMs.delete(node)
  }

  /**
   * The end of what is measured. `firstMs` is the latest of all nodes; undefined: to one of them
   * nothing came since the fault.
   */
  stop(): {readonly firstMs: number | undefined; readonly gapMs: number} {
    const nowMs = this.#now()
    const watched = [...this.#lastMs].filter(([node]) => !this.#victims.has(node))
    const gaps = watched.map(([, lastMs]) => nowMs - lastMs)
    const firsts = watched.map(([node]) => this.#firstMs.get(node) ?? Number.POSITIVE_INFINITY)
    const firstMs = Math.max(...firsts)
    this.#strikeMs = undefined
    return {
      firstMs: Number.isFinite(firstMs) ? firstMs : undefined,
      gapMs: Math.max(this.#gapMs, ...gaps),
    }
  }
}
