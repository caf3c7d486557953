/**
 * Wakes this thread at a time, to some microseconds. Timers of Node are whole milliseconds and up
 * to two late, which would be most of what a fast server takes. A thread that sleeps on a futex is
 * exact and costs nothing while it sleeps, but being woken by it takes some tens of microseconds:
 * it is asked to wake so much earlier, and what is left then, or when the time is near anyway, is
 * spent going round the event loop, which reads what arrives meanwhile.
 */
import {Worker} from 'node:worker_threads'
import {lookedAt, turnBegins, workEnds} from '../measure/arrival.js'
import {nowUs} from '../measure/clock.js'

/**
 * In words of JavaScript, so that it runs from wherever this file does. `due` is the time to wake
 * at, in microseconds of the monotonic clock; what is past was asked for once.
 */
const THREAD = `
const {parentPort, workerData} = require('node:worker_threads')
const due = new Float64Array(workerData.due)
const sign = new Int32Array(workerData.sign)
const IDLE_MS = 1000
const nowUs = () => {
  const [s, ns] = process.hrtime()
  return s * 1e6 + ns / 1000
}
let told = 0
for (;;) {
  const at = due[0]
  if (at === 0) break
  const seen = Atomics.load(sign, 0)
  const leftMs = (at - nowUs()) / 1000
  if (at === told || leftMs > IDLE_MS) {
    Atomics.wait(sign, 0, seen, IDLE_MS)
  } else if (leftMs > 0.005) {
    // Who moves the time nearer says so; who moves it away does not, and it is looked at again.
    Atomics.wait(sign, 0, seen, leftMs)
  } else {
    told = at
    parentPort.postMessage(0)
  }
}
`

/** Being woken costs about as much as going round for so long. */
const ROUND_US = 100
/** How much earlier to be woken: learnt, so that most wakes are in time, and never more. */
const LEAD_US_MAX = 400
const LEAD_STEP_US = 2
const IN_TIME = 0.9
/**
 * Of a round so much is spent without the event loop: each round leaves 400 bytes behind, and more
 * rounds would mean more collecting of garbage, each time for a millisecond.
 */
const STAY_US = 3
const LOADS = 20_000
const LEARNS = 5
/** A round that takes longer had something to do. */
const IDLE_ROUND_US = 40

export class PreciseTimer {
  readonly #worker: Worker
  readonly #due: Float64Array
  readonly #sign: Int32Array
  readonly #onDue: () => void
  #dueUs = Number.POSITIVE_INFINITY
  #askedUs = Number.POSITIVE_INFINITY
  #leadUs = 50
  #isGoingRound = false
  #roundUs = 0
  #idleRoundsUs = 0
  #loadsPerUs = 0

  constructor(onDue: () => void) {
    this.#onDue = onDue
    const due = new SharedArrayBuffer(8)
    const sign = new SharedArrayBuffer(4)
    this.#due = new Float64Array(due)
    this.#due[0] = Number.POSITIVE_INFINITY
    this.#sign = new Int32Array(sign)
    this.#worker = new Worker(THREAD, {eval: true, workerData: {due, sign}, execArgv: []})
    this.#worker.on('message', () => this.#woken())
    this.#worker.unref()
    this.#learn()
  }

  /** Microseconds for which it went round the event loop with nothing to do but wait. */
  get idleRoundsUs(): number {
    return this.#idleRoundsUs
  }

  /** The next time, of `nowUs`; a later call replaces it. */
  wakeAt(atUs: number): void {
    this.#dueUs = atUs
    if (!Number.isFinite(atUs)) return
    this.#wait(atUs, nowUs())
  }

  #wait(atUs: number, now: number): void {
    if (atUs - now <= ROUND_US) return this.#goRound(now)
    const wakeUs = atUs - this.#leadUs
    // The thread sleeps until some time before: it finds the new one then, by itself.
    if (wakeUs < this.#askedUs) this.#ask(wakeUs)
  }

  close(): void {
    this.#dueUs = Number.POSITIVE_INFINITY
    this.#due[0] = 0
    Atomics.add(this.#sign, 0, 1)
    Atomics.notify(this.#sign, 0)
  }

  #woken(): void {
    turnBegins()
    const now = nowUs()
    const tookUs = now - this.#askedUs
    const isInTime = tookUs < this.#leadUs
    const leadUs = this.#leadUs + LEAD_STEP_US * (isInTime ? IN_TIME - 1 : IN_TIME)
    this.#leadUs = Math.min(LEAD_US_MAX, Math.max(0, leadUs))
    this.#askedUs = Number.POSITIVE_INFINITY
    this.#look(now)
  }

  #look(now: number): void {
    if (now >= this.#dueUs) {
      this.#onDue()
      workEnds()
    } else if (Number.isFinite(this.#dueUs)) {
      this.#wait(this.#dueUs, now)
    }
  }

  #goRound(now: number): void {
    if (this.#isGoingRound) return
    this.#isGoingRound = true
    this.#roundUs = now
    this.#stay(Math.min(STAY_US, this.#dueUs - now))
    setImmediate(this.#round)
  }

  /** Reading the clock until then would leave garbage too. */
  #stay(forUs: number): void {
    for (let left = forUs * this.#loadsPerUs; left > 0; left -= 1) Atomics.load(this.#sign, 0)
  }

  /** How many loads go into a microsecond here, once they are compiled. */
  #learn(): void {
    for (let turn = 0; turn < LEARNS; turn += 1) {
      const startUs = nowUs()
      this.#loadsPerUs = LOADS
      this.#stay(1)
      this.#loadsPerUs = LOADS / Math.max(1, nowUs() - startUs)
    }
  }

  /** There are hundred thousands of these a second: the clock is read once. */
  readonly #round = (): void => {
    const now = nowUs()
    lookedAt(now)
    const tookUs = now - this.#roundUs
    if (tookUs < IDLE_ROUND_US) this.#idleRoundsUs += tookUs
    this.#isGoingRound = false
    this.#look(now)
  }

  #ask(atUs: number): void {
    this.#askedUs = atUs
    this.#due[0] = atUs
    Atomics.add(this.#sign, 0, 1)
    Atomics.notify(this.#sign, 0)
  }
}
