/**
 * Requests whose answers may be large: as many under way as fit into what a server keeps for a
 * connection that reads slowly. It drops one for which it would have to keep more, who then would
 * ask for the same again, for ever.
 */

/** A server that was told nothing keeps 64 MiB, of messages that have 1 MiB at most. */
const AT_ONCE_MAX = 32
/** While sizes are not known. */
const AT_ONCE_FIRST = 8
const BYTES_MAX = 4 * 1024 * 1024
/** After a failure: one more at once for so many answers. */
const ANSWERS_EACH = 20

export class FewAtOnce {
  readonly #waiting: (() => void)[] = []
  #underWay = 0
  #largestBytes: number | undefined
  /** What failed with more was too much, perhaps. */
  #ceiling = AT_ONCE_MAX
  #hasFailed = false

  /** `sizeOf`: of an answer, in bytes. */
  async run<Answer>(
    ask: () => Promise<Answer>, sizeOf: (answer: Answer) => number,
  ): Promise<Answer> {
    if (this.#underWay >= this.#max) await new Promise<void>((go) => this.#waiting.push(go))
    else this.#underWay += 1
    try {
      const answer = await ask()
      this.#largestBytes = Math.max(this.#largestBytes ?? 0, sizeOf(answer))
      this.#ceiling = Math.min(AT_ONCE_MAX, this.#ceiling + 1 / ANSWERS_EACH)
      this.#hasFailed = false
      return answer
    } catch (error) {
      this.#failed()
      throw error
    } finally {
      this.#underWay -= 1
      this.#letGo()
    }
  }

  get #max(): number {
    const fit = this.#largestBytes === undefined
      ? AT_ONCE_FIRST : Math.floor(BYTES_MAX / Math.max(1, this.#largestBytes))
    return Math.max(1, Math.min(Math.floor(this.#ceiling), fit))
  }

  /** All that were under way fail together: that is one failure. */
  #failed(): void {
    if (this.#hasFailed) return
    this.#hasFailed = true
    this.#ceiling = Math.max(1, this.#underWay / 2)
  }

  #letGo(): void {
    // Who is let go takes its place at once.
    for (const go of this.#waiting.splice(0, Math.max(0, this.#max - this.#underWay))) {
      this.#underWay += 1
      go()
    }
    // The next time others may be asked for.
    if (this.#underWay === 0 && this.#waiting.length === 0) this.#largestBytes = undefined
  }
}
