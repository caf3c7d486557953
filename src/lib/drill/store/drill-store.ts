/** The pool store of a drill, and what can be done to it. */
import type {InnerFault} from '../../process/inner-faults.js'

export interface DrillStore {
  /** For people: no password. */
  readonly label: string
  /** What nodes are told: WSMESH_POOL, WSMESH_POOL_PREFIX. */
  readonly env: Readonly<Record<string, string>>
  /** Every call fails from now on, or hangs, until `up`. */
  down(): Promise<void>
  /** Every answer takes long from now on, until `up`. */
  slow(nodes: ToldNodes): Promise<void>
  /** Its process stands still from now on: it takes connections and says nothing, until `up`. */
  freeze(): Promise<void>
  up(): Promise<void>
  /** Everything that it held is gone. */
  wipe(): Promise<void>
  /** Leaves nothing behind. */
  close(): Promise<void>
}

/** Nodes, where a fault is made in themselves. */
export interface ToldNodes {
  tell(fault: InnerFault): void
}

/** Of a slow store: longer than a heartbeat, shorter than a call's time limit. */
export const SLOW_MS = 1500
