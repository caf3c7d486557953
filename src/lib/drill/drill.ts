import type {Crowd} from './crowd.js'
import type {DrillMesh} from './drill-mesh.js'
import type {DrillNats} from './drill-nats.js'
import type {DrillStore} from './store/drill-store.js'
import type {Place} from './place.js'

/** One fault, and what must hold through it besides what always must: see verdict.ts. */
export interface Drill {
  readonly name: string
  /** What happens, in words for people. */
  readonly fault: string
  readonly promise: DrillPromise
  /** How long the fault lasts, where it lasts: in full, and in the short form. */
  readonly holdMs: readonly [full: number, short: number]
  /** Nodes can be cut off from each other: network/open-network.ts. */
  readonly needsCuts?: true
  /** Nodes can be cut off from NATS. */
  readonly cutsNats?: true
  /** A given database has to fail. */
  readonly breaksStore?: true
  /** A server of its own, whatever pool is given: skipped where MariaDB is not installed. */
  readonly store?: 'own-mariadb'
  /** Wall clocks of nodes can be shifted. */
  readonly shiftsClocks?: true
  /** Only with that relay; otherwise with both, where it does not cut links. */
  readonly relay?: 'nats' | 'master'
  /** Nodes listen to faults that cannot be made from outside. */
  readonly hasInnerFaults?: true
  /** How many nodes, where the drill says so itself. */
  readonly nodes?: number
  /** All nodes start at once, rather than one and then the others. */
  readonly startsTogether?: true
  /**
   * Does the fault and heals it; resolves when nothing more is broken on purpose. Calls `strike`
   * at the moment of the fault.
   */
  run(context: DrillContext): Promise<void>
}

export interface DrillPromise {
  /** Messages flow again, at every node that the fault does not hit itself, within so long. */
  readonly firstMs: number
  /** Every message that was sent has a receipt: the fault is shorter than 10 s for publishers. */
  readonly isAnswered: boolean
  /** Where a longer silence is allowed than WITHIN.gapMs. */
  readonly gapMs?: number
  readonly masterChangesMax?: number
  /** No client that lost its node is longer without one than its own pauses, and so long. */
  readonly backMs?: number
}

export interface DrillContext {
  /** A line of progress, for people. */
  readonly report: (line: string) => void
  readonly mesh: DrillMesh
  readonly store: DrillStore
  readonly nats?: DrillNats | undefined
  readonly crowd: Crowd
  readonly isShort: boolean
  readonly holdMs: number
  /**
   * Now it happens, to these nodes: what their own clients wait is not measured. With `fault`, the
   * time counts from when that is done: a cut that is not yet made hurts nobody.
   */
  readonly strike: (victims: readonly Place[], fault?: () => Promise<void>) => Promise<void>
  /** As long as the fault lasts, and until messages flow again at every node that was not hit. */
  readonly hold: () => Promise<void>
  readonly sleep: (ms: number) => Promise<void>
  /** What must be so soon after a fault: broken when it is not. */
  readonly expect: (what: string, isSo: () => Promise<boolean>) => Promise<void>
  /** The machine was too busy to do the fault as it should be: changes of master do not count. */
  readonly excuse: (why: string) => void
  /** A promise of this drill alone is broken. */
  readonly broken: (what: string) => void
}
