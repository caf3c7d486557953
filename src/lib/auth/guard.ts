/**
 * What stands between clients and somebody else's server: so many questions at once, so many that
 * wait, and none at all for a while when it has stopped to answer (a circuit breaker, after
 * Nygard's "Release It!"). A storm of clients that come back must not keep a database down.
 */
export interface GuardOptions {
  /** Questions under way at once. */
  readonly atOnce: number
  /** Questions that wait for one of these to end; more are turned away. */
  readonly waitingMax: number
  /** Milliseconds that never fall. */
  readonly now: () => number
  /** Said once when it opens, with what the last failure was; and once when it closes. */
  readonly onOpen: (error: unknown) => void
  readonly onClose: () => void
}

/** Failures in a row that open it. */
export const FAILURES_MAX = 5
/** How long it is open for; each probe that fails doubles it. */
export const OPEN_MS = 1000
export const OPEN_MS_MAX = 30_000

/** A question that was not asked. */
export class NotAsked extends Error {
  override readonly name = 'NotAsked'
}

interface Waiting {
  readonly start: () => void
  readonly refuse: (error: NotAsked) => void
}

type Circuit =
  | {readonly type: 'closed'; readonly failures: number}
  | {readonly type: 'open'; readonly untilMs: number; readonly openMs: number}
  /** One question is under way, to see; others wait for what becomes of it. */
  | {readonly type: 'probing'; readonly openMs: number}

export class Guard {
  readonly #options: GuardOptions
  #circuit: Circuit = {type: 'closed', failures: 0}
  #running = 0
  /** In the order of their coming. */
  #waiting: Waiting[] = []

  constructor(options: GuardOptions) {
    this.#options = options
  }

  /**
   * Asks when there is room. The question rejects when the other side failed, not when the answer
   * is no. Rejects with NotAsked when it was not asked at all.
   */
  async ask<T>(question: () => Promise<T>): Promise<T> {
    const isProbe = this.#startsProbe()
    if (!isProbe) await this.#enter()
    try {
      const answer = await question()
      this.#succeeded(isProbe)
      return answer
    } catch (error) {
      this.#failed(isProbe, error)
      throw error
    } finally {
      this.#running -= 1
      this.#letIn()
    }
  }

  #startsProbe(): boolean {
    const circuit = this.#circuit
    if (circuit.type !== 'open' || this.#options.now() < circuit.untilMs) return false
    this.#circuit = {type: 'probing', openMs: circuit.openMs}
    this.#running += 1
    return true
  }

  /** Resolves with a place, which counts as running from when it is given. */
  async #enter(): Promise<void> {
    if (this.#circuit.type === 'open') throw new NotAsked(OPEN)
    if (this.#circuit.type === 'closed' && this.#running < this.#options.atOnce) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= this.#options.waitingMax) {
      throw new NotAsked('too many wait for an answer')
    }
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({start: resolve, refuse: reject})
    })
  }

  #letIn(): void {
    while (this.#circuit.type === 'closed' && this.#running < this.#options.atOnce) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#running += 1
      next.start()
    }
  }

  /** Those that were asked before it opened say nothing of how it is now. */
  #succeeded(isProbe: boolean): void {
    if (!isProbe && this.#circuit.type !== 'closed') return
    this.#circuit = {type: 'closed', failures: 0}
    if (isProbe) this.#options.onClose()
  }

  #failed(isProbe: boolean, error: unknown): void {
    const circuit = this.#circuit
    if (isProbe && circuit.type === 'probing') {
      this.#open(Math.min(OPEN_MS_MAX, circuit.openMs * 2))
    } else if (circuit.type === 'closed') {
      const failures = circuit.failures + 1
      this.#circuit = {type: 'closed', failures}
      if (failures < FAILURES_MAX) return
      this.#open(OPEN_MS)
      this.#options.onOpen(error)
    }
  }

  #open(openMs: number): void {
    this.#circuit = {type: 'open', untilMs: this.#options.now() + openMs, openMs}
    const waiting = this.#waiting
    this.#waiting = []
    for (const {refuse} of waiting) refuse(new NotAsked(OPEN))
  }
}

const OPEN = 'it failed again and again, and is left alone for a moment'
