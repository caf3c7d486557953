/**
 * One run: a mesh of 3 to 7 nodes, 54 seconds of faults under load, then calm: at least a minute in
 * all. Everything follows from the seed, so that a failing one tells the same story each time.
 */
import {MeshCore} from '../mesh/core.js'
import type {MeshConfig} from '../mesh/config.js'
import {
  checkCalmReceipts,
  checkHealed,
  checkNothingLost,
  describeStandings,
  isSettled,
} from './calm.js'
import type {MakeCore} from './core-like.js'
import {drawPlan, FaultRunner} from './fault-plan.js'
import type {FaultKind} from './fault.js'
import {Load} from './load.js'
import {SimMesh} from './sim-mesh.js'
import {SimRandom} from './sim-random.js'
import type {Trace} from './trace.js'
import {check, InvariantViolated, type InvariantName} from './violation.js'

/** The mesh comes up, then faults begin. */
const FAULTS_FROM_MS = 1500
const FAULTS_MS = 54_000
/** From healing to one master that everybody follows: two leases, and some dials. */
const SETTLE_MS = 2 * 3000 + 5000
const CALM_MS = 3000

export interface SeedResult {
  readonly seed: number
  readonly nodes: number
  readonly simulatedMs: number
  readonly tasks: number
  readonly published: number
  readonly delivered: number
  readonly faults: ReadonlyMap<FaultKind, number>
  readonly failure: SeedFailure | undefined
}

export interface SeedFailure {
  readonly invariant: InvariantName
  readonly message: string
  readonly atMs: number
}

export const makeMeshCore: MakeCore = (options) => new MeshCore(options)

export interface SeedOptions {
  readonly makeCore?: MakeCore
  readonly trace?: Trace
}

export function runSeed(seed: number, options: SeedOptions = {}): SeedResult {
  const random = new SimRandom(seed, 'shape')
  const mesh = drawMesh(seed, random, options)
  const nodes = random.integer(3, 7)
  for (let index = 0; index < nodes; index += 1) mesh.addHost()
  // Mostly one or two faults at a time; one seed in eight is a storm.
  const isStorm = random.chance(0.125)
  const plan = drawPlan(seed, FAULTS_FROM_MS, FAULTS_FROM_MS + FAULTS_MS, isStorm ? 4 : 1)
  const faults = new FaultRunner(mesh, plan, isStorm ? 6 : random.integer(2, 3))
  let failure: SeedFailure | undefined
  try {
    play(mesh, random, faults)
  } catch (error) {
    failure = failureOf(error, mesh)
  }
  return {
    seed,
    nodes,
    simulatedMs: mesh.nowMs,
    tasks: mesh.scheduler.ran,
    published: mesh.messages.length,
    delivered: mesh.invariants.ledger.messageCount,
    faults: faults.begun,
    failure,
  }
}

function play(mesh: SimMesh, random: SimRandom, faults: FaultRunner): void {
  startHosts(mesh, random)
  const load = new Load(mesh, random.between(250, 1000), random.chance(0.2) ? 4000 : 200)
  mesh.run(FAULTS_FROM_MS)
  for (let second = 0; second < FAULTS_MS / 1000; second += 1) mesh.run(1000)
  faults.healAll()
  settle(mesh)
  load.stop()
  mesh.crowd.settle()
  mesh.run(CALM_MS)
  mesh.invariants.expectCalm()
  mesh.crowd.moveAll()
  const last = mesh.living.map((process) => mesh.publish(process, {kind: 'everyone'}, 20))
  mesh.run(CALM_MS)
  checkNothingLost(mesh)
  checkHealed(mesh)
  checkCalmReceipts(mesh, last)
  mesh.crowd.checkReturned()
}

/** All in the same moment, or one after the other; some hosts may stay empty for a while. */
function startHosts(mesh: SimMesh, random: SimRandom): void {
  const isAtOnce = random.chance(0.5)
  const spreadMs = isAtOnce ? 0 : random.between(1, 1000)
  for (const [index, host] of mesh.hosts.entries()) {
    if (index >= 3 && random.chance(0.2)) continue
    mesh.scheduler.after(index === 0 ? 0 : random.between(0, spreadMs), () => {
      if (!host.process) mesh.start(host)
    })
  }
}

function settle(mesh: SimMesh): void {
  const untilMs = mesh.nowMs + SETTLE_MS
  const isWhole = (): boolean => mesh.living.length === mesh.hosts.length && isSettled(mesh)
  while (mesh.nowMs < untilMs && !isWhole()) mesh.run(50)
  check(isWhole(), 'settles', () => describeStandings(mesh))
}

function drawMesh(seed: number, random: SimRandom, options: SeedOptions): SimMesh {
  // Longer than the run, or too short for it.
  const config: Partial<MeshConfig> = {historyMs: 2 * FAULTS_MS}
  const isHistoryWhole = !random.chance(0.15)
  if (!isHistoryWhole) {
    Object.assign(config, {historyMs: random.integer(500, 5000)})
    if (random.chance(0.5)) Object.assign(config, {historyBytes: 20_000})
  }
  if (random.chance(0.1)) Object.assign(config, {outboxMessages: random.integer(5, 40)})
  if (random.chance(0.1)) Object.assign(config, {frameBytes: random.integer(300, 2000)})
  return new SimMesh({
    seed,
    config,
    isHistoryWhole,
    isCoded: random.chance(0.1),
    isLossAllowed: random.chance(0.15),
    clients: random.integer(3, 9),
    makeCore: options.makeCore ?? makeMeshCore,
    network: {
      latencyMs: [0.2, random.chance(0.2) ? 40 : 5],
      spikeChance: random.chance(0.5) ? 0.002 : 0,
      spikeMsMax: 300,
      resetOnHealChance: random.next(),
    },
    store: {latencyMs: [0.5, random.chance(0.2) ? 60 : 8]},
    lagChance: random.chance(0.3) ? 0.1 : 0,
    clockRateError: 0.001,
    ...(options.trace && {trace: options.trace}),
  })
}

/** What a run that threw is said to have failed by. */
export function failureOf(error: unknown, mesh: SimMesh): SeedFailure {
  const atMs = mesh.nowMs
  if (error instanceof InvariantViolated) {
    return {invariant: error.invariant, message: error.message, atMs}
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {invariant: 'noCrash', message, atMs}
}
