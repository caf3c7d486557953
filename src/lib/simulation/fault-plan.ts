/**
 * Which faults a seed meets, and when. Drawn before the run, so that the plan of a seed can be
 * printed; whom a fault hits is decided when it begins, since only then is known who lives.
 */
import {randomTarget} from './random-target.js'
import {FAULT_KINDS, type ActiveFault, type BeginFault, type FaultKind} from './fault.js'
import {networkFaults} from './network-faults.js'
import {processFaults} from './process-faults.js'
import type {SimMesh} from './sim-mesh.js'
import type {Host} from './sim-network.js'
import {SimRandom} from './sim-random.js'
import {storeFaults} from './store-faults.js'

interface FaultShape {
  /** How often, compared with the others. */
  readonly weight: number
  readonly durationMs: readonly [min: number, max: number]
  /** Begins only when no other fault is active, and lets none begin until it has healed. */
  readonly isAlone?: boolean
}

const SHAPES: Readonly<Record<FaultKind, FaultShape>> = {
  kill: {weight: 5, durationMs: [100, 6000]},
  'kill-master': {weight: 5, durationMs: [100, 6000]},
  'power-loss': {weight: 4, durationMs: [500, 8000]},
  pause: {weight: 4, durationMs: [500, 10_000]},
  'pause-master': {weight: 4, durationMs: [500, 10_000]},
  stall: {weight: 3, durationMs: [300, 1500]},
  drain: {weight: 4, durationMs: [1000, 12_000]},
  'cut-pair': {weight: 3, durationMs: [300, 8000]},
  'cut-one-way': {weight: 3, durationMs: [300, 8000]},
  'cut-from-master': {weight: 4, durationMs: [300, 8000]},
  partition: {weight: 5, durationMs: [500, 10_000]},
  isolate: {weight: 4, durationMs: [300, 8000]},
  'isolate-from-store': {weight: 3, durationMs: [1000, 10_000]},
  'isolate-wholly': {weight: 4, durationMs: [500, 8000]},
  loss: {weight: 4, durationMs: [1000, 6000]},
  delay: {weight: 3, durationMs: [500, 5000]},
  reset: {weight: 4, durationMs: [10, 20]},
  'store-outage': {weight: 4, durationMs: [500, 10_000]},
  'store-flaky': {weight: 4, durationMs: [1000, 8000]},
  'store-slow': {weight: 3, durationMs: [2000, 10_000]},
  'wipe-members': {weight: 3, durationMs: [10, 20]},
  'wipe-all': {weight: 6, durationMs: [4000, 5000], isAlone: true},
  'store-restart-empty': {weight: 6, durationMs: [1000, 8000], isAlone: true},
  evict: {weight: 3, durationMs: [10, 20]},
  'drain-several': {weight: 2, durationMs: [1000, 12_000]},
  'drain-then-kill': {weight: 2, durationMs: [1000, 12_000]},
  'kill-while-draining': {weight: 2, durationMs: [1000, 12_000]},
  'drain-in-outage': {weight: 2, durationMs: [1000, 9000]},
  'late-node': {weight: 4, durationMs: [10, 20]},
  burst: {weight: 4, durationMs: [10, 20]},
}

/** After the store was emptied: until its holder has written the lease again, others wait. */
const SETTLE_MS = 5000

const burst: BeginFault = (mesh, random) => {
  const process = random.pick(mesh.running)
  if (!process) return undefined
  const count = random.integer(20, 150)
  for (let index = 0; index < count; index += 1) mesh.publish(process, randomTarget(random), 200)
  return {what: `${process.id} publishes ${count} at once`, end: () => {}}
}

const BEGIN: Readonly<Record<FaultKind, BeginFault>> = {
  ...processFaults,
  ...networkFaults,
  ...storeFaults,
  burst,
}

export interface PlannedFault {
  readonly atMs: number
  readonly kind: FaultKind
  readonly durationMs: number
}

function sumOfWeights(kinds: readonly FaultKind[]): number {
  return kinds.reduce((sum, kind) => sum + SHAPES[kind].weight, 0)
}

function drawKind(random: SimRandom, kinds: readonly FaultKind[]): FaultKind {
  let draw = random.next() * sumOfWeights(kinds)
  for (const kind of kinds) {
    draw -= SHAPES[kind].weight
    if (draw < 0) return kind
  }
  return kinds.at(-1) ?? 'kill'
}

/** One of these kinds, for as long as such a fault lasts. */
export function drawFault(
  random: SimRandom, atMs: number, kinds: readonly FaultKind[],
): PlannedFault {
  const kind = drawKind(random, kinds)
  const [min, max] = SHAPES[kind].durationMs
  // Short ones are as likely as long ones: much happens in the first second.
  return {atMs, kind, durationMs: min * (max / min) ** random.next()}
}

/** `density`: how many times as many faults as usual. */
export function drawPlan(
  seed: number, fromMs: number, untilMs: number, density: number,
): readonly PlannedFault[] {
  const random = new SimRandom(seed, 'plan')
  const meanMs = random.between(1200, 4000) / density
  const plan: PlannedFault[] = []
  for (let atMs = fromMs; ; ) {
    atMs += random.exponential(meanMs)
    if (atMs >= untilMs) return plan
    plan.push(drawFault(random, atMs, FAULT_KINDS))
  }
}

/** Puts a plan into effect on a mesh, and heals everything at the end. */
export class FaultRunner {
  readonly #mesh: SimMesh
  readonly #activeMax: number
  readonly #active = new Set<{fault: ActiveFault; isAlone: boolean}>()
  #quietUntilMs = 0
  /** How many faults of each kind began. */
  readonly begun = new Map<FaultKind, number>()

  constructor(mesh: SimMesh, plan: readonly PlannedFault[], activeMax: number) {
    this.#mesh = mesh
    this.#activeMax = activeMax
    for (const [index, planned] of plan.entries()) {
      mesh.scheduler.at(planned.atMs, () => {
        this.begin(planned, new SimRandom(mesh.seed, `fault ${index}`))
      })
    }
  }

  healAll(): void {
    for (const active of this.#active) this.#end(active)
    const mesh = this.#mesh
    for (const process of mesh.living) mesh.continue(process)
    for (const host of mesh.hosts) this.#startOnceFree(host)
    mesh.note('faults', 'all healed')
  }

  /** A node that drains still takes its time; its host gets a new one when it is gone. */
  #startOnceFree(host: Host): void {
    const process = this.#mesh.processAt(host)
    if (!process) this.#mesh.start(host)
    else if (this.#mesh.recordOf(process).drainAskedMs !== undefined) {
      this.#mesh.scheduler.after(50, () => this.#startOnceFree(host))
    }
  }

  /** Faults that have begun and not ended. */
  get active(): number {
    return this.#active.size
  }

  /** Begins a fault now; false if it cannot, or may not beside those that are active. */
  begin({kind, durationMs}: PlannedFault, random: SimRandom): boolean {
    const mesh = this.#mesh
    const isAlone = SHAPES[kind].isAlone ?? false
    const isRoom = this.#active.size < (isAlone ? 1 : this.#activeMax)
    if (!isRoom || mesh.nowMs < this.#quietUntilMs) return false
    const fault = BEGIN[kind](mesh, random)
    if (!fault) return false
    mesh.note('faults', `BEGIN ${fault.what}`)
    this.begun.set(kind, (this.begun.get(kind) ?? 0) + 1)
    if (isAlone) this.#quietUntilMs = mesh.nowMs + durationMs + SETTLE_MS
    const active = {fault, isAlone}
    this.#active.add(active)
    mesh.scheduler.after(durationMs, () => this.#end(active))
    return true
  }

  #end(active: {fault: ActiveFault; isAlone: boolean}): void {
    if (!this.#active.delete(active)) return
    this.#mesh.note('faults', `END ${active.fault.what}`)
    active.fault.end()
  }
}
