/**
 * Wakes this thread at a time, to a tenth of a millisecond. Timers of Node are whole milliseconds
 * and up to two late, which would be most of what a fast server takes: a thread that sleeps on a
 * futex is exact, and costs nothing while it sleeps.
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
  } else if (leftMs > 0.02) {
    // Who moves the time nearer says so; who moves it away does not, and it is looked at again.
    Atomics.wait(sign, 0, seen, leftMs)
  } else {
    told = at
    parentPort.postMessage(0)
  }
}
`

/** Waking costs more than a message: what is due meanwhile leaves together. */
const BETWEEN_WAKES_US = 500

export class PreciseTimer {
  readonly #worker: Worker
  readonly #due: Float64Array
  readonly #sign: Int32Array
  readonly #onDue: () => void
  #dueUs = Number.POSITIVE_INFINITY
  #askedUs = Number.POSITIVE_INFINITY
  #wokenUs = 0

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

  /** The next time, of `nowUs`; a later call replaces it. */
  wakeAt(atUs: number): void {
    this.#dueUs = atUs
    // The thread sleeps until some time before: it finds the new one then, by itself.
    if (atUs >= this.#askedUs) return
    this.#ask(atUs)
  }

  close(): void {
    this.#due[0] = 0
    Atomics.add(this.#sign, 0, 1)
    Atomics.notify(this.#sign, 0)
  }

  #woken(): void {
    this.#askedUs = Number.POSITIVE_INFINITY
    this.#wokenUs = nowUs()
    if (this.#wokenUs >= this.#dueUs) this.#onDue()
    if (this.#askedUs === Number.POSITIVE_INFINITY && Number.isFinite(this.#dueUs)) {
      this.#ask(this.#dueUs)
    }
  }

  #ask(dueUs: number): void {
    const atUs = Math.max(dueUs, this.#wokenUs + BETWEEN_WAKES_US)
    this.#askedUs = atUs
    this.#due[0] = atUs
    Atomics.add(this.#sign, 0, 1)
    Atomics.notify(this.#sign, 0)
  }
}
