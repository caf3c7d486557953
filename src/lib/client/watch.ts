/**
 * Notices a connection that is silent. A browser does not see the pings of the protocol, and a
 * socket whose other end is gone (a laptop slept, a Wi-Fi was left) stays open for minutes.
 */
import {nowMs} from './environment.js'
import {TIMER_MS_MAX} from './settings.js'

export class Watch {
  readonly #ask: () => void
  readonly #lost: () => void
  #heardMs = 0
  #quietMs = 0
  #answerMs = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  /** `ask` is to make the node say something; `lost` is called when it does not. */
  constructor(ask: () => void, lost: () => void) {
    this.#ask = ask
    this.#lost = lost
  }

  /** The node says something at least every `heartbeatMs`. */
  start(heartbeatMs: number): void {
    this.#quietMs = Math.min(TIMER_MS_MAX, heartbeatMs * 1.2 + 1000)
    this.#answerMs = Math.min(5000, heartbeatMs / 5 + 1000)
    this.heard()
    this.#look(this.#quietMs)
  }

  heard(): void {
    this.#heardMs = nowMs()
  }

  /** The network may be another one: whether the node is still there is asked at once. */
  ask(): void {
    const askedMs = nowMs()
    this.#ask()
    this.#arm(this.#answerMs, () => {
      if (this.#heardMs >= askedMs) this.#look(this.#quietMs)
      else this.#lost()
    })
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** No timer is set anew for each message. */
  #look(inMs: number): void {
    this.#arm(inMs, () => {
      const leftMs = this.#heardMs + this.#quietMs - nowMs()
      if (leftMs > 0) this.#look(leftMs)
      else this.ask()
    })
  }

  #arm(inMs: number, then: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(then, inMs)
  }
}
