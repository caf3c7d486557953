import {expect, test} from 'vitest'
import {LongRun, type LongRunOptions} from '../../../src/lib/simulation/long-run.js'
import {makeMeshCore} from '../../../src/lib/simulation/run-seed.js'
import {SimMesh} from '../../../src/lib/simulation/sim-mesh.js'
import {withDeafNode} from '../../helpers/deaf-core.js'

const MINUTE_MS = 60_000

const options: LongRunOptions = {
  seed: 3, nodes: 4, durationMs: 20 * MINUTE_MS, ratePerS: 4, faultsPerHour: 30, faults: [],
  isCalmPlayed: false, latencyMs: 5, storeLatencyMs: 8,
}

function played(changes: Partial<LongRunOptions> = {}): LongRun {
  const run = new LongRun({...options, ...changes})
  while (run.advance());
  return run
}

function told(run: LongRun) {
  const {chronicle, clockMs, playedMs, steps} = run
  return {
    clockMs, playedMs, steps,
    begun: [...chronicle.begun],
    changes: chronicle.failovers.summary(),
    calm: chronicle.calmReceipts.percentiles(),
    links: chronicle.traffic.summary(),
  }
}

test('the same options tell the same story, another seed another one', () => {
  const first = told(played())
  expect(told(played())).toEqual(first)
  expect(told(played({seed: 4}))).not.toEqual(first)
})

test('a long life passes though only what matters is played', () => {
  const run = played()
  expect(run.failure).toBeUndefined()
  expect(run.clockMs).toBeGreaterThanOrEqual(20 * MINUTE_MS)
  expect(run.playedMs).toBeLessThan(10 * MINUTE_MS)
  const {accepted, calmReceipts} = run.chronicle
  // Played under load, but for the moments in which it is looked over.
  expect(accepted).toBeGreaterThan(run.playedMs / 1000)
  expect(calmReceipts.count).toBeGreaterThan(100)
})

test('with its calm played, all of it is', () => {
  const run = played({isCalmPlayed: true, durationMs: 3 * MINUTE_MS, faultsPerHour: 0})
  expect(run.failure).toBeUndefined()
  expect(run.playedMs).toBeGreaterThanOrEqual(3 * MINUTE_MS)
  expect(run.clockMs).toBe(run.playedMs)
})

test('a killed master is one change, told with its times', () => {
  const faults = [{kind: 'kill-master', atMs: MINUTE_MS, forMs: 2000}] as const
  const {chronicle} = played({faults})
  expect([...chronicle.begun]).toEqual([['kill-master', 1]])
  const {count, toMasterMs, toDeliveryMs} = chronicle.failovers.summary()
  expect({count, masters: toMasterMs?.count, deliveries: toDeliveryMs?.count})
    .toEqual({count: 1, masters: 1, deliveries: 1})
  expect(toMasterMs?.max).toBeLessThan(1000)
  expect(toDeliveryMs?.max).toBeGreaterThanOrEqual(toMasterMs?.max ?? Infinity)
})

test('two nodes live through it as well', () => {
  const run = played({nodes: 2, faultsPerHour: 60})
  expect(run.failure).toBeUndefined()
  expect(run.chronicle.failovers.changes).toBeGreaterThan(0)
})

test('a broken core is found', () => {
  const run = played({makeCore: withDeafNode})
  expect(run.failure?.invariant).toMatch(/settles|staysSettled|everywhere/)
})

test('what is in nobody\'s history is forgotten, and the mesh goes on', () => {
  const mesh = new SimMesh({
    seed: 1, makeCore: makeMeshCore, isHistoryWhole: false, isLossAllowed: false, isCoded: false,
    clients: 0, lagChance: 0, clockRateError: 0,
    network: {latencyMs: [1, 1], spikeChance: 0, spikeMsMax: 0, resetOnHealChance: 0},
    store: {latencyMs: [2, 2]},
  })
  for (let node = 0; node < 3; node += 1) mesh.start(mesh.addHost())
  mesh.run(2000)
  const [process] = mesh.living
  if (!process) throw new Error('three were started')
  const old = mesh.publish(process, {kind: 'everyone'}, 20)
  // The last place before the history stays known.
  mesh.publish(process, {kind: 'everyone'}, 20)
  mesh.run(1000)
  mesh.forgetSettled()
  expect(mesh.invariants.message(old.id ?? '')).toBe(old)
  mesh.letHistoriesRunOut(true)
  mesh.run(1000)
  mesh.letHistoriesRunOut(false)
  mesh.forgetSettled()
  expect(mesh.invariants.message(old.id ?? '')).toBeUndefined()
  expect(mesh.messages).toEqual([])
  const next = mesh.publish(process, {kind: 'everyone'}, 20)
  mesh.run(1000)
  expect(next.receipt?.type).toBe('stable')
  expect(mesh.invariants.ledger.messageCount).toBe(3)
})
