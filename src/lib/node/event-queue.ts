/**
 * The one way into the core: events are stepped one after the other, their effects performed in
 * order, and what happened in one turn of the event loop is flushed together at its end, so that
 * frames carry many messages.
 */
import type {MeshEffect} from '../mesh/effect.js'
import type {MeshEvent} from '../mesh/event.js'
import {assert} from '../util/assert.js'

/** Who comes so long after the last flush comes alone: nobody else of this turn is waited for. */
const ALONE_MS = 2

/** The part of MeshCore that the queue drives. */
export interface Steppable {
  step(event: MeshEvent, now: number): MeshEffect[]
}

export interface QueueDriver {
  readonly core: Steppable
  readonly now: () => number
  readonly perform: (effect: MeshEffect) => void
  /** After a flush: what the sockets gathered goes out now, not a turn later. */
  readonly flushed: () => void
}

export class EventQueue {
  #driver: QueueDriver | undefined
  #events: MeshEvent[] = []
  #isRunning = false
  #isStopped = false
  #isFlushDue = false
  #flushedAtMs = -Infinity

  /** Events pushed before this wait for it. */
  start(driver: QueueDriver): void {
    assert(this.#driver === undefined, 'The queue was started twice')
    this.#driver = driver
    if (this.#events.length > 0) this.#run(driver)
  }

  /** Stepped at once, or after the event that is being stepped. */
  push(event: MeshEvent): void {
    if (this.#isStopped) return
    this.#events.push(event)
    if (this.#driver !== undefined && !this.#isRunning) this.#run(this.#driver)
  }

  /** Nothing is stepped or performed after this. */
  stop(): void {
    this.#isStopped = true
    this.#events = []
  }

  #run(driver: QueueDriver): void {
    this.#runAll(driver)
    if (this.#isFlushDue) return
    this.#isFlushDue = true
    const flush = (): void => {
      this.#isFlushDue = false
      if (!this.#isStopped) this.#flush(driver)
    }
    // What came in the same piece of bytes is there by the next tick of either.
    const isAlone = driver.now() - this.#flushedAtMs >= ALONE_MS
    if (isAlone) process.nextTick(flush)
    else setImmediate(flush)
  }

  #runAll(driver: QueueDriver): void {
    this.#isRunning = true
    try {
      for (;;) {
        const events = this.#events
        if (events.length === 0) return
        this.#events = []
        for (const event of events) this.#step(driver, event)
      }
    } finally {
      this.#isRunning = false
    }
  }

  /** A flush delivers, and that delivery is news that another flush tells: until nothing is new. */
  #flush(driver: QueueDriver): void {
    do {
      this.#isRunning = true
      try {
        this.#step(driver, {type: 'flush'})
      } finally {
        this.#isRunning = false
      }
      if (this.#events.length === 0) break
      this.#runAll(driver)
    } while (!this.#isStopped)
    driver.flushed()
    this.#flushedAtMs = driver.now()
  }

  #step(driver: QueueDriver, event: MeshEvent): void {
    if (this.#isStopped) return
    for (const effect of driver.core.step(event, driver.now())) driver.perform(effect)
  }
}
