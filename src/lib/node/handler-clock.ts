/** A handler that has not ended. */
export interface RunningHandler {
  readonly deadlineMs: number
  /** Its time is over. */
  readonly expire: () => void
  /** Its neighbours in the order in which they began. */
  before: RunningHandler | undefined
  after: RunningHandler | undefined
  isRunning: boolean
}

/**
 * Ends the time of handlers that run too long. All have the same time, so the oldest is the next:
 * one timer watches it, where a timer for each would be made and thrown away for every message.
 * They may end in any order, thousands a second: a linked list, and not a Set, for the reason that
 * `Numbered` has. One that leaves lets go of its neighbours, or it would keep them for as long as
 * it lies in the old generation itself.
 */
export class HandlerClock {
  readonly #timeoutMs: number
  #oldest: RunningHandler | undefined
  #newest: RunningHandler | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  began(expire: () => void): RunningHandler {
    const deadlineMs = performance.now() + this.#timeoutMs
    const before = this.#newest
    const running = {deadlineMs, expire, before, after: undefined, isRunning: true}
    if (before === undefined) this.#oldest = running
    else before.after = running
    this.#newest = running
    if (this.#timer === undefined) this.#watch(this.#timeoutMs)
    return running
  }

  /** False: its time was over before. */
  ended(running: RunningHandler): boolean {
    if (!running.isRunning) return false
    running.isRunning = false
    const {before, after} = running
    if (before === undefined) this.#oldest = after
    else before.after = after
    if (after === undefined) this.#newest = before
    else after.before = before
    running.before = undefined
    running.after = undefined
    return true
  }

  #watch(waitMs: number): void {
    this.#timer = setTimeout(() => this.#look(), waitMs)
    // A node that stops does not wait for handlers.
    this.#timer.unref()
  }

  #look(): void {
    this.#timer = undefined
    const nowMs = performance.now()
    for (let oldest = this.#oldest; oldest !== undefined; oldest = this.#oldest) {
      if (oldest.deadlineMs > nowMs) {
        this.#watch(Math.ceil(oldest.deadlineMs - nowMs))
        return
      }
      this.ended(oldest)
      oldest.expire()
    }
  }
}
