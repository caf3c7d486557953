/**
 * GETs at one HTTP address, as fast as answers come: what /healthz bears. autocannon does it. Its
 * rates and its correction of latencies are not used (they are wrong: docs/SIEGE.md), and times are
 * taken in microseconds from each answer. It is a closed loop, so what it gives is service time.
 */
import type {Instance, Result} from 'autocannon'
import {CountedErrors} from '../measure/counted.js'
import {HealthWatch} from '../measure/health.js'
import {encode, newHistogram, record} from '../measure/histograms.js'
import {BINS} from '../attack/field.js'
import {eachMeter, emptyTally} from '../attack/job.js'
import type {Attack, AttackJob, OnSecond, OpenResult, PartFinal, PartSent} from '../attack/job.js'

export class HttpAttack implements Attack {
  readonly #job: AttackJob
  readonly #onSecond: OnSecond
  readonly #tally = emptyTally()
  readonly #errors = new CountedErrors()
  readonly #health = new HealthWatch()
  readonly #service = newHistogram()
  #second = newHistogram()
  #instance: Instance | undefined
  #timer: NodeJS.Timeout | undefined
  #startMs = 0

  constructor(job: AttackJob, onSecond: OnSecond) {
    this.#job = job
    this.#onSecond = onSecond
  }

  /** One request first: a server that is not there needs no load. */
  async open(): Promise<OpenResult> {
    const [target] = this.#job.targets
    const {connections} = this.#job.audience
    try {
      const response = await fetch(target?.clientUrl ?? '', {
        signal: AbortSignal.timeout(this.#job.timeoutMs), redirect: 'manual',
      })
      await response.arrayBuffer()
      return {wanted: connections, open: connections, errors: []}
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      this.#failed(cause instanceof Error ? cause.message : String(cause))
      return {wanted: connections, open: 0, errors: this.#errors.list()}
    }
  }

  async load(): Promise<PartSent> {
    const {default: autocannon} = await import('autocannon')
    const {audience, targets, stretches, timeoutMs} = this.#job
    const durationS = stretches.reduce((sum, stretch) => sum + stretch.durationS, 0)
    this.#startMs = performance.now()
    this.#health.begin()
    this.#everySecond(1)
    this.#tally.connected = audience.connections
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null, result: Result): void => {
        if (error !== null) return reject(error)
        this.#tally.unanswered += result.timeouts
        resolve()
      }
      this.#instance = autocannon({
        url: targets[0]?.clientUrl ?? '',
        connections: audience.connections,
        duration: durationS,
        timeout: Math.ceil(timeoutMs / 1000),
      }, done)
      this.#instance.on('response', (_client, status, bytes, ms) => {
        this.#answered(status, bytes, ms)
      })
      this.#instance.on('reqError', (error) => {
        this.#failed(error instanceof Error ? error.message : String(error))
        this.#tally.unanswered += 1
      })
    })
    this.#health.end()
    return {streams: []}
  }

  async settle(): Promise<void> {}

  async finish(): Promise<PartFinal> {
    clearTimeout(this.#timer)
    return {
      tally: this.#tally,
      lost: 0,
      expected: 0,
      histograms: eachMeter((meter) => (meter === 'service' ? encode(this.#service) : '')),
      stretches: [],
      errors: this.#errors.list(),
      closes: [],
      connections: [],
      fastest: [],
      health: this.#health.final(),
    }
  }

  retarget(): void {}

  stop(): void {
    // It is in the types since 8; older ones had it too.
    this.#instance?.stop?.()
  }

  destroy(): void {
    clearTimeout(this.#timer)
    this.stop()
  }

  #answered(status: number, bytes: number, ms: number): void {
    this.#tally.sent += 1
    this.#tally.bytesReceived += bytes
    if (status >= 200 && status < 300) {
      this.#tally.accepted += 1
      record(this.#service, ms * 1000)
      record(this.#second, ms * 1000)
    } else {
      this.#tally.refused += 1
      this.#failed(`answered with HTTP ${status}`)
    }
  }

  #failed(text: string): void {
    this.#tally.errors += 1
    this.#errors.add(text, this.#startMs === 0 ? -1 : (performance.now() - this.#startMs) / 1000)
  }

  #everySecond(second: number): void {
    const dueMs = this.#startMs + second * 1000 - performance.now()
    this.#timer = setTimeout(() => {
      const histogram = encode(this.#second)
      this.#second = newHistogram()
      this.#onSecond({
        atS: second, isLoad: true, tally: {...this.#tally}, histogram,
        bins: Array.from({length: BINS}, () => 0), ...this.#health.second(),
      })
      this.#everySecond(second + 1)
    }, Math.max(0, dueMs))
  }
}
