/** The master goes in the middle of a soak: what a mesh leaves behind then is to be seen too. */
import {setTimeout as delay} from 'node:timers/promises'
import {WsmeshError} from '../../util/errors.js'
import type {AttackTarget} from '../attack/job.js'
import type {OwnMesh} from '../targets/own-mesh.js'
import {NodeTarget} from './soak-target.js'
import type {SoakTarget} from './soak-target.js'

export const FAILOVERS = ['step-down', 'kill'] as const
export type FailoverKind = typeof FAILOVERS[number]

export interface Failover {
  readonly kind: FailoverKind
  /** Rejects with a WsmeshError when the mesh has no other master afterwards. */
  run(targets: readonly SoakTarget[]): Promise<FailoverResult>
}

export interface FailoverResult {
  /** For the report. */
  readonly what: string
  /** One of the targets, by its index, is another process now. */
  readonly replaced: {readonly index: number; readonly target: SoakTarget} | undefined
}

const TAKEN_OVER_MS = 20_000
const LOOK_AGAIN_MS = 100

/** It hands over and stays: all processes go on, and so do their series. */
export const STEP_DOWN = {
  kind: 'step-down',
  async run(targets: readonly SoakTarget[], withinMs = TAKEN_OVER_MS): Promise<FailoverResult> {
    const master = await masterOf(targets, withinMs)
    await master.stepDown()
    const next = await otherMaster(targets, master)
    return {
      what: `${master.place.name} handed over to ${next.place.name}`,
      replaced: undefined,
    }
  },
} as const satisfies Failover

/** It ends with SIGKILL; when another one leads, a fresh process takes its place. */
export function killMaster(
  {mesh, targetOf}: {
    readonly mesh: Pick<OwnMesh, 'mesh' | 'targets'>
    readonly targetOf: (target: AttackTarget) => SoakTarget
  },
): Failover {
  return {
    kind: 'kill',
    async run(targets) {
      const place = await mesh.mesh.master()
      const index = mesh.mesh.places.indexOf(place)
      const before = targets[index]
      await mesh.mesh.kill(place)
      const next = await otherMaster(targets.filter((one) => one !== before), before)
      await mesh.mesh.start(place)
      await mesh.mesh.whole()
      const fresh = mesh.targets[index]
      if (fresh === undefined || before === undefined) throw new RangeError('A place is gone')
      before.close()
      const {name} = before.place
      return {
        what: `${name} was killed as master, ${next.place.name} took over; `
          + `${name} is another process since then, and counted from there`,
        replaced: {index, target: targetOf(fresh)},
      }
    },
  }
}

async function masterOf(targets: readonly SoakTarget[], withinMs: number): Promise<NodeTarget> {
  const end = performance.now() + withinMs
  while (performance.now() < end) {
    const master = await leaderAmong(targets)
    if (master instanceof NodeTarget) return master
    await delay(LOOK_AGAIN_MS)
  }
  throw new WsmeshError('NODE_FAILED', 'No node is master: none can hand over')
}

async function otherMaster(
  targets: readonly SoakTarget[], before: SoakTarget | undefined,
): Promise<SoakTarget> {
  const end = performance.now() + TAKEN_OVER_MS
  while (performance.now() < end) {
    const master = await leaderAmong(targets)
    if (master !== undefined && master !== before) return master
    await delay(LOOK_AGAIN_MS)
  }
  throw new WsmeshError('NODE_FAILED', `No other node leads ${TAKEN_OVER_MS / 1000} s later`)
}

async function leaderAmong(targets: readonly SoakTarget[]): Promise<SoakTarget | undefined> {
  const leads = await Promise.all(targets.map(async (target) => {
    // Who does not answer does not lead.
    const state = await target.rest().catch(() => undefined)
    return state?.place?.isMaster === true
  }))
  return targets[leads.indexOf(true)]
}
