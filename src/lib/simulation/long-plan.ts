/** Which faults a long run meets: those asked for at their times, and others by chance. */
import {LONG_KINDS, type FaultKind} from './fault.js'
import {drawFault, type PlannedFault} from './fault-plan.js'
import {SimRandom} from './sim-random.js'

/** A fault that an operator asks for. */
export interface FaultWish {
  readonly kind: FaultKind
  /** Undefined: at random times, at the usual rate. */
  readonly atMs: number | undefined
  /** Undefined: some seconds, drawn. */
  readonly forMs: number | undefined
}

export interface LongPlanOptions {
  readonly seed: number
  readonly durationMs: number
  readonly faultsPerHour: number
  /** Only these; empty: all kinds, at random. */
  readonly faults: readonly FaultWish[]
}

/** Faults do not come alone: chance that one brings another while it lasts. */
const ANOTHER_CHANCE = 0.25
/** The mesh comes up first, and what began has time to heal before the end. */
const EDGE_MS = 10_000

/** In order of time. */
export function drawLongPlan(options: LongPlanOptions): readonly PlannedFault[] {
  const {seed, durationMs, faultsPerHour, faults} = options
  const random = new SimRandom(seed, 'long plan')
  const plan: PlannedFault[] = []
  for (const {kind, atMs, forMs} of faults) {
    if (atMs !== undefined) plan.push(timed(kind, atMs, forMs, random))
  }
  const loose = faults.filter(({atMs}) => atMs === undefined)
  const isByChance = faultsPerHour > 0 && (faults.length === 0 || loose.length > 0)
  if (!isByChance) return inOrder(plan)
  const meanMs = 3_600_000 / faultsPerHour
  const untilMs = durationMs - EDGE_MS
  for (let atMs = EDGE_MS + random.exponential(meanMs); atMs < untilMs; ) {
    let fault = draw(atMs, loose, random)
    plan.push(fault)
    while (random.chance(ANOTHER_CHANCE)) {
      fault = draw(fault.atMs + random.between(0, fault.durationMs), loose, random)
      plan.push(fault)
    }
    atMs += random.exponential(meanMs)
  }
  return inOrder(plan)
}

function draw(atMs: number, loose: readonly FaultWish[], random: SimRandom): PlannedFault {
  const wish = random.pick(loose)
  return timed(wish?.kind, atMs, wish?.forMs, random)
}

function timed(
  kind: FaultKind | undefined, atMs: number, forMs: number | undefined, random: SimRandom,
): PlannedFault {
  const drawn = drawFault(random, atMs, kind === undefined ? LONG_KINDS : [kind])
  return forMs === undefined ? drawn : {...drawn, durationMs: forMs}
}

function inOrder(plan: readonly PlannedFault[]): readonly PlannedFault[] {
  return plan.toSorted((a, b) => a.atMs - b.atMs)
}
