/**
 * One clock for all processes of this machine: microseconds of CLOCK_MONOTONIC, which
 * `performance.now` counts from a different beginning in each process.
 */
const READS = 200
const OFFSET_US = offsetUs()

export function nowUs(): number {
  return performance.now() * 1000 + OFFSET_US
}

/** How far apart two such clocks may be: what reading the two one after the other costs at best. */
export function clockFloorUs(): number {
  let best = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < READS; turn += 1) {
    const before = performance.now()
    process.hrtime()
    best = Math.min(best, performance.now() - before)
  }
  return best * 1000
}

/** Of many readings the one between whose two neighbours least time passed. */
function offsetUs(): number {
  let best = Number.POSITIVE_INFINITY
  let offset = 0
  for (let turn = 0; turn < READS; turn += 1) {
    const before = performance.now()
    const [seconds, nanoseconds] = process.hrtime()
    const after = performance.now()
    if (after - before < best) {
      best = after - before
      offset = seconds * 1e6 + nanoseconds / 1000 - ((before + after) / 2) * 1000
    }
  }
  return offset
}
