/**
 * The pool store for the core: its answers become events, its failures too. Nothing waits for it,
 * so a store that is slow or away never holds a message up (P8).
 */
import type {Lease, LeaseStamp, Member, MemberInfo} from '../mesh/membership.js'
import type {MeshEvent} from '../mesh/event.js'
import type {PoolStore} from '../pool/pool-store.js'
import type {NodeId} from '../util/brand.js'
import type {Counters} from './counters.js'
import {describeError} from './log.js'
import type {Log} from './log.js'

export interface StoreLoopOptions {
  readonly store: PoolStore
  readonly self: MemberInfo
  readonly push: (event: MeshEvent) => void
  readonly counters: Counters
  readonly log: Log
  /** Nodes came or went since the last read. */
  readonly onMembers: (change: 'joined' | 'left', node: NodeId) => void
}

export class StoreLoop {
  readonly #options: StoreLoopOptions
  readonly #pending = new Set<Promise<void>>()
  #members: ReadonlySet<NodeId> | undefined
  #namesake: {readonly id: NodeId; readonly beat: number} | undefined
  #failure: string | undefined
  #isLeaving = false

  constructor(options: StoreLoopOptions) {
    this.#options = options
  }

  /** Heartbeat, joining again if the row is gone, then members and lease. */
  readPool(request: number): void {
    const {store, self} = this.#options
    this.#track(request, async () => {
      if (!this.#isLeaving && !(await store.heartbeat(self.id))) await store.join(self)
      const [members, lease] = await Promise.all([store.list(), store.readLease()])
      this.#compare(members)
      return {type: 'pool-read', request, pool: {members, lease}}
    })
  }

  swapLease(request: number, expected: LeaseStamp | undefined, next: Lease): void {
    this.#track(request, async () => {
      const won = await this.#options.store.swapLease(expected, next)
      return {type: 'lease-swapped', request, won}
    })
  }

  /** A node that removes itself does not join again. */
  removeMember(id: NodeId): void {
    if (id === this.#options.self.id) this.#isLeaving = true
    this.#track(undefined, async () => {
      await this.#options.store.remove(id)
      return undefined
    })
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  #track(request: number | undefined, run: () => Promise<MeshEvent | undefined>): void {
    const running = this.#attempt(request, run).then((event) => {
      this.#pending.delete(running)
      // Here, since what the core does with an answer is no failure of the store.
      return event === undefined ? undefined : this.#options.push(event)
    })
    this.#pending.add(running)
  }

  async #attempt(
    request: number | undefined,
    run: () => Promise<MeshEvent | undefined>,
  ): Promise<MeshEvent | undefined> {
    try {
      return this.#succeeded(await run())
    } catch (error) {
      return this.#failed(request, error)
    }
  }

  #succeeded(event: MeshEvent | undefined): MeshEvent | undefined {
    if (this.#failure !== undefined) {
      this.#options.log.info('The pool store answers again', {pool: this.#options.store.label})
    }
    this.#failure = undefined
    return event
  }

  /** Said once for each change, not every second that it lasts. */
  #failed(request: number | undefined, error: unknown): MeshEvent | undefined {
    const {counters, log, store} = this.#options
    counters.add('storeFailures')
    const failure = describeError(error)
    if (this.#failure !== failure) {
      log.warn('The pool store does not answer', {pool: store.label, error: failure})
    }
    this.#failure = failure
    return request === undefined ? undefined : {type: 'store-failed', request}
  }

  #compare(members: readonly Member[]): void {
    this.#lookForNamesake(members)
    const now = new Set(members.map((member) => member.id))
    const before = this.#members ?? now
    this.#members = now
    for (const id of now) if (!before.has(id)) this.#options.onMembers('joined', id)
    for (const id of before) if (!now.has(id)) this.#options.onMembers('left', id)
  }

  /**
   * Two nodes that say the same address would each find itself where the other should be, and take
   * the other for dead. A row that does not beat is only what an earlier node left behind.
   */
  #lookForNamesake(members: readonly Member[]): void {
    const {self, log} = this.#options
    const found = members.find(({id, url}) => url === self.url && id !== self.id)
    const before = this.#namesake
    this.#namesake = found
    if (found === undefined || found.id !== before?.id || found.beat === before.beat) return
    log.error("Another node says that it has this node's address: give each its own --node-url", {
      node: found.id,
      url: found.url,
    })
  }
}
