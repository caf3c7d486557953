/**
 * The relay that needs no other service: the nodes' own order, by a master (`mesh/core.ts`). One
 * queue of events, one switch over effects, links to the other nodes, and the pool's store.
 */
import type {MeshConfig} from '../mesh/config.js'
import {MeshCore} from '../mesh/core.js'
import type {CoreStats} from '../mesh/core-stats.js'
import type {Standing} from '../mesh/effect.js'
import type {InspectQuery, Inspection} from '../mesh/inspect.js'
import type {MemberInfo} from '../mesh/membership.js'
import type {Recovery} from '../mesh/recovery.js'
import type {PoolStore} from '../pool/pool-store.js'
import type {LinkReading} from '../protocol/meter-frame.js'
import type {Position} from '../protocol/position.js'
import type {Socket, SocketHandler} from '../transport/transport.js'
import type {NodeId} from '../util/brand.js'
import type {Random} from '../util/random.js'
import type {Counters} from './counters.js'
import type {DialNode} from './dial-node.js'
import {EventQueue} from './event-queue.js'
import {Links} from './links.js'
import type {Log} from './log.js'
import {perform} from './perform.js'
import type {Relay, RelayPublish, RelayUser} from './relay.js'
import {StoreLoop} from './store-loop.js'

export interface MasterRelayOptions {
  readonly config: MeshConfig
  /** Nodes of whose end somebody is certain. */
  readonly knownDead?: ReadonlySet<NodeId>
  readonly store: PoolStore
  readonly dialNode: DialNode
  readonly counters: Counters
  readonly log: Log
  readonly random: Random
  readonly now: () => number
}

export class MasterRelay implements Relay {
  readonly links: Links
  readonly #options: MasterRelayOptions
  readonly #queue = new EventQueue()
  readonly #drained: Promise<void>
  #core: MeshCore | undefined
  #store: StoreLoop | undefined
  #timer: NodeJS.Timeout | undefined
  #onDrained: () => void = () => {}

  constructor(options: MasterRelayOptions) {
    const {dialNode, counters, log, now} = options
    this.#options = options
    this.#drained = new Promise((resolve) => (this.#onDrained = resolve))
    const push = this.#queue.push.bind(this.#queue)
    this.links = new Links({push, dialNode, counters, log, now})
  }

  get standing(): Standing {
    return this.#core?.standing ?? {state: 'joining'}
  }

  get position(): Position | undefined {
    return this.#core?.position
  }

  recover(position: Position): Recovery {
    return this.#core?.recover(position) ?? {type: 'lost'}
  }

  async open(): Promise<void> {}

  start(self: MemberInfo, user: RelayUser): void {
    const {config, knownDead, store, counters, log, random, now} = this.#options
    const push = this.#queue.push.bind(this.#queue)
    const core = new MeshCore({self, config, random, now: now(), knownDead})
    const onMembers = user.members.bind(user)
    this.#store = new StoreLoop({store, self, push, counters, log, onMembers})
    this.#core = core
    const parts = {
      links: this.links, store: this.#store, user, log, push, onDrained: () => this.#onDrained(),
    }
    this.#queue.start({
      core,
      now,
      perform: (effect) => perform(effect, parts),
      flushed: () => user.flushed(),
    })
    this.#timer = setInterval(() => push({type: 'tick'}), config.tickMs)
    push({type: 'tick'})
  }

  publish(message: RelayPublish): void {
    this.#queue.push(message)
  }

  /** Every message comes to every node. */
  prepare(): undefined {}

  watch(): undefined {}

  linked(peer: NodeId, socket: Socket): SocketHandler {
    return this.links.accepted(peer, socket)
  }

  inspect(query: InspectQuery): Inspection {
    return this.#started.inspect(query)
  }

  stats(): CoreStats {
    return this.#started.stats()
  }

  acceptedAt(counter: number): number | undefined {
    return this.#core?.acceptedAt(counter)
  }

  readLinks(): readonly LinkReading[] {
    return (this.#core?.linkLags() ?? []).map(({node, lagMessages, silentMs}) => {
      const {rttMs, queueBytes = 0} = this.links.look(node) ?? {}
      const rounded = rttMs === undefined ? null : Math.round(rttMs * 1000) / 1000
      return {node, rttMs: rounded, lagMessages, silentMs: Math.round(silentMs), queueBytes}
    })
  }

  sample(nowMs: number): void {
    this.links.sample(nowMs)
  }

  get followers(): number {
    return this.#core?.followers ?? 0
  }

  stepDown(): void {
    this.#queue.push({type: 'step-down'})
  }

  retire(): void {
    this.#queue.push({type: 'retire'})
  }

  async drain(): Promise<void> {
    this.#queue.push({type: 'drain'})
    await this.#drained
    await this.#store?.settled()
  }

  close(): void {
    this.#queue.stop()
    clearInterval(this.#timer)
    this.links.destroyAll()
  }

  get #started(): MeshCore {
    if (this.#core === undefined) throw new Error('The node has not started')
    return this.#core
  }
}
