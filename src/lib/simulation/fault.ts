import type {SimMesh} from './sim-mesh.js'
import type {SimProcess} from './sim-process.js'
import type {Host} from './sim-network.js'
import type {SimRandom} from './sim-random.js'

/** What a fault that has begun can do. */
export interface ActiveFault {
  /** For the trace: "n2 is killed". */
  readonly what: string
  /** Undoes it. Called once. */
  readonly end: () => void
}

/**
 * Begins a fault on whomever it chooses, or says that it cannot now. Faults draw from a stream of
 * their own, so that one which cannot begin does not change those after it.
 */
export type BeginFault = (mesh: SimMesh, random: SimRandom) => ActiveFault | undefined

export const FAULT_KINDS = [
  'kill', 'kill-master', 'power-loss', 'pause', 'pause-master', 'stall', 'drain',
  'drain-several', 'drain-then-kill', 'kill-while-draining', 'drain-in-outage',
  'cut-pair', 'cut-one-way', 'cut-from-master', 'partition', 'isolate', 'isolate-from-store',
  'isolate-wholly', 'loss', 'delay', 'reset',
  'store-outage', 'store-flaky', 'store-slow', 'wipe-members', 'wipe-all', 'store-restart-empty',
  'evict', 'late-node', 'burst',
] as const

export type FaultKind = (typeof FAULT_KINDS)[number]

/** Those of long runs: all but what needs an empty host. */
export const LONG_KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind !== 'late-node')

/** The master half of the time: where faults hurt most. */
export function pickProcess(mesh: SimMesh, random: SimRandom): SimProcess | undefined {
  const {running} = mesh
  const master = running.find((process) => process.core.standing.state === 'mastering')
  return master && random.chance(0.4) ? master : random.pick(running)
}

export function pickMaster(mesh: SimMesh): SimProcess | undefined {
  return mesh.running.find((process) => process.core.standing.state === 'mastering')
}

/** Cuts from one host to others, undone together. */
export function cutWays(mesh: SimMesh, ways: readonly (readonly [Host, Host])[]): () => void {
  for (const [from, to] of ways) mesh.network.cut(from, to)
  return () => {
    for (const [from, to] of ways) mesh.network.mend(from, to)
  }
}

export function bothWays(a: Host, others: readonly Host[]): [Host, Host][] {
  return others.flatMap((other): [Host, Host][] => [[a, other], [other, a]])
}
