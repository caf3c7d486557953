/** Whether the simulation notices a rule that was broken on purpose, and by which invariant. */
import {MeshCore} from '../../src/lib/mesh/core.js'
import type {MeshEffect} from '../../src/lib/mesh/effect.js'
import type {MeshEvent} from '../../src/lib/mesh/event.js'
import type {CoreLike, CoreOptions, MakeCore} from '../../src/lib/simulation/core-like.js'
import {runSeed} from '../../src/lib/simulation/run-seed.js'
import type {InvariantName} from '../../src/lib/simulation/violation.js'

/** A rule, the invariant that notices its absence, and a seed at which it does. */
export interface Break {
  readonly rule: string
  readonly invariant: InvariantName
  readonly seed: number
}

/** A change of anything makes other stories of the same seeds: some more may be tried. */
const SEEDS_TRIED = 40

/** The invariants that noticed, by seed, up to the one that is expected. */
export function noticed({invariant, seed}: Break, makeCore?: MakeCore): InvariantName[] {
  const names: InvariantName[] = []
  for (let tried = seed; tried < seed + SEEDS_TRIED; tried += 1) {
    const {failure} = runSeed(tried, makeCore ? {makeCore} : {})
    if (!failure) continue
    if (failure.invariant === invariant && process.env['BREAKS']) {
      console.log(`${invariant}: seed ${tried}`)
    }
    names.push(failure.invariant)
    if (failure.invariant === invariant) return names
  }
  return names
}

/** What a broken core does to its events and effects. */
export interface Mangling {
  /** Undefined: the core never sees it. */
  readonly event?: (event: MeshEvent) => MeshEvent | undefined
  /** Instead of the core's. Further events go to the core itself, and what they ask for is lost. */
  readonly effects?: (
    effects: readonly MeshEffect[], event: MeshEvent, core: MeshCore, now: number,
  ) => readonly MeshEffect[]
  readonly position?: (position: CoreLike['position']) => CoreLike['position']
}

/** Real cores, each with a mangling of its own, which may remember things. */
export function mangled(make: (options: CoreOptions) => Mangling | undefined): MakeCore {
  return (options) => {
    const mangling = make(options)
    const core = new MeshCore(options)
    if (!mangling) return core
    return {
      step: (event, now) => {
        const changed = mangling.event ? mangling.event(event) : event
        if (!changed) return []
        const effects = core.step(changed, now)
        return mangling.effects ? mangling.effects(effects, event, core, now) : effects
      },
      get standing() {
        return core.standing
      },
      get position() {
        return mangling.position ? mangling.position(core.position) : core.position
      },
      recover: (position) => core.recover(position),
      stats: () => core.stats(),
    } satisfies CoreLike
  }
}
