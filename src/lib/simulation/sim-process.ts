/**
 * A node's process: a MeshCore and somebody who performs its effects, as src/lib/node does with
 * real sockets and a real store. It can be killed, lose power, be stopped and continued.
 */
import {unreachable} from '../util/assert.js'
import type {NodeId} from '../util/brand.js'
import type {MeshEffect} from '../mesh/effect.js'
import type {MeshEvent} from '../mesh/event.js'
import type {MemberInfo} from '../mesh/membership.js'
import type {MeshConfig} from '../mesh/config.js'
import type {CoreLike, MakeCore} from './core-like.js'
import {LinkTable} from './link-table.js'
import {SimClients} from './sim-clients.js'
import type {Host, NetworkProcess, SimNetwork} from './sim-network.js'
import type {SimRandom} from './sim-random.js'
import type {SimStore} from './sim-store.js'
import type {Scheduler} from './scheduler.js'
import {describe, describeFrame, isBeat, type Trace} from './trace.js'

type Deliver = Extract<MeshEffect, {type: 'deliver'}>

/** Sees all that a process does, and throws when it may not. */
export interface Watcher {
  started(process: SimProcess): void
  beforeEvent(process: SimProcess, event: MeshEvent): void
  effect(process: SimProcess, effect: MeshEffect): void
  delivered(process: SimProcess, effect: Deliver, connections: readonly number[]): void
  ticked(process: SimProcess): void
}

export interface Surroundings {
  readonly scheduler: Scheduler
  readonly network: SimNetwork
  readonly store: SimStore
  readonly config: MeshConfig
  readonly watcher: Watcher
  readonly trace: Trace
  readonly makeCore: MakeCore
}

export interface ProcessOptions {
  readonly id: NodeId
  readonly host: Host
  /** Whom its supervisor saw end. */
  readonly knownDead: ReadonlySet<NodeId>
  readonly random: SimRandom
  /** The process's own clock: no two agree, and none runs quite true. */
  readonly clockOffsetMs: number
  readonly clockRate: number
  /** Chance that an answer to `deliver`, or the end of a turn, takes a moment. */
  readonly lagChance: number
}

export class SimProcess implements NetworkProcess {
  readonly id: NodeId
  readonly host: Host
  readonly info: MemberInfo
  readonly links = new LinkTable()
  readonly clients: SimClients
  readonly core: CoreLike
  readonly startedMs: number
  readonly #surroundings: Surroundings
  readonly #options: ProcessOptions
  #state: 'running' | 'paused' | 'dead' = 'running'
  #waiting: (() => void)[] = []
  #queue: MeshEvent[] = []
  #isHandling = false
  #isFlushDue = false
  #isTickDue = false

  constructor(surroundings: Surroundings, options: ProcessOptions) {
    this.#surroundings = surroundings
    this.#options = options
    this.id = options.id
    this.host = options.host
    this.info = {
      id: options.id,
      url: options.host.url,
      clientUrl: options.host.url.replace('/mesh', '/WebSockets'),
      version: '0.0.0',
      pid: 1,
    }
    this.startedMs = surroundings.scheduler.nowMs
    this.core = surroundings.makeCore({
      self: this.info,
      config: surroundings.config,
      random: options.random,
      now: this.#nowMs(),
      knownDead: options.knownDead,
    })
    this.clients = new SimClients(this, surroundings.scheduler)
    surroundings.watcher.started(this)
    this.handle({type: 'tick'})
    this.#scheduleTick()
  }

  get state(): 'running' | 'paused' | 'dead' {
    return this.#state
  }

  get isAlive(): boolean {
    return this.#state !== 'dead'
  }

  whenRunning(run: () => void): void {
    if (this.#state === 'running') run()
    else if (this.#state === 'paused') this.#waiting.push(run)
  }

  handle(event: MeshEvent): void {
    if (this.#state === 'dead') return
    if (this.#state === 'paused') {
      this.#waiting.push(() => this.handle(event))
      return
    }
    this.#queue.push(event)
    if (this.#isHandling) return
    this.#isHandling = true
    // A flush ends a turn: it needs no further flush after it, unless something came of it.
    let needsFlush = false
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      needsFlush ||= next.type !== 'flush'
      this.#step(next)
    }
    this.#isHandling = false
    if (!needsFlush || this.#isFlushDue) return
    this.#isFlushDue = true
    this.#scheduleFlush()
  }

  /** SIGSTOP. */
  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  /** SIGCONT: what came in meanwhile is handled now, the late tick before it or after it. */
  continue(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    const waiting = this.#waiting
    this.#waiting = []
    const isTickFirst = this.#options.random.chance(0.5)
    if (isTickFirst) this.handle({type: 'tick'})
    for (const run of waiting) this.whenRunning(run)
    if (!isTickFirst) this.handle({type: 'tick'})
    if (this.#isTickDue) this.#scheduleTick()
    this.#isTickDue = false
  }

  /** Kill -9, loss of power, or the end of a process that has drained. */
  die(how: 'killed' | 'powerless'): void {
    if (this.#state === 'dead') return
    this.#state = 'dead'
    this.#waiting = []
    this.#queue = []
    this.host.process = undefined
    this.clients.died(how)
    if (how === 'powerless') this.host.hasPower = false
    this.#surroundings.network.processDied(this, how)
  }

  #nowMs(): number {
    const {clockOffsetMs, clockRate} = this.#options
    return clockOffsetMs + this.#surroundings.scheduler.nowMs * clockRate
  }

  #scheduleTick(): void {
    const {scheduler, config} = this.#surroundings
    const jitterMs = this.#options.random.between(0, 3)
    scheduler.after(config.tickMs + jitterMs, this.#tick)
  }

  readonly #tick = (): void => {
    if (this.#state === 'dead') return
    if (this.#state === 'paused') {
      this.#isTickDue = true
      return
    }
    this.handle({type: 'tick'})
    this.#surroundings.watcher.ticked(this)
    this.#scheduleTick()
  }

  /** Later in the same moment, or now and then a little later. */
  #scheduleFlush(): void {
    const {random, lagChance} = this.#options
    const delayMs = lagChance > 0 && random.chance(lagChance) ? random.between(0, 3) : 0
    this.#surroundings.scheduler.after(delayMs, this.#flush)
  }

  readonly #flush = (): void => {
    if (this.#state === 'paused') this.#waiting.push(this.#flush)
    if (this.#state !== 'running') return
    this.#isFlushDue = false
    this.handle({type: 'flush'})
  }

  #step(event: MeshEvent): void {
    const {watcher, trace} = this.#surroundings
    watcher.beforeEvent(this, event)
    if (trace.on) this.#traceEvent(event)
    const effects = this.core.step(event, this.#nowMs())
    for (const effect of effects) {
      if (trace.on) this.#traceEffect(effect)
      watcher.effect(this, effect)
      this.#perform(effect)
      // A drained process is gone; whatever follows in the list is for nobody.
      if (this.#state === 'dead') break
    }
  }

  #perform(effect: MeshEffect): void {
    const {network, store, config} = this.#surroundings
    const host = this.host.url
    switch (effect.type) {
      case 'dial': {
        network.dial(this, effect.link, effect.to, config.answerMs)
        return
      }
      case 'send': {
        network.send(this, effect.link, effect.frame)
        return
      }
      case 'close-link': {
        network.close(this, effect.link)
        return
      }
      case 'read-pool': {
        const {request} = effect
        store.readPool(host, this.info, (pool) => {
          this.handle(pool ? {type: 'pool-read', request, pool} : {type: 'store-failed', request})
        })
        return
      }
      case 'swap-lease': {
        const {request} = effect
        store.swapLease(host, effect.expected, effect.next, (won) => {
          this.handle(
            won === undefined
              ? {type: 'store-failed', request}
              : {type: 'lease-swapped', request, won},
          )
        })
        return
      }
      case 'remove-member': {
        store.removeMember(host, effect.id)
        return
      }
      case 'deliver': {
        this.#deliver(effect)
        return
      }
      case 'drained': {
        this.die('killed')
        return
      }
      case 'standing': {
        if (effect.standing.state === 'isolated') this.clients.closeAll('isolated')
        return
      }
      case 'log-replaced': {
        this.clients.logReplaced(effect.after, effect.reset)
        return
      }
      case 'accepted':
      case 'refused':
      case 'receipt':
      case 'log': {
        return
      }
      default: {
        unreachable(effect)
      }
    }
  }

  #deliver(effect: Deliver): void {
    const connections = this.clients.deliver(effect.epoch, effect.entries)
    this.#surroundings.watcher.delivered(this, effect, connections)
    this.handle({type: 'delivered', after: effect.after, connections})
  }

  #traceEvent(event: MeshEvent): void {
    const {trace, scheduler} = this.#surroundings
    if (event.type === 'tick' || event.type === 'flush' || event.type === 'delivered') return
    if (event.type === 'frame') {
      if (isBeat(event.frame)) return
      trace.note(scheduler.nowMs, this.id, `<- ${event.link} ${describeFrame(event.frame)}`)
      return
    }
    trace.note(scheduler.nowMs, this.id, `event  ${describe(event)}`)
  }

  #traceEffect(effect: MeshEffect): void {
    const {trace, scheduler} = this.#surroundings
    if (effect.type === 'read-pool') return
    if (effect.type === 'send') {
      if (isBeat(effect.frame)) return
      const to = this.links.get(effect.link)
      trace.note(
        scheduler.nowMs,
        this.id,
        `-> ${effect.link}${to ? '' : ' (closed)'} ${describeFrame(effect.frame)}`,
      )
      return
    }
    trace.note(scheduler.nowMs, this.id, `effect ${describe(effect)}`)
  }
}
