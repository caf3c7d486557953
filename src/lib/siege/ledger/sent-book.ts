/** What was sent on each stream by the publishers of one process. */
export interface SentStream {
  readonly stream: number
  readonly sent: number
  /** Numbers that were refused, or whose publisher never heard of them again. */
  readonly excluded: readonly number[]
}

interface Entry {
  sent: number
  excluded: number[] | undefined
}

export class SentBook {
  readonly #streams = new Map<number, Entry>()

  /** The number of the next message on this stream. */
  next(stream: number): number {
    const entry = this.#streams.get(stream)
    if (entry === undefined) {
      this.#streams.set(stream, {sent: 1, excluded: undefined})
      return 0
    }
    entry.sent += 1
    return entry.sent - 1
  }

  exclude(stream: number, number: number): void {
    const entry = this.#streams.get(stream)
    if (entry === undefined) return
    entry.excluded ??= []
    entry.excluded.push(number)
  }

  streams(): readonly SentStream[] {
    return [...this.#streams].map(([stream, {sent, excluded}]) => ({
      stream, sent, excluded: excluded ?? [],
    }))
  }
}
