/**
 * How long messages stand still when a master fails, with nothing else wrong (P6): from the fault
 * to the first message, published after it, that every other node has delivered.
 */
import {expect, test} from 'vitest'
import {makeMeshCore} from '../../src/lib/simulation/run-seed.js'
import {SimMesh} from '../../src/lib/simulation/sim-mesh.js'
import type {SimProcess} from '../../src/lib/simulation/sim-process.js'
import {SimRandom} from '../../src/lib/simulation/sim-random.js'

const SEEDS = 100
const LEASE_MS = 3000

type Fail = (mesh: SimMesh, master: SimProcess) => void

function makeMesh(seed: number): SimMesh {
  return new SimMesh({
    seed,
    makeCore: makeMeshCore,
    network: {latencyMs: [0.2, 5], spikeChance: 0.001, spikeMsMax: 50, resetOnHealChance: 0.5},
    store: {latencyMs: [0.5, 8]},
    lagChance: 0,
    clockRateError: 0.001,
    isHistoryWhole: true,
    isLossAllowed: false,
    isCoded: false,
    clients: 6,
  })
}

/** Milliseconds; Infinity when nothing flows in 10 s. */
function gapMs(seed: number, nodes: number, fail: Fail): number {
  const mesh = makeMesh(seed)
  const random = new SimRandom(seed, 'failover')
  for (let index = 0; index < nodes; index += 1) mesh.start(mesh.addHost())
  mesh.run(random.between(2000, 4000))
  const [master] = mesh.masters
  if (!master) throw new Error('no master after 2 s')
  const others = mesh.living.filter((process) => process !== master)
  const failedMs = mesh.nowMs
  fail(mesh, master)
  while (mesh.nowMs < failedMs + 10_000) {
    const publisher = random.pick(others)
    if (publisher) mesh.publish(publisher, {kind: 'everyone'}, 20)
    mesh.run(20)
    const isFlowing = mesh.messages.some(
      ({receiptMs, receipt}) => receiptMs !== undefined && receipt?.type === 'stable',
    )
    if (isFlowing) return mesh.nowMs - failedMs
  }
  return Infinity
}

/** From the nodes and from the store: a master that reaches the store keeps a mesh of two. */
const isolate: Fail = (mesh, master) => {
  mesh.store.setReachable(master.host.url, false)
  for (const host of mesh.hosts) {
    mesh.network.cut(host, master.host)
    mesh.network.cut(master.host, host)
  }
}

const FAILURES: readonly (readonly [what: string, fail: Fail, boundMs: number])[] = [
  ['is killed', (mesh, master) => mesh.kill(master, 'killed'), 1000],
  ['loses power', (mesh, master) => mesh.kill(master, 'powerless'), LEASE_MS + 1000],
  ['hangs', (mesh, master) => mesh.pause(master), LEASE_MS + 1000],
  ['is cut off', isolate, LEASE_MS + 1000],
  ['drains', (mesh, master) => mesh.drain(master), 1000],
]

test.each(FAILURES)('the master %s: messages flow again', {timeout: 60_000}, (what, fail, boundMs) => {
  for (const nodes of [2, 3, 5]) {
    const gaps = Array.from({length: SEEDS}, (_, seed) => gapMs(seed, nodes, fail))
    gaps.sort((a, b) => a - b)
    const p99Ms = gaps[Math.ceil(SEEDS * 0.99) - 1] ?? Infinity
    const told = `${nodes} nodes, ${what}: p50 ${gaps[SEEDS / 2]} ms, p99 ${p99Ms} ms`
    expect(p99Ms, told).toBeLessThanOrEqual(boundMs)
  }
})
