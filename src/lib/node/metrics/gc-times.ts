/** How long garbage collections of this process took. */
import {constants, PerformanceObserver} from 'node:perf_hooks'
import {isRecord} from '../../protocol/json-text.js'
import {Latency, type LatencyTotals} from './latency.js'

export const GC_KINDS = ['major', 'minor', 'incremental', 'weakcb'] as const

export type GcKind = (typeof GC_KINDS)[number]

const BY_NUMBER: ReadonlyMap<unknown, GcKind> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])

export class GcTimes {
  readonly #times: Readonly<Record<GcKind, Latency>> = {
    major: new Latency(), minor: new Latency(), incremental: new Latency(), weakcb: new Latency(),
  }
  readonly #observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const detail: unknown = 'detail' in entry ? entry.detail : undefined
      const kind = isRecord(detail) ? BY_NUMBER.get(detail['kind']) : undefined
      // Other kinds of V8 are minor ones, too.
      this.#times[kind ?? 'minor'].note(entry.duration)
    }
  })

  constructor() {
    this.#observer.observe({entryTypes: ['gc']})
  }

  totals(kind: GcKind): LatencyTotals {
    return this.#times[kind].totals()
  }

  close(): void {
    this.#observer.disconnect()
  }
}
