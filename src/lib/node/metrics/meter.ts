/** What a node measures beside what it counts: how long messages take, and its processor time. */
import type {MeterReading} from '../../protocol/meter-frame.js'
import {GcTimes} from './gc-times.js'
import {Latency} from './latency.js'

const PERIOD_MS = 1000

export class Meter {
  readonly relay = new Latency()
  readonly delivery = new Latency()
  readonly receipt = new Latency()
  readonly gc = new GcTimes()
  /** Messages that this turn of the event loop delivers, by when that began. */
  #delivering: {readonly sinceMs: number; readonly messages: number}[] = []
  #cpuSinceMs = 0
  #cpuBeforeUs = cpuUs()
  #cpuShare = 0

  /** Their frames are being queued to clients; `flushing` follows in the same turn. */
  delivering(sinceMs: number, messages: number): void {
    if (messages > 0) this.#delivering.push({sinceMs, messages})
  }

  /** To be called when what this turn delivers was offered; undefined: it delivers nothing. */
  flushing(now: () => number): (() => void) | undefined {
    const delivering = this.#delivering
    if (delivering.length === 0) return undefined
    this.#delivering = []
    return () => {
      const nowMs = now()
      for (const {sinceMs, messages} of delivering) this.delivery.note(nowMs - sinceMs, messages)
    }
  }

  /** Expected about every second or more often. */
  sample(nowMs: number): void {
    for (const latency of [this.relay, this.delivery, this.receipt]) latency.sample(nowMs)
    const elapsedMs = nowMs - this.#cpuSinceMs
    if (elapsedMs < PERIOD_MS) return
    const us = cpuUs()
    this.#cpuShare = (us - this.#cpuBeforeUs) / 1000 / elapsedMs
    this.#cpuBeforeUs = us
    this.#cpuSinceMs = nowMs
  }

  /** Of one core; 0 in the first second. */
  get cpuShare(): number {
    return Math.round(this.#cpuShare * 1000) / 1000
  }

  close(): void {
    this.gc.close()
  }

  latencies(): MeterReading['latency'] {
    const {relay, delivery, receipt} = this
    return {
      relay: relay.reading(), delivery: delivery.reading(), receipt: receipt.reading(),
    }
  }
}

function cpuUs(): number {
  const {user, system} = process.cpuUsage()
  return user + system
}
