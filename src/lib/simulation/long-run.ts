/**
 * Hours in the life of a mesh, for operators: faults as they come, each under load, healed, and the
 * mesh looked over afterwards. What lies between is the same second over and over: with all clocks
 * held it is skipped, unless it is asked for. Everything follows from the options.
 */
import {
  checkHealed, checkNothingLost, describeStandings, isQuiet, isSettled,
} from './calm.js'
import {Chronicle} from './chronicle.js'
import type {MakeCore} from './core-like.js'
import {FaultRunner, type PlannedFault} from './fault-plan.js'
import {drawLongPlan, type FaultWish} from './long-plan.js'
import {failureOf, makeMeshCore, type SeedFailure} from './run-seed.js'
import {SimMesh} from './sim-mesh.js'
import {SimRandom} from './sim-random.js'
import {SteadyLoad} from './steady-load.js'
import type {Trace} from './trace.js'
import {check} from './violation.js'

export interface LongRunOptions {
  readonly seed: number
  readonly nodes: number
  readonly durationMs: number
  /** Messages a second in the whole mesh; 0 for none but those that measure a failover. */
  readonly ratePerS: number
  readonly faultsPerHour: number
  /** Only these faults; empty: of all kinds, at random. */
  readonly faults: readonly FaultWish[]
  /** The calm between faults is played too. */
  readonly isCalmPlayed: boolean
  /** One way between two nodes, and one query of the store, at most. */
  readonly latencyMs: number
  readonly storeLatencyMs: number
  readonly makeCore?: MakeCore
  readonly trace?: Trace
  /** The trace says nothing before: millisecond of played time. */
  readonly traceFromMs?: number
}

/** Before a fault the mesh works for so long. */
const LEAD_MS = 3000
const STEP_MS = 1000
/** From healing to one master that everybody follows: two leases, and some dials. */
const SETTLE_MS = 2 * 3000 + 5000
/** A receipt may take ten seconds, and a second more. */
const QUIET_MS = 12_000
/** A query of the store that nobody answered ends after 3 s, what a cut held up comes sooner. */
const CALM_MS = 3000
/** Calm that is played is looked over as often. */
const LOOK_MS = 60_000
const ACTIVE_MAX = 3
const CLIENTS_PER_NODE = 2
/** Published when a fault begins: the next delivery says when messages flow again. */
const PROBES = 3

export class LongRun {
  readonly chronicle: Chronicle
  readonly #options: LongRunOptions
  readonly #mesh: SimMesh
  readonly #load: SteadyLoad
  readonly #faults: FaultRunner
  readonly #plan: readonly PlannedFault[]
  readonly #steps: Iterator<void>
  #begun = 0
  #skippedMs = 0
  #failure: SeedFailure | undefined

  constructor(options: LongRunOptions) {
    this.#options = options
    this.#mesh = makeMesh(options)
    this.chronicle = new Chronicle(this.#mesh)
    this.#load = new SteadyLoad(this.#mesh, options.ratePerS)
    this.#faults = new FaultRunner(this.#mesh, [], ACTIVE_MAX)
    this.#plan = drawLongPlan(options)
    this.#steps = this.#play()
  }

  /** Milliseconds of the mesh's life so far, what was skipped included. */
  get clockMs(): number {
    return this.#mesh.nowMs + this.#skippedMs
  }

  get playedMs(): number {
    return this.#mesh.nowMs
  }

  /** Steps of the simulation, after each of which the invariants were checked. */
  get steps(): number {
    return this.#mesh.scheduler.ran
  }

  get failure(): SeedFailure | undefined {
    return this.#failure
  }

  /** Plays about a second. False when the run is over, by its end or by a violation. */
  advance(): boolean {
    try {
      return this.#steps.next().done !== true
    } catch (error) {
      this.#failure = failureOf(error, this.#mesh)
      return false
    }
  }

  *#play(): Generator<void> {
    const {durationMs} = this.#options
    const mesh = this.#mesh
    for (const host of mesh.hosts) mesh.start(host)
    yield* this.#settle()
    while (this.clockMs < durationMs) {
      const next = this.#plan[this.#begun]
      yield* this.#calm(Math.min(durationMs, (next?.atMs ?? Infinity) - LEAD_MS))
      if (next) yield* this.#trouble()
    }
  }

  /** Nothing is broken until then. */
  *#calm(untilMs: number): Generator<void> {
    if (!this.#options.isCalmPlayed) {
      if (untilMs - this.clockMs > this.#mesh.config.historyMs) yield* this.#letHistoriesRunOut()
      this.#skippedMs += Math.max(0, untilMs - this.clockMs)
      return
    }
    while (this.clockMs < untilMs) {
      this.#load.goOn()
      yield* this.#run(Math.min(LOOK_MS, untilMs - this.clockMs))
      yield* this.#lookOver()
    }
  }

  *#letHistoriesRunOut(): Generator<void> {
    const mesh = this.#mesh
    mesh.letHistoriesRunOut(true)
    yield* this.#run(STEP_MS)
    mesh.letHistoriesRunOut(false)
    mesh.forgetSettled()
  }

  /** The next fault, and all that come before it has healed. */
  *#trouble(): Generator<void> {
    this.#load.goOn()
    const until = (): number => this.#plan[this.#begun]?.atMs ?? Infinity
    do {
      const waitMs = until() - this.clockMs
      if (waitMs < 1) this.#begin()
      else yield* this.#run(Math.min(waitMs, STEP_MS))
    } while (this.#faults.active > 0 || until() <= this.clockMs + LEAD_MS)
    this.#faults.healAll()
    yield* this.#settle()
    this.chronicle.healed()
    yield* this.#run(CALM_MS)
    this.#mesh.invariants.expectCalm()
    yield* this.#lookOver()
  }

  #begin(): void {
    const mesh = this.#mesh
    const planned = this.#plan[this.#begun]
    if (!planned) return
    this.#begun += 1
    mesh.invariants.expectChange()
    const [master] = mesh.masters
    const random = new SimRandom(mesh.seed, `fault ${this.#begun}`)
    if (!this.#faults.begin(planned, random)) {
      this.chronicle.faultPassedOver(planned.kind)
      return
    }
    const isHit =
      master !== undefined &&
      (master.state !== 'running' || mesh.recordOf(master).drainAskedMs === mesh.nowMs)
    this.chronicle.faultBegan(planned.kind, isHit)
    for (let probe = 0; probe < PROBES; probe += 1) this.#load.publishOne(master)
  }

  *#settle(): Generator<void> {
    const mesh = this.#mesh
    const isWhole = (): boolean => mesh.living.length === mesh.hosts.length && isSettled(mesh)
    yield* this.#until(isWhole, SETTLE_MS)
    check(isWhole(), 'settles', () => describeStandings(mesh))
  }

  /** All that was accepted is delivered everywhere; then it may be forgotten. */
  *#lookOver(): Generator<void> {
    const mesh = this.#mesh
    this.#load.hold()
    yield* this.#until(() => isQuiet(mesh), QUIET_MS)
    yield* this.#run(CALM_MS)
    checkNothingLost(mesh)
    checkHealed(mesh)
    mesh.forgetSettled()
  }

  *#until(isDone: () => boolean, boundMs: number): Generator<void> {
    const latestMs = this.#mesh.nowMs + boundMs
    while (this.#mesh.nowMs < latestMs && !isDone()) yield* this.#run(100)
  }

  *#run(ms: number): Generator<void> {
    const mesh = this.#mesh
    const {traceFromMs} = this.#options
    const endMs = mesh.nowMs + ms
    while (mesh.nowMs < endMs) {
      if (traceFromMs !== undefined) mesh.trace.on = mesh.nowMs >= traceFromMs
      const stepMs = Math.min(STEP_MS, endMs - mesh.nowMs)
      mesh.run(stepMs)
      this.chronicle.elapsed(stepMs)
      yield
    }
  }
}

function makeMesh(options: LongRunOptions): SimMesh {
  const {seed, nodes, latencyMs, storeLatencyMs, makeCore = makeMeshCore, trace} = options
  const mesh = new SimMesh({
    seed,
    isHistoryWhole: false,
    isCoded: false,
    isLossAllowed: false,
    clients: nodes * CLIENTS_PER_NODE,
    makeCore,
    network: {
      latencyMs: [Math.min(0.2, latencyMs), latencyMs],
      spikeChance: 0.001, spikeMsMax: 100, resetOnHealChance: 0.5,
    },
    store: {latencyMs: [Math.min(0.5, storeLatencyMs), storeLatencyMs]},
    lagChance: 0.02,
    clockRateError: 0.001,
    ...(trace && {trace}),
  })
  for (let index = 0; index < nodes; index += 1) mesh.addHost()
  return mesh
}
