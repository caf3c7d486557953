/**
 * Where a mesh keeps its pool: who is a member, and who holds the lease. Two adapters behave the
 * same, `sqlite/` and `mysql/`, and pass one contract suite (test/contract/pool-store-contract.ts).
 *
 * A store says nothing about time. Heartbeats and the lease's version are counters: a reader
 * decides by its own monotonic clock how long one has not changed, so nobody's clock is compared
 * with another's (design: no wall clock anywhere, the store's included).
 */
import type {Lease, LeaseStamp, Member, MemberInfo} from '../mesh/membership.js'
import type {NodeId} from '../util/brand.js'

/**
 * Every method may reject with a WsmeshError: POOL_UNREACHABLE (also: timed out, connection
 * lost, no such host), POOL_DENIED (wrong password, no privilege), POOL_READ_ONLY,
 * POOL_FOREIGN_HOST. After a rejection a write may or may not have happened: read again.
 * A store heals by itself: after an outage the next call works, and tables or files that vanished
 * are made again, empty.
 */
export interface PoolStore {
  /** The pool's URL with any password as ***: for people and logs. */
  readonly label: string

  /**
   * Makes tables or file where there are none. Who makes the lease table also puts the first row
   * in it (random epoch, term 0, no holder, empty view), so that the first node need not wait to
   * see whether a missing row is a wiped one.
   */
  init(): Promise<void>

  /**
   * Adds a member and returns its order: larger than that of every row there is. A member that is
   * there already keeps its row and order; its info is replaced.
   */
  join(info: MemberInfo): Promise<number>

  /** Adds one to the member's beat; false when it has no row (evicted, or the store was emptied). */
  heartbeat(id: NodeId): Promise<boolean>

  /** All members in join order. */
  list(): Promise<readonly Member[]>

  /** The lease row from the primary; undefined when there is none. */
  readLease(): Promise<Lease | undefined>

  /**
   * Compare-and-set, the only way the lease changes: claim, renew, change of view, release and
   * rewrite all are one. Writes `next` and returns true only if the row's epoch, term and version
   * are still those of `expected`; with `expected` undefined only if there is no row.
   */
  swapLease(expected: LeaseStamp | undefined, next: Lease): Promise<boolean>

  /** Removes the row of a member that went by itself, or that others give up. Unknown ids are fine. */
  remove(id: NodeId): Promise<void>

  /** Ends connections and workers. Calls that wait are rejected; later calls too. */
  close(): Promise<void>
}
