import type {Crowd} from './crowd.js'
import type {DrillMesh} from './drill-mesh.js'
import type {DrillStore} from './drill-store.js'
import type {Place} from './place.js'

/** One fault, and what must hold through it besides what always must: see verdict.ts. */
export interface Drill {
  readonly name: string
  /** What happens, in words for people. */
  readonly fault: string
  readonly promise: DrillPromise
  /** How long the fault lasts, where it lasts: in full, and in the short form. */
  readonly holdMs: readonly [full: number, short: number]
  /** Links between nodes go through proxies. */
  readonly needsCuts?: true
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
  readonly masterChangesMax?: number
}

export interface DrillContext {
  readonly mesh: DrillMesh
  readonly store: DrillStore
  readonly crowd: Crowd
  readonly isShort: boolean
  readonly holdMs: number
  /** Now it happens, to these nodes: what their own clients wait is not measured. */
  readonly strike: (victims: readonly Place[]) => void
  readonly sleep: (ms: number) => Promise<void>
  /** A promise of this drill alone is broken. */
  readonly broken: (what: string) => void
}
