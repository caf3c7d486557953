import {expect, test} from 'vitest'
import {FAULT_KINDS, type FaultKind} from '../../src/lib/simulation/fault.js'
import {runSeed} from '../../src/lib/simulation/run-seed.js'
import {chosenSeeds, describeFailure} from './seeds.js'

/** Failures beyond this are counted, not told. */
const TOLD_MAX = 3
/** With fewer seeds some kind of fault may not come up. */
const SEEDS_FOR_ALL_KINDS = 100

/**
 * Runs every second seed, so that two workers share the work. `remainder`: seeds that leave this
 * when divided by two.
 */
export function testSeeds(remainder: 0 | 1): void {
  const seeds = chosenSeeds(process.env['SEEDS']).filter((seed) => seed % 2 === remainder)
  const timeoutMs = 60_000 + seeds.length * 1000
  test(`${seeds.length} seeds hold every invariant`, {timeout: timeoutMs}, () => {
    const begun = new Map<FaultKind, number>()
    const told: string[] = []
    let failed = 0
    for (const seed of seeds) {
      const result = runSeed(seed)
      for (const [kind, count] of result.faults) begun.set(kind, (begun.get(kind) ?? 0) + count)
      if (!result.failure) {
        expect(result.nodes).toBeGreaterThanOrEqual(3)
        expect(result.simulatedMs).toBeGreaterThanOrEqual(60_000)
        continue
      }
      failed += 1
      if (told.length < TOLD_MAX) told.push(describeFailure(result))
    }
    if (failed > 0) {
      throw new Error(`${failed} of ${seeds.length} seeds failed\n\n${told.join('\n\n')}`)
    }
    if (seeds.length < SEEDS_FOR_ALL_KINDS) return
    expect(FAULT_KINDS.filter((kind) => (begun.get(kind) ?? 0) < 5)).toEqual([])
  })
}
