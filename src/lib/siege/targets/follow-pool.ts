import {meshAccessOf, type ReachFlagValues} from '../../cli/reach.js'
import {WsmeshError} from '../../util/errors.js'
import type {AttackTarget} from '../attack/job.js'
import {MovingTargets} from './moving-targets.js'

const LOOK_MS = 1000

/** Looks each second who is in the pool, until it is ended; one that is away says nothing new. */
export function followPool(
  reach: ReachFlagValues, targets: readonly AttackTarget[],
  onMoved: (targets: readonly AttackTarget[]) => void,
): {readonly end: () => void} {
  const access = meshAccessOf(reach)
  const moving = new MovingTargets(targets)
  let isLooking = false
  const look = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    try {
      const {members} = await access.readPool()
      const moved = moving.seen(members, performance.now())
      if (moved !== undefined) onMoved(moved)
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
    } finally {
      isLooking = false
    }
  }
  const timer = setInterval(() => void look(), LOOK_MS)
  return {
    end: () => {
      clearInterval(timer)
      access.close()
    },
  }
}
