/**
 * A node's way out of the mesh, in its order: unhealthy first, so that no proxy sends it anybody;
 * then mastership goes to another, which costs messages the least while all is well; then clients,
 * at a pace; then the rest of its own messages; and the pool.
 */
import type {Standing} from '../../mesh/effect.js'
import type {ActStep} from '../../protocol/act-frame.js'
import type {NodeId} from '../../util/brand.js'
import type {ClientRegistry} from '../client-registry.js'
import type {Log} from '../log.js'
import type {NodeStatus} from '../node-status.js'
import {LeadAway} from './lead-away.js'

/** Longer than a core tries to hand over; then the rest goes on, and it tries again at its end. */
const HAND_OVER_MS = 3000
/** How often it looks whether there is still somebody who could. */
const LOOK_MS = 50
/** How often those who asked are told how many clients are left. */
const TELL_MS = 1000

export interface DepartureParts {
  readonly self: NodeId
  readonly status: NodeStatus
  readonly registry: Pick<ClientRegistry, 'size' | 'all'>
  readonly connectsPerSecond: number
  /** As master: asks another to take over. */
  readonly stepDown: () => void
  /** From now on another had better lead. */
  readonly retire: () => void
  /** As master: how many nodes follow. */
  readonly followers: () => number
  readonly log: Log
  readonly now: () => number
  /** No more clients, where another node shares this address (`serve --supervise`). */
  readonly closeToPublic: () => void
  /** Out of the mesh and the pool, with nothing of its own unsent. */
  readonly leave: () => Promise<void>
  /** Everything closed. */
  readonly end: () => Promise<void>
}

export interface DepartureStep {
  readonly step: ActStep
  readonly master: NodeId | null
  readonly term: number
  /** Connections when it began, and now. */
  readonly clients: number
  readonly left: number
  readonly ms: number
}

export type OnStep = (step: DepartureStep) => void

export class Departure {
  readonly #parts: DepartureParts
  readonly #leadAway: LeadAway
  readonly #listeners = new Set<OnStep>()
  #way: Promise<void> | undefined
  #sinceMs = 0
  #clients = 0
  #onStanding: () => void = () => {}

  constructor(parts: DepartureParts) {
    this.#parts = parts
    this.#leadAway = new LeadAway(parts)
  }

  /** Begins, or joins what has begun; resolves at its end. `overMs` 0: clients go at once. */
  begin(overMs: number, onStep?: OnStep): Promise<void> {
    if (onStep !== undefined) this.#listeners.add(onStep)
    if (this.#way !== undefined && overMs === 0) this.#leadAway.hurry()
    this.#way ??= this.#go(overMs)
    return this.#way
  }

  /** Gives mastership to another node and stays; onStep hears of the end, `done`. */
  async stepDown(onStep: OnStep): Promise<void> {
    const startMs = this.#parts.now()
    await this.#handOver()
    const clients = this.#parts.registry.size
    onStep({...this.#where('done', startMs), clients, left: clients})
  }

  standingChanged(): void {
    this.#onStanding()
  }

  async #go(overMs: number): Promise<void> {
    const {self, status, registry, log, now, closeToPublic, leave, end, retire} = this.#parts
    this.#sinceMs = now()
    this.#clients = registry.size
    status.startDraining()
    retire()
    closeToPublic()
    log.info('Draining', {clients: this.#clients, overMs})
    if (await this.#handOver()) this.#tell('handed-over')
    const telling = setInterval(() => this.#tell('leading-away'), TELL_MS)
    await this.#leadAway.run(overMs)
    clearInterval(telling)
    const {master, term} = this.#where('done', 0)
    await leave()
    // A core that has left follows nobody any more: whom it followed last is what matters.
    this.#tell('done', {master: master === self ? null : master, term})
    log.info('Drained', {clients: this.#clients, ms: Math.round(now() - this.#sinceMs)})
    await end()
  }

  /** False when there was nothing to hand over, or nobody took it in time. */
  async #handOver(): Promise<boolean> {
    const {status, followers, stepDown} = this.#parts
    if (status.standing.state !== 'mastering' || followers() === 0) return false
    const hasFollowed = this.#waitFor((state) => state === 'following')
    stepDown()
    return hasFollowed
  }

  /** Whether it came to that in time. */
  #waitFor(isIt: (state: Standing['state']) => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const over = (isSo: boolean): void => {
        clearTimeout(timer)
        clearInterval(looking)
        this.#onStanding = () => {}
        resolve(isSo)
      }
      // All who could have taken over may leave at the same time, as when a supervisor stops.
      const looking = setInterval(() => {
        const {status, followers} = this.#parts
        if (status.standing.state === 'mastering' && followers() === 0) over(false)
      }, LOOK_MS)
      const timer = setTimeout(() => over(false), HAND_OVER_MS)
      this.#onStanding = () => {
        if (isIt(this.#parts.status.standing.state)) over(true)
      }
    })
  }

  #tell(step: ActStep, more: Partial<DepartureStep> = {}): void {
    const told = {...this.#where(step, this.#sinceMs), clients: this.#clients, ...more}
    for (const onStep of this.#listeners) onStep(told)
  }

  #where(step: ActStep, sinceMs: number): DepartureStep {
    const {self, status, registry, now} = this.#parts
    const {standing} = status
    const master =
      standing.state === 'following' ? standing.master
      : standing.state === 'mastering' ? self
      : null
    const term = 'term' in standing ? standing.term : 0
    const ms = Math.round(now() - sinceMs)
    return {step, master, term, clients: this.#clients, left: registry.size, ms}
  }
}
