/**
 * A whole mesh in one process: hosts, their processes, the network and the store between them, and
 * the judge. Seeds and scenarios both drive this.
 */
import {defaultMeshConfig, type MeshConfig} from '../mesh/config.js'
import type {Lease} from '../mesh/membership.js'
import {decodeNodeFrame, encodeNodeFrame} from '../protocol/node-codec.js'
import type {NodeFrame} from '../protocol/node-frame.js'
import type {Target} from '../protocol/target.js'
import {nodeId, type NodeId} from '../util/brand.js'
import type {MakeCore} from './core-like.js'
import {Crowd} from './crowd.js'
import {Invariants} from './invariants.js'
import {payloadOf, type Message} from './message.js'
import type {NodeRecord} from './node-record.js'
import {Scheduler} from './scheduler.js'
import {SimNetwork, type Host, type NetworkOptions} from './sim-network.js'
import {SimProcess, type Surroundings} from './sim-process.js'
import {SimRandom} from './sim-random.js'
import {SimStore, type StoreOptions} from './sim-store.js'
import {describe, Trace} from './trace.js'
import {violate} from './violation.js'

export interface SimMeshOptions {
  readonly seed: number
  readonly makeCore: MakeCore
  readonly config?: Partial<MeshConfig>
  readonly network: NetworkOptions
  readonly store: StoreOptions
  readonly lagChance: number
  readonly clockRateError: number
  readonly isHistoryWhole: boolean
  /** Faults need not leave what the design needs to lose nothing. */
  readonly isLossAllowed: boolean
  /** Frames go through their wire form and back. */
  readonly isCoded: boolean
  /** Clients that come and go, and come back with what they saw last. */
  readonly clients: number
  readonly trace?: Trace
}

export interface PublishOptions {
  /** The action, and what the message is called: a number of its own unless given. */
  readonly key?: string
  readonly callerId?: string | undefined
  readonly onlyInTerm?: number | undefined
}

export class SimMesh {
  readonly seed: number
  readonly config: MeshConfig
  readonly scheduler = new Scheduler()
  readonly network: SimNetwork
  readonly store: SimStore
  readonly invariants: Invariants
  readonly crowd: Crowd
  readonly trace: Trace
  readonly messages: Message[] = []
  readonly #options: SimMeshOptions
  readonly #surroundings: Surroundings
  #processes: SimProcess[] = []
  readonly #startsByHost = new Map<Host, number>()
  /** What a supervisor at the host would know. */
  readonly #killedByHost = new Map<Host, Set<NodeId>>()
  #lastLease: Lease | undefined
  #published = 0
  #ranOutMs = -Infinity
  /** The nodes' own: see `letHistoriesRunOut`. */
  readonly #nodesConfig: {-readonly [Name in keyof MeshConfig]: MeshConfig[Name]}

  constructor(options: SimMeshOptions) {
    this.#options = options
    this.seed = options.seed
    this.config = {...defaultMeshConfig, ...options.config}
    this.#nodesConfig = {...this.config}
    this.trace = options.trace ?? new Trace(false)
    const {scheduler, config, trace} = this
    const nodesConfig = this.#nodesConfig
    const random = (stream: string): SimRandom => new SimRandom(options.seed, stream)
    this.network = new SimNetwork(scheduler, random('network'), options.network)
    this.store = new SimStore(scheduler, random('store'), options.store)
    this.invariants = new Invariants(scheduler, config, {
      isHistoryWhole: options.isHistoryWhole,
      isLossAllowed: options.isLossAllowed,
      isLinked: (a, b) => this.network.isLinked(a, b),
    })
    this.crowd = new Crowd(this, options.clients)
    if (options.isCoded) this.network.onFrame = (_, __, frame) => throughCodec(frame)
    this.store.onLease = (lease) => {
      if (this.trace.on) this.note('store', `lease ${lease ? describe(lease) : 'lost'}`)
      if (lease) this.#lastLease = lease
      this.invariants.leaseWritten(lease)
    }
    this.#surroundings = {
      scheduler,
      config: nodesConfig,
      trace,
      network: this.network,
      store: this.store,
      watcher: this.invariants,
      makeCore: options.makeCore,
    }
  }

  get nowMs(): number {
    return this.scheduler.nowMs
  }

  get hosts(): readonly Host[] {
    return this.network.hosts
  }

  /** Of all processes that ever ran, those that are not dead. */
  get living(): SimProcess[] {
    return this.#processes.filter((process) => process.isAlive)
  }

  get running(): SimProcess[] {
    return this.#processes.filter((process) => process.state === 'running')
  }

  /** Every living node that thinks it is master. */
  get masters(): SimProcess[] {
    return this.living.filter((process) => process.core.standing.state === 'mastering')
  }

  addHost(isLocal?: boolean): Host {
    return this.network.addHost(isLocal)
  }

  processAt(host: Host): SimProcess | undefined {
    return this.#processes.find((process) => process.isAlive && process.host === host)
  }

  recordOf(process: SimProcess): NodeRecord {
    return this.invariants.record(process)
  }

  /**
   * Starts a new process at a host: another node with another id, at the same address. One that a
   * supervisor starts is told which nodes of the host were killed.
   */
  start(host: Host, by: 'anybody' | 'supervisor' = 'anybody'): SimProcess {
    const starts = (this.#startsByHost.get(host) ?? 0) + 1
    this.#startsByHost.set(host, starts)
    const name = starts === 1 ? `n${host.index + 1}` : `n${host.index + 1}-${starts}`
    const random = new SimRandom(this.seed, name)
    this.note(name, 'starts')
    const {clockRateError, lagChance} = this.#options
    const process = new SimProcess(this.#surroundings, {
      id: nodeId(name),
      host,
      knownDead: new Set(by === 'supervisor' ? this.#killedByHost.get(host) : []),
      random,
      clockOffsetMs: random.between(0, 1e6),
      clockRate: 1 + random.between(-clockRateError, clockRateError),
      lagChance,
    })
    process.clients.watcher = this.crowd
    host.process = process
    host.hasPower = true
    this.#processes.push(process)
    return process
  }

  kill(process: SimProcess, how: 'killed' | 'powerless'): void {
    this.note(process.id, how === 'killed' ? 'is killed' : 'loses power')
    process.die(how)
    // A supervisor ends with its machine.
    if (how === 'powerless') this.#killedByHost.delete(process.host)
    else this.#killedOf(process.host).add(process.id)
  }

  #killedOf(host: Host): Set<NodeId> {
    const killed = this.#killedByHost.get(host) ?? new Set()
    this.#killedByHost.set(host, killed)
    return killed
  }

  pause(process: SimProcess): void {
    this.note(process.id, 'is stopped')
    process.pause()
  }

  continue(process: SimProcess): void {
    if (process.state !== 'paused') return
    this.note(process.id, 'is continued')
    this.recordOf(process).pausedMs = this.nowMs
    process.continue()
  }

  /** As the node floor does it: clients are sent away first. */
  drain(process: SimProcess): void {
    this.note(process.id, 'is told to drain')
    process.clients.isDraining = true
    process.clients.closeAll('drain')
    this.recordOf(process).drainAskedMs = this.nowMs
    process.handle({type: 'drain'})
  }

  publish(
    process: SimProcess, target: Target, detailBytes: number, options: PublishOptions = {},
  ): Message {
    this.#published += 1
    const {key = `m${this.#published}`, callerId, onlyInTerm} = options
    const record = this.recordOf(process)
    const message: Message = {
      key,
      origin: process.id,
      callerId,
      onlyInTerm,
      target,
      ticket: record.nextTicket,
      publishedMs: this.nowMs,
      id: undefined,
      isRefused: false,
      receipt: undefined,
      receiptMs: undefined,
    }
    record.nextTicket += 1
    this.messages.push(message)
    this.invariants.published(message)
    const payload = payloadOf(message.key, detailBytes)
    const {ticket} = message
    process.handle({type: 'publish', ticket, callerId, onlyInTerm, target, payload})
    return message
  }

  /**
   * Whether this process may die now without loss that the design allows: what is committed is held
   * by more than half of the view, so fewer than that many copies may be dead at once. Deaths that
   * nobody can prove (no power) also must leave a majority, or the mesh waits for its hosts. A node
   * that drains counts as dead: when it cannot hand over in time it leaves all the same.
   */
  mayLose(process: SimProcess, how: 'killed' | 'powerless'): boolean {
    if (this.#options.isLossAllowed) return true
    const lease = this.store.lease
    const view = (lease ?? this.#lastLease)?.view ?? []
    if (!view.some(({id}) => id === process.id)) return true
    // A wiped store knows nothing until the holder writes it again.
    if (!lease) return false
    const staying = this.living.filter(
      (other) => other !== process && this.recordOf(other).drainAskedMs === undefined,
    )
    const living = new Set(staying.map(({id}) => id))
    const dead = view.filter(({id}) => !living.has(id))
    const powerless = dead.filter(({url}) => !this.hosts.find((host) => host.url === url)?.hasPower)
    if (dead.length > Math.floor(view.length / 2)) return false
    const unproved = powerless.length + (how === 'powerless' ? 1 : 0)
    return unproved <= Math.floor((view.length - 1) / 2) || view.length === 2
  }

  get isHistoryWhole(): boolean {
    return this.#options.isHistoryWhole
  }

  get isLossAllowed(): boolean {
    return this.#options.isLossAllowed
  }

  /** Nobody has to hold what was published before. */
  get keptFromMs(): number {
    return Math.max(this.nowMs - this.config.historyMs, this.#ranOutMs)
  }

  /**
   * For time that passes without being played: nodes give up their histories, as they would by
   * then, from `true` to `false`; a second of calm is enough.
   */
  letHistoriesRunOut(isRunning: boolean): void {
    this.#nodesConfig.historyMs = isRunning ? 0 : this.config.historyMs
    this.#ranOutMs = isRunning ? Infinity : this.nowMs
  }

  /**
   * In a calm mesh, in which everything is delivered and answered: forgets what can come up no
   * more, so that a long run does not grow. Nobody gets what is in nobody's history.
   */
  forgetSettled(): void {
    const {living} = this
    const held = living.map((process) => {
      const {position, historyMessages} = process.core.stats()
      // The entry before the history is still named: clients may stand there.
      return (position?.seq ?? 0) - historyMessages - 1
    })
    const epoch = this.masters[0]?.core.stats().epoch ?? ''
    const unread = this.crowd.unreadFrom(epoch)
    if (unread > 0) this.invariants.forget(epoch, Math.max(0, Math.min(...held, unread - 1)))
    this.messages.length = 0
    this.#processes = living
  }

  run(ms: number): void {
    this.scheduler.runUntil(this.nowMs + ms)
    this.network.sweep()
  }

  note(who: string, text: string): void {
    this.trace.note(this.nowMs, who, text)
  }
}

function throughCodec(frame: NodeFrame): NodeFrame {
  const decoded = decodeNodeFrame(encodeNodeFrame(frame))
  if (decoded.ok) return decoded.value
  return violate('codec', `${frame.type}: ${decoded.violation.reason}`)
}
