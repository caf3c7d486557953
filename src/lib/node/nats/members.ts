/**
 * The pool of a mesh that has no master: rows are kept by each node for itself, and those of nodes
 * that are gone removed by the first that lives. The lease says only who sends the outbox's rows.
 */
import type {Lease, Member, PoolSnapshot} from '../../mesh/membership.js'
import type {MeshConfig} from '../../mesh/config.js'
import type {MeshEvent} from '../../mesh/event.js'
import type {NodeId} from '../../util/brand.js'
import type {StoreLoop} from '../store-loop.js'

/** A row of a node that nobody hears of and that beats no more goes after this. */
const GONE_MS = 6000
const STALE_ROW_MS = 60_000
/** A holder that could not renew for so long stops: nobody claims before all of it is over. */
const HOLDING_SHARE = 0.6

export interface MembersOptions {
  readonly self: NodeId
  readonly config: Pick<MeshConfig, 'heartbeatMs' | 'leaseMs'>
  readonly store: Pick<StoreLoop, 'readPool' | 'swapLease' | 'removeMember'>
  /** Whether this node would send the outbox's rows. */
  readonly hasOutbox: boolean
  /** Since a node was last heard by NATS; undefined: never, or given up. */
  readonly silentMs: (node: NodeId) => number | undefined
  readonly now: () => number
  readonly changed: () => void
}

interface Beat {
  readonly beat: number
  readonly sinceMs: number
}

export class Members {
  readonly #options: MembersOptions
  #request = 0
  #isBusy = false
  #askedMs = -Infinity
  #isUp = false
  #members: readonly Member[] = []
  #beats = new Map<NodeId, Beat>()
  #lease: Lease | undefined
  /** The last that there was: terms only grow. */
  #known: Lease = {epoch: 'outbox', term: 0, version: 0, holder: undefined, view: []}
  #leaseSinceMs = 0
  #asked: Lease | undefined
  #heldMs = -Infinity
  #isLeaving = false

  constructor(options: MembersOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#members.length
  }

  get isUp(): boolean {
    return this.#isUp
  }

  get leaseAgeMs(): number {
    return this.#options.now() - this.#leaseSinceMs
  }

  ids(): readonly NodeId[] {
    return this.#members.map(({id}) => id)
  }

  /** In which this node sends the outbox's rows. */
  get outboxTerm(): number | undefined {
    const {self, config, now} = this.#options
    const isMine = this.#lease?.holder === self && !this.#isLeaving
    const isFresh = now() - this.#heldMs < config.leaseMs * HOLDING_SHARE
    return isMine && isFresh ? this.#lease?.term : undefined
  }

  /** Expected several times a second. */
  tick(): void {
    const {config, now, store, changed} = this.#options
    if (!this.#isBusy && now() - this.#askedMs >= config.heartbeatMs && !this.#isLeaving) {
      this.#askedMs = now()
      store.readPool(this.#begin())
    }
    changed()
  }

  /** What the store answers. */
  answered(event: MeshEvent): void {
    this.#isBusy = false
    if (event.type === 'pool-read') {
      this.#isUp = true
      this.#take(event.pool)
    } else if (event.type === 'lease-swapped') {
      this.#swapped(event.won)
    } else {
      this.#isUp = false
      this.#asked = undefined
    }
    this.#options.changed()
  }

  /** Gives the outbox to another, and leaves the pool. */
  leave(): void {
    const {self, store} = this.#options
    this.#isLeaving = true
    if (this.#lease?.holder === self) {
      store.swapLease(this.#begin(), this.#lease, {
        ...this.#lease, version: this.#lease.version + 1, holder: undefined,
      })
    }
    store.removeMember(self)
  }

  #begin(): number {
    this.#isBusy = true
    this.#request += 1
    return this.#request
  }

  #take({members, lease}: PoolSnapshot): void {
    const nowMs = this.#options.now()
    this.#members = members
    const beats = new Map<NodeId, Beat>()
    for (const {id, beat} of members) {
      const known = this.#beats.get(id)
      beats.set(id, known?.beat === beat ? known : {beat, sinceMs: nowMs})
    }
    this.#beats = beats
    if (!isSame(lease, this.#lease)) this.#leaseSinceMs = nowMs
    this.#lease = lease
    this.#known = lease ?? this.#known
    this.#sweep(nowMs)
    this.#holdLease(nowMs)
  }

  /** By the first of the pool that lives. */
  #sweep(nowMs: number): void {
    const {self, silentMs, store} = this.#options
    const isGone = ({id}: Member): boolean => {
      if (id === self) return false
      const since = this.#beats.get(id)?.sinceMs ?? nowMs
      const unheardMs = silentMs(id) ?? Infinity
      const unseenMs = nowMs - since
      return unseenMs >= STALE_ROW_MS || (unseenMs >= GONE_MS && unheardMs >= GONE_MS)
    }
    const first = this.#members.find((member) => !isGone(member))
    if (first?.id !== self) return
    for (const member of this.#members.filter(isGone)) store.removeMember(member.id)
  }

  #holdLease(nowMs: number): void {
    const {self, config, store, hasOutbox} = this.#options
    const lease = this.#lease
    if (!hasOutbox || this.#isLeaving) return
    const isMine = lease?.holder === self
    const isOver = nowMs - this.#leaseSinceMs >= config.leaseMs
    // A wiped store has none: whoever held it may go on for as long as it was his.
    const isFree = isOver || (lease !== undefined && lease.holder === undefined)
    if (!isMine && !isFree) return
    const {epoch, term, version} = lease ?? this.#known
    this.#asked = {
      epoch, term: isMine ? term : term + 1, version: version + 1, holder: self, view: [],
    }
    this.#askedMs = nowMs
    store.swapLease(this.#begin(), lease, this.#asked)
  }

  #swapped(isWon: boolean): void {
    const asked = this.#asked
    this.#asked = undefined
    if (!isWon || asked === undefined) return
    this.#lease = asked
    this.#known = asked
    this.#leaseSinceMs = this.#options.now()
    // From when it was asked for: so nobody else's claim can be earlier.
    this.#heldMs = this.#askedMs
  }
}

function isSame(a: Lease | undefined, b: Lease | undefined): boolean {
  return a?.epoch === b?.epoch && a?.term === b?.term && a?.version === b?.version
}
