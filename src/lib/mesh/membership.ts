import type {NodeAddress} from '../protocol/node-frame.js'
import type {NodeId} from '../util/brand.js'

/** What a node writes about itself. Short texts: rows of MEMORY tables have a fixed width. */
export interface MemberInfo extends NodeAddress {
  /** Where browsers connect: --public-url, or the node's own address. At most 255 bytes. */
  readonly clientUrl: string
  /** wsmesh version. At most 32 bytes. */
  readonly version: string
  readonly pid: number
}

/** A node as a row of the pool. */
export interface Member extends MemberInfo {
  /** Rises with each join; the lowest joined first. */
  readonly order: number
  /** Rises with each heartbeat; only that it changes means anything. */
  readonly beat: number
}

/** What a compare-and-set compares. `version` rises with each write of the row. */
export interface LeaseStamp {
  readonly epoch: string
  readonly term: number
  readonly version: number
}

/** The lease row: who is master of which term, and which members count as copies. */
export interface Lease extends LeaseStamp {
  /** Undefined when nobody is: a mesh not begun, or one that was stopped in order. */
  readonly holder: NodeId | undefined
  readonly view: readonly NodeAddress[]
}

/** One read of the store. `lease` undefined: the row is missing. */
export interface PoolSnapshot {
  readonly members: readonly Member[]
  readonly lease: Lease | undefined
}
