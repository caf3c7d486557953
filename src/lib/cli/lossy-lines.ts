/** What waits for a reader of stdout may be so much; then messages are left out. */
export const UNREAD_BYTES_MAX = 4 * 1024 * 1024

/** What this needs of process.stdout. */
export interface LineSink {
  readonly writableLength: number
  write(text: string): boolean
  once(event: 'drain', listener: () => void): unknown
}

/** Lines for a reader that may stop reading: whole ones are left out rather than kept for ever. */
export class LossyLines {
  readonly #sink: LineSink
  readonly #onFlow: (dropped: number) => void
  #dropped = 0

  /** `onFlow` is told how many lines were left out, once the reader has taken what waited. */
  constructor(sink: LineSink, onFlow: (dropped: number) => void) {
    this.#sink = sink
    this.#onFlow = onFlow
  }

  /** Whether the line was written. */
  write(text: string): boolean {
    if (this.#sink.writableLength <= UNREAD_BYTES_MAX) {
      this.#sink.write(`${text}\n`)
      return true
    }
    if (this.#dropped === 0) this.#sink.once('drain', () => this.#flows())
    this.#dropped += 1
    return false
  }

  #flows(): void {
    const dropped = this.#dropped
    this.#dropped = 0
    this.#onFlow(dropped)
  }
}
