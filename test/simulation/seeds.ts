/** Which seeds to run: 1000 unless SEEDS says otherwise, as a count (10000) or a range (17-17). */
import {runSeed, type SeedResult} from '../../src/lib/simulation/run-seed.js'
import {Trace} from '../../src/lib/simulation/trace.js'

const SEEDS_DEFAULT = 1000
const TRACE_LINES = 120

export function chosenSeeds(text: string | undefined): readonly number[] {
  const range = /^(\d+)-(\d+)$/.exec(text ?? '')
  const from = range ? Number(range[1]) : 1
  const to = range ? Number(range[2]) : Number(text ?? SEEDS_DEFAULT)
  if (!Number.isSafeInteger(to) || to < from) {
    throw new RangeError(`SEEDS is a count (10000) or a range (17-17), not ${JSON.stringify(text)}`)
  }
  return Array.from({length: to - from + 1}, (_, index) => from + index)
}

/** A failed seed as a person needs it: what, how to see it again, and what led to it. */
export function describeFailure(result: SeedResult): string {
  const {seed, nodes, failure} = result
  if (!failure) return `seed ${seed}: ok`
  const trace = new Trace(true)
  runSeed(seed, {trace})
  return [
    `seed ${seed} (${nodes} nodes) failed at ${(failure.atMs / 1000).toFixed(3)} s`,
    failure.message,
    `again: SEEDS=${seed}-${seed} npx vitest run test/simulation/simulation`,
    `the last ${TRACE_LINES} lines before it:`,
    ...trace.tail(TRACE_LINES),
  ].join('\n')
}
