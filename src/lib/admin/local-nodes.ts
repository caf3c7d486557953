/** Supervised nodes of this machine: started by a click, and found again by whoever comes later. */
import type {LocalNode} from './wire.js'

export type KnownLocalNode = Omit<LocalNode, 'state'>

export interface LocalNodes {
  /** Starts one more, which outlives this process. Rejects with NODE_FAILED. */
  start(): Promise<KnownLocalNode>
  /** Those that run, whoever started them in this data folder. */
  list(): Promise<readonly KnownLocalNode[]>
}
