/**
 * One connection's order after a refusal. What its peer sent before it could know that a message
 * was refused is refused as well: taken, it would pass the refused one, which comes again behind
 * it. The peer knows when it answers a ping that went out behind the refusal, since frames have one
 * order in each direction. Pings are numbered: a peer may answer only the last of several.
 */
export class PublishGate {
  readonly #ping: (payload: string) => void
  /** Refusals that are not told yet. */
  #untold = 0
  #lastPing = 0
  #isAnswered = true
  #isAsking = false

  constructor(ping: (payload: string) => void) {
    this.#ping = ping
  }

  /** Whether what comes now is refused for what was refused before. */
  get isShut(): boolean {
    return this.#untold > 0 || this.#isAsking || !this.#isAnswered
  }

  /** At once, when a message is refused. */
  refused(): void {
    this.#untold += 1
  }

  /** The refusal was sent to the peer. One ping follows all that are told together. */
  told(): void {
    this.#untold -= 1
    if (this.#isAsking) return
    this.#isAsking = true
    queueMicrotask(() => this.#ask())
  }

  /** The peer answered a ping. */
  ponged(payload: string): void {
    if (payload === String(this.#lastPing)) this.#isAnswered = true
  }

  #ask(): void {
    this.#isAsking = false
    this.#isAnswered = false
    this.#lastPing += 1
    this.#ping(String(this.#lastPing))
  }
}
