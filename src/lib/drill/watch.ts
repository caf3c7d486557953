/** What is measured around a fault: when messages came again, and for how long none came. */
import {spreadOf} from './percentile.js'

export interface Measured {
  /** Half of what was delivered before the fault came within so long of its sending. */
  readonly calmMs: number | undefined
  /** Undefined: to a node that was not hit nothing came since the fault. */
  readonly firstMs: number | undefined
  readonly gapMs: number
}

export class GapWatch {
  readonly #now: () => number
  /** By node: when the last message came to a client there. */
  readonly #lastMs = new Map<string, number>()
  /** By node: after how long the first came that was sent after the fault. */
  readonly #firstMs = new Map<string, number>()
  /** Hit by the fault, or left by their clients since: what comes there later is no first. */
  #spared: ReadonlySet<string> = new Set()
  readonly #deserted = new Set<string>()
  #strikeMs: number | undefined
  #gapMs = 0
  /** Of what was delivered before the fault: from sending to delivery. */
  #latencyMs: number[] = []
  #calmMs: number | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /** Forgets what was measured before. */
  begin(): void {
    this.#latencyMs = []
    this.#calmMs = undefined
  }

  /** The fault happens now. What it does to the nodes named is not measured. */
  strike(victims: readonly string[]): void {
    const nowMs = this.#now()
    this.#strikeMs = nowMs
    this.#calmMs = spreadOf(this.#latencyMs)?.p50
    this.#firstMs.clear()
    this.#gapMs = 0
    this.#spared = new Set(victims)
    this.#deserted.clear()
    for (const name of this.#lastMs.keys()) this.#lastMs.set(name, nowMs)
  }

  /** A message sent at `sentMs` reached a client of this node. */
  delivered(node: string, sentMs: number): void {
    const nowMs = this.#now()
    const lastMs = this.#lastMs.get(node)
    this.#lastMs.set(node, nowMs)
    if (this.#strikeMs === undefined) this.#latencyMs.push(nowMs - sentMs)
    if (this.#strikeMs === undefined || this.#spared.has(node)) return
    if (!this.#firstMs.has(node) && sentMs >= this.#strikeMs) {
      this.#firstMs.set(node, nowMs - this.#strikeMs)
    }
    if (lastMs !== undefined) this.#gapMs = Math.max(this.#gapMs, nowMs - lastMs)
  }

  /** Nothing is to be expected from a node whose clients have gone. */
  forget(node: string): void {
    this.#lastMs.delete(node)
    this.#deserted.add(node)
  }

  /** Whether all that is watched has had something that was sent after the fault. */
  get isFlowing(): boolean {
    const wanted = [...this.#lastMs.keys()].filter((node) => this.#isWatched(node))
    return wanted.every((node) => this.#firstMs.has(node))
  }

  #isWatched(node: string): boolean {
    return !this.#spared.has(node) && !this.#deserted.has(node)
  }

  /** The end of what is measured. `firstMs` is the latest of all nodes. */
  stop(): Measured {
    const nowMs = this.#now()
    const watched = [...this.#lastMs].filter(([node]) => !this.#spared.has(node))
    const gaps = watched.map(([, lastMs]) => nowMs - lastMs)
    const firsts = watched.filter(([node]) => this.#isWatched(node))
      .map(([node]) => this.#firstMs.get(node) ?? Number.POSITIVE_INFINITY)
    const firstMs = firsts.length === 0 ? 0 : Math.max(...firsts)
    this.#strikeMs = undefined
    return {
      calmMs: this.#calmMs,
      firstMs: Number.isFinite(firstMs) ? firstMs : undefined,
      gapMs: Math.max(this.#gapMs, ...gaps),
    }
  }
}
