/**
 * Wakes this thread at a time, to some microseconds. Timers of Node are whole milliseconds and up
 * to two late, which would be most of what a fast server takes. A thread that sleeps on a futex is
 * exact and costs nothing while it sleeps, but being woken by it takes some tens of microseconds:
 * it is asked to wake so much earlier, and what is left then, or when the time is near anyway, is
 * spent going round the event loop, which reads what arrives meanwhile.
 */
import {Worker} from 'node:worker_threads'
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
const LEAD_US_MAX = 250
const LEAD_STEP_US = 2
const IN_TIME = 0.7
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
  }

  /** Microseconds for which it went round the event loop with nothing to do but wait. */
  get idleRoundsUs(): number {
    return this.#idleRoundsUs
  }

  /** The next time, of `nowUs`; a later call replaces it. */
  wakeAt(atUs: number): void {
    this.#dueUs = atUs
    if (!Number.isFinite(atUs)) return
    if (atUs - nowUs() <= ROUND_US) return this.#goRound()
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
    const tookUs = nowUs() - this.#askedUs
    const isInTime = tookUs < this.#leadUs
    const leadUs = this.#leadUs + LEAD_STEP_US * (isInTime ? IN_TIME - 1 : IN_TIME)
    this.#leadUs = Math.min(LEAD_US_MAX, Math.max(0, leadUs))
    this.#askedUs = Number.POSITIVE_INFINITY
    this.#look()
  }

  #look(): void {
    if (nowUs() >= this.#dueUs) this.#onDue()
    else this.wakeAt(this.#dueUs)
  }

  #goRound(): void {
    if (this.#isGoingRound) return
    this.#isGoingRound = true
    this.#roundUs = nowUs()
    setImmediate(this.#round)
  }

  readonly #round = (): void => {
    const tookUs = nowUs() - this.#roundUs
    if (tookUs < IDLE_ROUND_US) this.#idleRoundsUs += tookUs
    this.#isGoingRound = false
    this.#look()
  }

  #ask(atUs: number): void {
    this.#askedUs = atUs
    this.#due[0] = atUs
    Atomics.add(this.#sign, 0, 1)
    Atomics.notify(this.#sign, 0)
  }
}
