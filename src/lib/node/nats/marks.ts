/**
 * A mark is a message of this node to itself, through the stream: when it comes back, all that the
 * stream had stored before it, of what this node had asked for, has come. So it says how far this
 * node is, and from where on a new subject is whole. Many who wait share one.
 */

/** Between two marks, so that a storm of clients costs the stream little. */
const GAP_MS = 10
const TRY_MS = 1000
const WAIT_MS = 5000

interface Waiting {
  readonly done: (isMarked: boolean) => void
  readonly untilMs: number
}

export interface MarksOptions {
  readonly send: (number: number) => void
  readonly now: () => number
}

export class Marks {
  readonly #options: MarksOptions
  #number = 0
  #sentMs = -Infinity
  #isUnderWay = false
  /** Who is answered by the mark that is under way, and by the one after it. */
  #these: Waiting[] = []
  #next: Waiting[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: MarksOptions) {
    this.#options = options
  }

  get last(): number {
    return this.#number
  }

  get waiting(): number {
    return this.#these.length + this.#next.length
  }

  /** Resolves when a mark that was sent from now on is back; to false when none is in time. */
  wait(): Promise<boolean> {
    return new Promise((done) => {
      this.#next.push({done, untilMs: this.#options.now() + WAIT_MS})
      this.#goOn()
    })
  }

  /** One came back. */
  arrived(number: number): void {
    if (!this.#isUnderWay || number !== this.#number) return
    this.#isUnderWay = false
    const these = this.#these
    this.#these = []
    for (const {done} of these) done(true)
    this.#goOn()
  }

  /** Expected several times a second. */
  sweep(): void {
    const nowMs = this.#options.now()
    this.#these = this.#unexpired(this.#these, nowMs)
    this.#next = this.#unexpired(this.#next, nowMs)
    // It may be lost with a leader or a connection; it says as much when it is sent again.
    if (this.#isUnderWay && nowMs - this.#sentMs >= TRY_MS) this.#send()
  }

  stop(): void {
    clearTimeout(this.#timer)
    for (const {done} of [...this.#these, ...this.#next]) done(false)
    this.#these = []
    this.#next = []
  }

  #unexpired(waiting: readonly Waiting[], nowMs: number): Waiting[] {
    return waiting.filter(({done, untilMs}) => {
      if (nowMs < untilMs) return true
      done(false)
      return false
    })
  }

  #goOn(): void {
    if (this.#isUnderWay || this.#next.length === 0 || this.#timer !== undefined) return
    const waitMs = GAP_MS - (this.#options.now() - this.#sentMs)
    if (waitMs > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#goOn()
      }, waitMs)
      return
    }
    this.#isUnderWay = true
    this.#these = this.#next
    this.#next = []
    this.#send()
  }

  #send(): void {
    this.#number += 1
    this.#sentMs = this.#options.now()
    this.#options.send(this.#number)
  }
}
