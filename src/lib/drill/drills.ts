/** All drills, by the names that the command takes. */
import {cutFollower, halfOpen, split} from './link-drills.js'
import {killFollower, killMaster, massStart, pauseMaster, rollingRestart} from './node-drills.js'
import {reconnectStorm, slowClient} from './client-drills.js'
import {storeDown, storeSlow, storeWipe} from './store-drills.js'
import type {Drill} from './drill.js'

export const DRILLS: readonly Drill[] = [
  killMaster, pauseMaster, killFollower, cutFollower, split, storeDown, storeWipe, storeSlow,
  halfOpen, slowClient, reconnectStorm, rollingRestart, massStart,
]

export function drillsNamed(name: string): readonly Drill[] {
  return name === 'all' ? DRILLS : DRILLS.filter((drill) => drill.name === name)
}
