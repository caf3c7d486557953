/** A handler that has not ended. */
export interface RunningHandler {
  readonly deadlineMs: number
  /** Its time is over. */
  readonly expire: () => void
}

/**
 * Ends the time of handlers that run too long. All have the same time, so the oldest is the next:
 * one timer watches it, where a timer for each would be made and thrown away for every message.
 */
export class HandlerClock {
  readonly #timeoutMs: number
  /** Oldest first. */
  readonly #running = new Set<RunningHandler>()
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  began(expire: () => void): RunningHandler {
    const running = {deadlineMs: performance.now() + this.#timeoutMs, expire}
    this.#running.add(running)
    if (this.#timer === undefined) this.#watch(this.#timeoutMs)
    return running
  }

  /** False: its time was over before. */
  ended(running: RunningHandler): boolean {
    return this.#running.delete(running)
  }

  #watch(waitMs: number): void {
    this.#timer = setTimeout(() => this.#look(), waitMs)
    // A node that stops does not wait for handlers.
    this.#timer.unref()
  }

  #look(): void {
    this.#timer = undefined
    const nowMs = performance.now()
    for (const running of this.#running) {
      if (running.deadlineMs > nowMs) {
        this.#watch(Math.ceil(running.deadlineMs - nowMs))
        return
      }
      this.#running.delete(running)
      running.expire()
    }
  }
}
