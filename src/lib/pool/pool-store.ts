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
 * Every method may reject with a WsmeshError:
 * POOL_UNREACHABLE  timed out, connection lost, no such host, locked, closed; try again
 * POOL_DENIED       wrong password, no privilege, no permission on the file
 * POOL_READ_ONLY    a replica, a read-only server or disk, a full one
 * POOL_FOREIGN_HOST the file is another machine's
 * POOL_DAMAGED      rows, tables or a file that no wsmesh of this version wrote
 *
 * Every call ends within the store's timeout. A write that was rejected may have been done, or may
 * be done yet (a server that hung goes on): read again, and let compare-and-set decide.
 *
 * A store heals by itself: after an outage the next call works. Reading a pool that was never made,
 * or that was wiped, finds it empty and makes nothing; the writes that need tables or a file make
 * them again, empty, the lease row excepted: that comes by init or swapLease alone.
 */
export interface PoolStore {
  /** The pool's URL with any password as ***: for people and logs. */
  readonly label: string

  /**
   * Makes tables or file where there are none. Who makes the lease table also puts the first row
   * in it (random epoch, term 0, no holder, empty view), so that the first node need not wait to
   * see whether a missing row is a wiped one. For nodes; who only reads needs it not.
   */
  init(): Promise<void>

  /**
   * Adds a member and returns its order: larger than that of every row there is. A member that is
   * there already keeps its row, order and beat; its info is replaced. Also CONFIG_INVALID when
   * the info does not fit (MemberInfo says how much does).
   */
  join(info: MemberInfo): Promise<number>

  /** Adds one to the member's beat; false when it has no row (evicted, or the store is empty). */
  heartbeat(id: NodeId): Promise<boolean>

  /** All members in join order. */
  list(): Promise<readonly Member[]>

  /** The lease row from the primary; undefined when there is none. */
  readLease(): Promise<Lease | undefined>

  /**
   * Compare-and-set, the only way the lease changes: claim, renew, change of view, release and
   * rewrite all are one. Writes `next` and returns true only if the row's epoch, term and version
   * are still those of `expected`; with `expected` undefined only if there is no row. False is
   * certain as well: it was not written. `next` has another stamp than `expected` (asserted).
   */
  swapLease(expected: LeaseStamp | undefined, next: Lease): Promise<boolean>

  /** Removes a row: of a member that went by itself, or is given up. Unknown ids are fine. */
  remove(id: NodeId): Promise<void>

  /**
   * Ends connections and threads. Calls that wait are rejected; later calls too. A store that is
   * idle keeps no process alive, closed or not.
   */
  close(): Promise<void>
}
