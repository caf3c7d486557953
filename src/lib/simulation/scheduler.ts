/**
 * Simulated time. Tasks run in order of time, then in order of their making, so that a run is the
 * same each time. Nothing else in the simulation waits for anything.
 */
import {check} from './violation.js'

/** A mesh under load makes some 1 task each ms; frames that answer each other make more. */
const TASKS_PER_MS_MAX = 20
const TASKS_MAX = 50_000

interface Task {
  readonly atMs: number
  readonly sequence: number
  readonly run: () => void
}

export class Scheduler {
  /** A binary heap: the first is the next. */
  readonly #heap: Task[] = []
  /** Tasks of this very moment, in order of their making: half of all, and no work for the heap. */
  #now: Task[] = []
  #nowIndex = 0
  #sequence = 0
  #nowMs = 0
  #ran = 0

  get nowMs(): number {
    return this.#nowMs
  }

  /** Tasks run so far. */
  get ran(): number {
    return this.#ran
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.#nowMs + delayMs, run)
  }

  at(atMs: number, run: () => void): void {
    this.#sequence += 1
    const task = {atMs: Math.max(atMs, this.#nowMs), sequence: this.#sequence, run}
    if (task.atMs === this.#nowMs) this.#now.push(task)
    else this.#push(task)
  }

  /** Runs all tasks up to this time, those that they make included; then it is this time. */
  runUntil(untilMs: number): void {
    const ranMax = this.#ran + TASKS_MAX + (untilMs - this.#nowMs) * TASKS_PER_MS_MAX
    for (;;) {
      const first = this.#takeFirst(untilMs)
      if (first === undefined) break
      this.#nowMs = first.atMs
      this.#ran += 1
      const waiting = this.#heap.length + this.#now.length - this.#nowIndex
      const isQuiet = this.#ran <= ranMax && waiting <= TASKS_MAX
      check(isQuiet, 'quiet', () => `${waiting} tasks wait at ${this.#nowMs} ms`)
      first.run()
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  /** Removes the first of both: the heap may hold older ones of this very moment. */
  #takeFirst(untilMs: number): Task | undefined {
    const first = this.#heap[0]
    const now = this.#now[this.#nowIndex]
    if (now === undefined || (first !== undefined && isBefore(first, now))) {
      if (first === undefined || first.atMs > untilMs) return undefined
      this.#pop()
      return first
    }
    this.#nowIndex += 1
    if (this.#nowIndex === this.#now.length) {
      this.#now = []
      this.#nowIndex = 0
    }
    return now
  }

  #push(task: Task): void {
    const heap = this.#heap
    let index = heap.length
    heap.push(task)
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = heap[parentIndex]
      if (!parent || !isBefore(task, parent)) break
      heap[index] = parent
      index = parentIndex
    }
    heap[index] = task
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    const {length} = heap
    if (!last || length === 0) return
    let index = 0
    for (;;) {
      let childIndex = 2 * index + 1
      if (childIndex >= length) break
      const right = childIndex + 1
      let child = heap[childIndex]
      const other = right < length ? heap[right] : undefined
      if (child && other && isBefore(other, child)) {
        childIndex = right
        child = other
      }
      if (!child || !isBefore(child, last)) break
      heap[index] = child
      index = childIndex
    }
    heap[index] = last
  }
}

function isBefore(a: Task, b: Task): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)
}
