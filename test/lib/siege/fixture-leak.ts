/** A soak of three nodes: one keeps a user for each connection, one a little native memory. */
import {LATENCY_KINDS} from '../../../src/lib/siege/run-report.js'
import type {
  LeakOfNode, LeakSample, LeakSection, RunReport,
} from '../../../src/lib/siege/run-report.js'

const CYCLES = 20
const WARM_UP = 5

function samples(objectsPerCycle: number, bytesPerCycle: number, base: number): LeakSample[] {
  return Array.from({length: CYCLES}, (_, index): LeakSample => ({
    cycle: index + 1,
    atS: index * 10,
    isWarmUp: index < WARM_UP,
    // The heap wanders by a page or two; objects are exact.
    heapBytes: base + index * bytesPerCycle + ((index * 7919) % 5) * 65_536,
    externalBytes: 2_000_000,
    rssBytes: 95_000_000 + Math.min(index, 6) * 900_000,
    objects: 41_200 + index * objectsPerCycle,
    gauges: {users: index * objectsPerCycle, links: 2},
  }))
}

export function fixtureLeak(): LeakSection {
  const leaking: LeakOfNode = {
    node: 'n-5ca68f81',
    verdict: 'leak',
    summary: 'users grows by 1 a connection: 1 000 more after each cycle',
    findings: [
      {
        verdict: 'leak', tier: 'gauge', name: 'users', growth: 1, per: 'connection',
        evidence: '1 000 more after each of 15 cycles, 0 expected',
      },
      {
        verdict: 'leak', tier: 'objects', name: 'Set', growth: 1, per: 'connection',
        evidence: '+1 000 in 15 of 15 cycles; the second half grows as fast as the first',
      },
    ],
    samples: samples(1000, 92_000, 22_000_000),
  }
  const clean: LeakOfNode = {
    node: 'n-9ec3777d', verdict: 'pass', summary: 'nothing grows', findings: [],
    samples: samples(0, 0, 21_400_000),
  }
  const native: LeakOfNode = {
    node: 'n-02c7ac10', verdict: 'warn-native', summary: 'RSS grows, what Node holds does not',
    findings: [{
      verdict: 'warn-native', tier: 'native', name: 'rss', growth: 210, per: 'connection',
      evidence: '+0.9 MiB a cycle in both halves; heap, objects and external are flat',
    }],
    samples: samples(0, 0, 21_900_000),
  }
  return {
    verdict: 'leak',
    summary: 'users grows by 1 a connection at n-5ca68f81',
    nodes: [leaking, clean, native],
    detectionLimitBytesPerConnection: 52,
    cycles: CYCLES,
    warmUpCycles: WARM_UP,
    connectionsPerCycle: 1000,
    messagesPerCycle: 2000,
  }
}

/** What a soak without load leaves behind. */
export function soakReport(report: RunReport): RunReport {
  const none = Object.fromEntries(LATENCY_KINDS.map((kind) => [kind, null]))
  return {
    ...report,
    verdict: 'leak', exit: 98, reasons: ['users grows by 1 a connection at n-5ca68f81'], notes: [],
    durationS: 1890, phases: [], seconds: [], faults: [], thresholds: [], errors: [],
    closeCodes: [], latency: none as RunReport['latency'], leak: fixtureLeak(),
    config: {...report.config, command: 'wsmesh siege --soak', ratePerS: null, timeS: 0},
    counts: {...report.counts, connectsTried: 60_000, connectsFailed: 12, sent: 120_000},
  }
}
