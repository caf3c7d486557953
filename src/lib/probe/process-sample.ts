/**
 * A sample of this process for the leak verdict of `wsmesh siege --soak`. A node answers operators
 * with it; any other Node program may show it the same way (docs/SIEGE.md).
 */
import {readdirSync} from 'node:fs'
import type {Gauge, ProcessSample} from '../protocol/soak-frame.js'

/** Numbers that the program keeps itself: a leak of one of them has a name at once. */
export type ReadGauges = () => Readonly<Record<string, Gauge>>

/**
 * Collects garbage, counts all live objects and reads the memory. The event loop stands still for
 * about 3 µs an object at a time; `cost` says how long. Rejects where Node has no inspector. Calls
 * wait for each other: one would count what another has in its hands.
 */
export function sampleProcess(readGauges: ReadGauges = () => ({})): Promise<ProcessSample> {
  const sample = last.then(() => take(readGauges))
  last = sample.catch(() => undefined)
  return sample
}

let last: Promise<unknown> = Promise.resolve()

async function take(readGauges: ReadGauges): Promise<ProcessSample> {
  // Not at the top: a Node without an inspector must be able to import this.
  const {HeapSession} = await import('./heap-session.js')
  const {takeHeapCensus} = await import('./heap-census.js')
  const startMs = performance.now()
  const session = new HeapSession()
  try {
    const census = await takeHeapCensus(session)
    const memory = process.memoryUsage()
    const totalMs = tenths(performance.now() - startMs)
    return {
      pid: process.pid,
      uptimeMs: Math.round(process.uptime() * 1000),
      gauges: readGauges(),
      resources: countResources(),
      files: countFiles(),
      ...census,
      heapBytes: memory.heapUsed,
      externalBytes: memory.external,
      arrayBufferBytes: memory.arrayBuffers,
      rssBytes: memory.rss,
      cost: {totalMs, pauseMs: tenths(session.pauseMs)},
    }
  } finally {
    session.close()
  }
}

/** Work that is on its way, not something that is kept. */
const PASSING = new Set(['Immediate', 'TickObject'])

function countResources(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) {
    if (!PASSING.has(name)) counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

/** Linux alone tells; one of them is the folder that is being read. */
function countFiles(): number | null {
  try {
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return null
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
