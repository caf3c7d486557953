/** The places of a supervisor's nodes, and the processes in them. */
import type {ProbeState} from './probing.js'
import {describeEnd, type ChildEnd} from './restart-policy.js'

export type Phase = 'starting' | 'ready' | 'draining' | 'dying'

export interface Child {
  readonly key: number
  readonly worker: number
  readonly startedMs: number
  phase: Phase
  phaseMs: number
  probe: ProbeState
  /** Samples in a row that were above the limit. */
  fat: number
  /** Why it was killed by us: "hung (no answer in 2 s) in spin (…)". */
  killed: string | undefined
}

export interface Worker {
  readonly index: number
  child: Child | undefined
  /** It takes the child's place once it is ready. */
  successor: Child | undefined
  crashes: readonly number[]
  startAtMs: number | undefined
  /** Somebody stopped its node, not us: it stays so. */
  isOff: boolean
  wasReady: boolean
}

export interface Roll {
  readonly worker: number
  readonly why: 'reload' | 'memory'
  /** When its turn came. */
  readonly sinceMs: number
}

export class Roster {
  readonly workers: readonly Worker[]
  /** Drained or killed by us, not ended yet. */
  readonly leaving = new Map<number, Child>()

  constructor(count: number) {
    this.workers = Array.from({length: count}, (_, index) => ({
      index, child: undefined, successor: undefined, crashes: [], startAtMs: undefined,
      isOff: false, wasReady: false,
    }))
  }

  find(key: number): {readonly child: Child; readonly worker: Worker} | undefined {
    for (const worker of this.workers) {
      const child = [worker.child, worker.successor].find((each) => each?.key === key)
      if (child !== undefined) return {child, worker}
    }
    const child = this.leaving.get(key)
    const worker = child && this.workers[child.worker]
    return child && worker && {child, worker}
  }

  children(): readonly Child[] {
    const placed = this.workers.flatMap(({child, successor}) => [child, successor])
    return [...placed.filter((child) => child !== undefined), ...this.leaving.values()]
  }
}

/** Behind "The node": "hung (no answer in 2 s) in spin (…)", "was killed by SIGKILL". */
export function howEnded({killed}: Child, end: ChildEnd): string {
  return killed ?? describeEnd(end)
}

export function inWords(pauseMs: number): string {
  return pauseMs === 0 ? 'at once' : `in ${pauseMs / 1000} s`
}
