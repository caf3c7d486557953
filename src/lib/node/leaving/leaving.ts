/** All of a node that has to do with its end: by itself, or as an operator asks. */
import type {ActEvent, ActRequest} from '../../protocol/act-frame.js'
import type {ClientRegistry} from '../client-registry.js'
import type {NodeConfig, NodeServices} from '../node-config.js'
import type {OutboxDrain} from '../outbox/outbox-drain.js'
import type {Relay} from '../relay.js'
import {Departure, type DepartureParts} from './departure.js'
import {NodeActs, type ActAnswer, type NodeEnd} from './node-acts.js'

export type {NodeEnd}

export interface LeavingParts
  extends Pick<DepartureParts, 'status' | 'closeToPublic' | 'end'> {
  readonly config: NodeConfig
  readonly services: NodeServices
  readonly registry: ClientRegistry
  readonly relay: Relay
  readonly outbox: () => Pick<OutboxDrain, 'stop' | 'end'> | undefined
}

export class Leaving {
  /** Resolves when the node has left because an operator asked for it. */
  readonly ended: Promise<NodeEnd>
  readonly #departure: Departure
  readonly #acts: NodeActs
  readonly #leadAwayMs: number

  constructor({config, services, relay, outbox, ...parts}: LeavingParts) {
    const common = {
      ...parts,
      self: config.id,
      followers: () => relay.followers ?? 0,
      stepDown: () => relay.stepDown?.(),
      retire: () => relay.retire?.(),
      // The port stays open until this is done: a refused dial would be read as a death.
      leave: async () => {
        outbox()?.stop()
        await relay.drain()
        await outbox()?.end()
      },
    }
    const {connectsPerSecond, leadAwayMs} = config
    const {log, now, supervisor} = services
    const departure = new Departure({...common, connectsPerSecond, log, now})
    this.#departure = departure
    this.#acts = new NodeActs({...common, departure, leadAwayMs, supervisor})
    this.#leadAwayMs = leadAwayMs
    this.ended = this.#acts.ended
  }

  /** Joins what is under way. */
  drain(): Promise<void> {
    return this.#departure.begin(this.#leadAwayMs)
  }

  /** `tell` hears how it goes, after the answer. */
  act(request: ActRequest, tell: (event: ActEvent) => void): ActAnswer {
    return this.#acts.answer(request, tell)
  }

  standingChanged(): void {
    this.#departure.standingChanged()
  }
}
