/** All drills, by the names that the command takes. */
import {clockShift} from './clock-drills.js'
import {cutFollower, cutOneWay, halfOpen, muteMaster, split} from './link-drills.js'
import {
  killFollower, killMaster, massStart, pauseMaster, rollingRestart, stutterMaster,
} from './node-drills.js'
import {reconnectStorm, slowClient} from './client-drills.js'
import {natsCut, natsEach, natsLeader, natsRestart} from './nats-drills.js'
import {storeDown, storeFrozen, storeSlow, storeWipe} from './store-drills.js'
import type {Drill} from './drill.js'

export const DRILLS: readonly Drill[] = [
  killMaster, pauseMaster, stutterMaster, killFollower, cutFollower, cutOneWay, muteMaster, split,
  halfOpen, storeDown, storeWipe, storeSlow, storeFrozen, clockShift, slowClient, reconnectStorm,
  rollingRestart, massStart, natsLeader, natsEach, natsRestart, natsCut,
]

export function drillsNamed(name: string): readonly Drill[] {
  return name === 'all' ? DRILLS : DRILLS.filter((drill) => drill.name === name)
}
