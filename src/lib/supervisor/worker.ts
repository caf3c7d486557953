/** The places of a supervisor's nodes, and the processes in them. */
import type {ProbeState} from './probing.js'

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

export function emptyWorkers(count: number): readonly Worker[] {
  return Array.from({length: count}, (_, index) => ({
    index, child: undefined, successor: undefined, crashes: [], startAtMs: undefined,
    isOff: false, wasReady: false,
  }))
}

export function inWords(pauseMs: number): string {
  return pauseMs === 0 ? 'at once' : `in ${pauseMs / 1000} s`
}
