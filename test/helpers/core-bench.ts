/**
 * One MeshCore among nodes that say what the test says, with a store that answers at once. For what
 * honest nodes do to each other too rarely, or never.
 */
import {defaultMeshConfig, type MeshConfig} from '../../src/lib/mesh/config.js'
import {MeshCore} from '../../src/lib/mesh/core.js'
import type {MeshEffect} from '../../src/lib/mesh/effect.js'
import type {MeshEvent} from '../../src/lib/mesh/event.js'
import type {Lease, LeaseStamp} from '../../src/lib/mesh/membership.js'
import type {Envelope} from '../../src/lib/protocol/envelope.js'
import type {Chain, LogEntry, NodeAddress, NodeFrame} from '../../src/lib/protocol/node-frame.js'
import {encodePayload} from '../../src/lib/protocol/payload.js'
import {ORIGIN_PLACE} from '../../src/lib/protocol/position.js'
import {nodeId, type NodeId} from '../../src/lib/util/brand.js'

type Effect<T extends MeshEffect['type']> = Extract<MeshEffect, {type: T}>
type Frame<T extends NodeFrame['type']> = Extract<NodeFrame, {type: T}>

export const EMPTY_CHAIN: Chain = {epoch: 'e', after: ORIGIN_PLACE, ends: []}

export function address(name: string): NodeAddress {
  return {id: nodeId(name), url: `ws://${name}/mesh`}
}

export function envelope(origin: string, counter: number, callerId?: string): Envelope {
  const payload = encodePayload('hello', [counter])
  return {origin: nodeId(origin), counter, callerId, target: {kind: 'everyone'}, payload}
}

/** Entries of one term from a seq on: an origin's name each, or nothing for an empty entry. */
export function entries(term: number, fromSeq: number, ...origins: string[]): LogEntry[] {
  const counters = new Map<string, number>()
  return origins.map((origin, index) => {
    counters.set(origin, (counters.get(origin) ?? 0) + 1)
    const message = origin === '' ? undefined : envelope(origin, counters.get(origin) ?? 0)
    return {term, seq: fromSeq + index, envelope: message}
  })
}

/** What these are answers to; what a master says comes on the link that asked to follow. */
const QUESTIONS: Partial<Record<NodeFrame['type'], NodeFrame['type']>> = {
  welcome: 'follow', refuse: 'follow', relay: 'follow', stable: 'follow', handover: 'follow', answer: 'ask',
  promised: 'promise', suffix: 'fetch',
}

export class CoreBench {
  readonly core: MeshCore
  now = 0
  lease: Lease
  /** Nodes that refuse dials, so that they are proved gone; and those that do not answer. */
  readonly gone = new Set<string>()
  readonly silent = new Set<string>()
  /** Swaps of the lease that are not answered yet, when `isStoreHeld`. */
  isStoreHeld = false
  readonly heldSwaps: Effect<'swap-lease'>[] = []
  #effects: MeshEffect[] = []
  readonly #links = new Map<NodeId, number>()
  readonly #peers = new Map<number, NodeId>()
  /** The link of the last question of a type to a node. */
  readonly #asked = new Map<string, number>()
  #nextAccepted = 2
  readonly #names: readonly string[]

  /** This node is the first of the names; all are in the pool. */
  constructor(names: readonly string[], lease: Partial<Lease>, config: Partial<MeshConfig> = {}) {
    this.#names = names
    this.lease = {epoch: 'e', term: 0, version: 0, holder: undefined, view: [], ...lease}
    const self = {...address(names[0] ?? ''), clientUrl: '', version: '', pid: 1}
    this.core = new MeshCore({
      self, config: {...defaultMeshConfig, ...config}, random: {next: () => 0.5}, now: 0,
    })
  }

  step(event: MeshEvent): void {
    const effects = this.core.step(event, this.now)
    this.#effects.push(...effects)
    for (const effect of effects) this.#perform(effect)
  }

  /** Time passes, in ticks, each with the end of a turn. */
  run(ms: number): void {
    for (let passed = 0; passed < ms; passed += 50) {
      this.now += 50
      this.step({type: 'tick'})
      this.step({type: 'flush'})
    }
  }

  /** A frame from a node, on the link of the question that it answers, else on its newest. */
  hear(from: string, frame: NodeFrame): void {
    const question = QUESTIONS[frame.type]
    const asked = question && this.#asked.get(`${from} ${question}`)
    const link = asked ?? this.#links.get(nodeId(from))
    if (link === undefined) throw new Error(`no link with ${from}`)
    this.step({type: 'frame', link, frame})
    this.step({type: 'flush'})
  }

  /** The other node dials this one. */
  knock(from: string): void {
    for (const question of Object.values(QUESTIONS)) this.#asked.delete(`${from} ${question}`)
    const link = this.#nextAccepted
    this.#nextAccepted += 2
    this.#links.set(nodeId(from), link)
    this.#peers.set(link, nodeId(from))
    this.step({type: 'link-accepted', link, peer: nodeId(from)})
  }

  lose(name: string): void {
    const link = this.#asked.get(`${name} follow`) ?? this.#links.get(nodeId(name))
    if (link !== undefined) this.step({type: 'link-closed', link})
  }

  publish(ticket: number, callerId?: string, onlyInTerm?: number): void {
    const {payload, target} = envelope('x', ticket)
    this.step({type: 'publish', ticket, callerId, onlyInTerm, target, payload})
    this.step({type: 'flush'})
  }

  /** Effects of a type since the last call of this, of any type. */
  took<T extends MeshEffect['type']>(type: T): Effect<T>[] {
    const found = this.#effects.filter((effect): effect is Effect<T> => effect.type === type)
    this.#effects = []
    return found
  }

  /** Frames of a type that were sent to a node since the last call. */
  said<T extends NodeFrame['type']>(to: string, type: T): Frame<T>[] {
    return this.took('send')
      .filter(({link}) => this.#peers.get(link) === nodeId(to))
      .map(({frame}) => frame)
      .filter((frame): frame is Frame<T> => frame.type === type)
  }

  /** Follows a master that has an empty log, and is welcome. */
  follow(master: string, term: number): void {
    this.run(50)
    this.hear(master, {
      type: 'welcome', term, epoch: 'e', keep: ORIGIN_PLACE, snapshot: undefined,
      last: ORIGIN_PLACE, view: this.lease.view,
    })
  }

  /** Another node follows this one, having this much. */
  followedBy(name: string, term: number, chain: Chain = EMPTY_CHAIN): void {
    this.knock(name)
    this.hear(name, {type: 'follow', term, chain})
  }

  ack(from: string, term: number, held: number, delivered = 0): void {
    this.hear(from, {type: 'ack', term, held, delivered, countsAfter: 0, connections: []})
  }

  /** Answers the swap that waits the longest. */
  answerSwap(won: boolean): void {
    const effect = this.heldSwaps.shift()
    if (!effect) throw new Error('nothing waits')
    if (won) this.lease = effect.next
    this.step({type: 'lease-swapped', request: effect.request, won})
  }

  #perform(effect: MeshEffect): void {
    if (effect.type === 'send') {
      this.#asked.set(`${this.#peers.get(effect.link)} ${effect.frame.type}`, effect.link)
    } else if (effect.type === 'dial') this.#dial(effect)
    else if (effect.type === 'read-pool') {
      const members = this.#names.map((name, index) => ({
        ...address(name), clientUrl: '', version: '', pid: 1, order: index + 1, beat: this.now,
      }))
      const pool = {members, lease: this.lease}
      // What was read at the very moment in which a master was lost may be from before it.
      this.now += 1
      this.step({type: 'pool-read', request: effect.request, pool})
    } else if (effect.type === 'swap-lease') this.#swap(effect)
    else if (effect.type === 'deliver') {
      const connections = effect.entries.map(() => 0)
      this.step({type: 'delivered', after: effect.after, connections})
    }
  }

  #dial({link, to}: Effect<'dial'>): void {
    const name = String(to.id)
    if (this.silent.has(name)) return
    if (this.gone.has(name)) {
      this.step({type: 'link-failed', link, gone: true})
      return
    }
    this.#links.set(to.id, link)
    this.#peers.set(link, to.id)
    this.step({type: 'link-opened', link, peer: to.id})
  }

  #swap(effect: Effect<'swap-lease'>): void {
    if (this.isStoreHeld) {
      this.heldSwaps.push(effect)
      return
    }
    const won = isSameStamp(effect.expected, this.lease)
    if (won) this.lease = effect.next
    this.step({type: 'lease-swapped', request: effect.request, won})
  }
}

function isSameStamp(a: LeaseStamp | undefined, b: LeaseStamp): boolean {
  return a?.epoch === b.epoch && a.term === b.term && a.version === b.version
}

/** Node a, master of term 1, with b following, which holds the first entry. */
export function masterOfTwo(): CoreBench {
  const bench = new CoreBench(['a', 'b'], {})
  bench.run(50)
  bench.followedBy('b', 0)
  bench.ack('b', 1, 1, 1)
  bench.run(50)
  bench.took('send')
  return bench
}
