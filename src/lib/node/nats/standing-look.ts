/** Where a node with a NATS relay stands: whether clients may come, and what is published goes. */
import type {Standing} from '../../mesh/effect.js'
import type {NatsClient} from '../../nats/nats-client.js'
import type {NodeId} from '../../util/brand.js'
import type {Inflow} from './inflow.js'
import type {Members} from './members.js'
import type {Neighbours} from './neighbours.js'

/** A node that hears nothing for less than this is no reason for anybody to look elsewhere. */
const PATIENCE_MS = 1000
/** Neighbours have so long to tell their needs before a new node takes clients. */
const GREETING_MS = 500

export interface StandingParts {
  readonly self: NodeId
  readonly inflow: Pick<Inflow, 'isFlowing'>
  readonly neighbours: Pick<Neighbours, 'has'>
  readonly members: Pick<Members, 'ids' | 'outboxTerm'>
  readonly client: Pick<NatsClient, 'isConnected'>
  readonly startMs: number
}

export class StandingLook {
  readonly #parts: StandingParts
  #flowingMs = -Infinity
  #hasJoined = false
  isDrained = false

  constructor(parts: StandingParts) {
    this.#parts = parts
  }

  at(nowMs: number): Standing {
    const {inflow, client, members} = this.#parts
    if (this.isDrained) return {state: 'drained'}
    if (inflow.isFlowing && client.isConnected) this.#flowingMs = nowMs
    const isFlowing = nowMs - this.#flowingMs < PATIENCE_MS
    this.#hasJoined ||= isFlowing && this.#isGreeted(nowMs)
    if (!this.#hasJoined) return {state: 'joining'}
    if (!isFlowing) return {state: 'seeking', term: 0}
    return {state: 'linked', outboxTerm: members.outboxTerm}
  }

  /** It is in the pool, and those who are there have told what they need. */
  #isGreeted(nowMs: number): boolean {
    const {self, members, neighbours, startMs} = this.#parts
    const ids = members.ids()
    const isKnown = (id: NodeId): boolean => id === self || neighbours.has(id)
    return ids.includes(self) && (nowMs - startMs > GREETING_MS || ids.every(isKnown))
  }
}
