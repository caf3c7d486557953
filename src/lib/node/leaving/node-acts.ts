/** What an operator asks this node to do with itself: whether it may, and how it goes. */
import type {ActEvent, ActRequest, ActResult} from '../../protocol/act-frame.js'
import type {NodeId} from '../../util/brand.js'
import type {ClientRegistry} from '../client-registry.js'
import type {NodeStatus} from '../node-status.js'
import type {Departure, OnStep} from './departure.js'

/** Hand-over, the core's own bound, the outbox's last batch, and the last webhooks. */
const BESIDES_MS = 15_000
const STEP_DOWN_MS = 5000

export type NodeEnd = 'drained' | 'restart'

export interface NodeActsParts {
  readonly self: NodeId
  readonly status: NodeStatus
  readonly registry: Pick<ClientRegistry, 'size'>
  readonly departure: Departure
  readonly followers: () => number
  /** Its own pace. */
  readonly leadAwayMs: number
  readonly supervisor: string | undefined
}

export type ActAnswer =
  | {readonly ok: true; readonly result: ActResult}
  | {readonly ok: false; readonly status: 409; readonly why: string}

export class NodeActs {
  readonly ended: Promise<NodeEnd>
  readonly #parts: NodeActsParts
  #isRestart = false
  #onEnd: (how: Promise<NodeEnd>) => void = () => {}

  constructor(parts: NodeActsParts) {
    this.#parts = parts
    this.ended = new Promise((resolve) => (this.#onEnd = resolve))
  }

  /** Begins what was asked for; `tell` hears how it goes, after this turn of the event loop. */
  answer(request: ActRequest, tell: (event: ActEvent) => void): ActAnswer {
    const why = this.#whyNot(request)
    if (why !== undefined) return {ok: false, status: 409, why}
    const {self: node, registry, supervisor} = this.#parts
    const {act} = request
    const overMs = act === 'stop' ? 0 : request.overMs ?? this.#parts.leadAwayMs
    const result: ActResult = {
      act,
      node,
      wasMaster: this.#isMaster,
      clients: registry.size,
      withinMs: act === 'step-down' ? STEP_DOWN_MS : overMs + BESIDES_MS,
      supervisor: supervisor ?? null,
    }
    setImmediate(() => this.#do(request, overMs, tell))
    return {ok: true, result}
  }

  get #isMaster(): boolean {
    return this.#parts.status.standing.state === 'mastering'
  }

  #whyNot({act, node, sure}: ActRequest): string | undefined {
    const {self, supervisor, followers, status} = this.#parts
    if (node !== self) return `This is node ${self}, not ${node}`
    const isAlone = this.#isMaster && followers() === 0
    if (act === 'step-down') {
      if (status.isDraining) return `${self} is leaving already`
      return isAlone ? `${self} is the only node: nobody can take over` : undefined
    }
    if (sure === true || status.isDraining) return undefined
    if (act === 'restart' && supervisor === undefined) {
      return `nothing would start ${self} again: it runs under no supervisor that it knows of`
    }
    if (isAlone) {
      return `${self} is the only node: its clients would find no other, and its history ends`
    }
    return undefined
  }

  #do({act}: ActRequest, overMs: number, tell: (event: ActEvent) => void): void {
    const {departure, self: node} = this.#parts
    const onStep: OnStep = (step) => tell({event: 'act', act, node, ...step})
    if (act === 'step-down') {
      void departure.stepDown(onStep)
      return
    }
    if (act === 'restart') this.#isRestart = true
    const gone = departure.begin(overMs, onStep)
    this.#onEnd(gone.then(() => (this.#isRestart ? 'restart' : 'drained')))
  }
}
