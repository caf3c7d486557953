/**
 * The pool store in memory, with the semantics of src/lib/pool/pool-store.ts and every way in which
 * a real one fails: away, slow, emptied, and worst of all a write that happened and whose answer is
 * lost. A read of the pool is three queries at three moments, as with a real store.
 */
import type {
  Lease,
  LeaseStamp,
  Member,
  MemberInfo,
  PoolSnapshot,
} from '../mesh/membership.js'
import type {NodeId} from '../util/brand.js'
import type {Scheduler} from './scheduler.js'
import type {SimRandom} from './sim-random.js'

export interface StoreOptions {
  /** One query in normal times. */
  readonly latencyMs: readonly [min: number, max: number]
}

/** A query that its asker gave up may still wait for a lock in the server. */
const LATE_MS_MAX = 4000

/** `undefined`: failed, and whether anything was written is not known. */
type Answer<T> = (answer: T | undefined) => void

export class SimStore {
  readonly #scheduler: Scheduler
  readonly #random: SimRandom
  readonly #options: StoreOptions
  #members: Member[] = []
  #lease: Lease | undefined
  /** Counted, since faults may overlap. */
  #down = 0
  #slow = 0
  #flaky = 0
  readonly #unreachableFrom = new Map<string, number>()
  /** Told of every write of the lease row, and of its loss. */
  onLease: (lease: Lease | undefined) => void = () => {}

  constructor(scheduler: Scheduler, random: SimRandom, options: StoreOptions) {
    this.#scheduler = scheduler
    this.#random = random
    this.#options = options
    this.#lease = {epoch: 'e1', term: 0, version: 0, holder: undefined, view: []}
  }

  get lease(): Lease | undefined {
    return this.#lease
  }

  get members(): readonly Member[] {
    return this.#members
  }

  setDown(isDown: boolean): void {
    this.#down += isDown ? 1 : -1
  }

  setSlow(isSlow: boolean): void {
    this.#slow += isSlow ? 1 : -1
  }

  setFlaky(isFlaky: boolean): void {
    this.#flaky += isFlaky ? 1 : -1
  }

  /** One host loses its way to the store. */
  setReachable(host: string, isReachable: boolean): void {
    const count = this.#unreachableFrom.get(host) ?? 0
    this.#unreachableFrom.set(host, count + (isReachable ? -1 : 1))
  }

  /** A MEMORY table after a restart of its server. */
  wipeMembers(): void {
    this.#members = []
  }

  wipeAll(): void {
    this.#members = []
    this.#lease = undefined
    this.onLease(undefined)
  }

  /** As `wsmesh pool prune` does, or an operator by hand. */
  evict(id: NodeId): void {
    this.#members = this.#members.filter((member) => member.id !== id)
  }

  /** The lease row as an operator's mistake would leave it. */
  overwriteLease(lease: Lease): void {
    this.#lease = lease
    this.onLease(lease)
  }

  readPool(host: string, self: MemberInfo, answer: Answer<PoolSnapshot>): void {
    this.#query(host, () => this.#beat(self), (isBeaten) => {
      if (isBeaten === undefined) return answer(undefined)
      this.#query(host, () => [...this.#members], (members) => {
        if (members === undefined) return answer(undefined)
        this.#query(host, () => ({lease: this.#lease}), (read) => {
          answer(read === undefined ? undefined : {members, lease: read.lease})
        })
      })
    })
  }

  swapLease(
    host: string,
    expected: LeaseStamp | undefined,
    next: Lease,
    answer: Answer<boolean>,
  ): void {
    this.#query(host, () => this.#swap(expected, next), answer)
  }

  removeMember(host: string, id: NodeId): void {
    this.#query(host, () => this.evict(id), () => {})
  }

  /** `work` happens at one moment, unless the query fails before; the answer may come, later. */
  #query<T>(host: string, work: () => T, answer: Answer<T>): void {
    const latencyMs = this.#latencyMs()
    if (this.#isAway(host)) {
      // Refused at once, or a connection that waits for its time-out.
      const waitMs = this.#random.chance(0.5) ? latencyMs : this.#random.between(500, 3000)
      this.#scheduler.after(waitMs, () => answer(undefined))
      return
    }
    const isFailing = this.#flaky > 0 && this.#random.chance(0.4)
    if (isFailing && this.#random.chance(0.3)) {
      // Given up by the asker, and done by the server all the same, some time after.
      this.#scheduler.after(latencyMs, () => answer(undefined))
      this.#scheduler.after(this.#random.between(latencyMs, LATE_MS_MAX), work)
      return
    }
    const isWritten = !isFailing || this.#random.chance(0.5)
    this.#scheduler.after(latencyMs / 2, () => {
      if (this.#isAway(host)) {
        this.#scheduler.after(latencyMs / 2, () => answer(undefined))
        return
      }
      const result = isWritten ? work() : undefined
      this.#scheduler.after(latencyMs / 2, () => {
        // The store went away after the write and before its answer arrived.
        answer(isFailing || this.#isAway(host) ? undefined : result)
      })
    })
  }

  #latencyMs(): number {
    // Three queries a read: a slow store takes some 2 s for one.
    if (this.#slow > 0) return this.#random.between(400, 900)
    const [min, max] = this.#options.latencyMs
    return this.#random.between(min, max)
  }

  #isAway(host: string): boolean {
    return this.#down > 0 || (this.#unreachableFrom.get(host) ?? 0) > 0
  }

  /** Heartbeat, or join when there is no row. Always true: undefined means failure. */
  #beat(self: MemberInfo): true {
    const index = this.#members.findIndex((member) => member.id === self.id)
    const found = this.#members[index]
    if (found === undefined) {
      const order = (this.#members.at(-1)?.order ?? 0) + 1
      this.#members.push({...self, order, beat: 1})
    } else {
      this.#members[index] = {...found, beat: found.beat + 1}
    }
    return true
  }

  #swap(expected: LeaseStamp | undefined, next: Lease): boolean {
    const now = this.#lease
    const isExpected =
      expected === undefined || now === undefined
        ? expected === undefined && now === undefined
        : now.epoch === expected.epoch &&
          now.term === expected.term &&
          now.version === expected.version
    if (!isExpected) return false
    this.#lease = next
    this.onLease(next)
    return true
  }
}
