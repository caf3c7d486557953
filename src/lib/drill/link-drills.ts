/** Faults of the network between nodes. Clients and the store stay in reach of all. */
import type {Drill, DrillContext} from './drill.js'
import {WITHIN} from './limits.js'
import type {Place} from './place.js'

export const cutFollower: Drill = {
  name: 'cut-follower',
  fault: 'a follower is cut off from the master alone',
  promise: {firstMs: WITHIN.leaseMs, isAnswered: false, masterChangesMax: 1},
  holdMs: [12_000, 5000],
  needsCuts: true,
  async run(context) {
    const {mesh, strike, sleep, holdMs} = context
    const master = await mesh.master()
    const follower = mesh.places.findLast((place) => place !== master)
    if (follower === undefined) throw new RangeError('One node alone has no follower')
    strike([follower])
    mesh.cut([master], [follower])
    await sleep(holdMs)
    await saysSo(context, follower)
    mesh.heal()
  },
}

export const split: Drill = {
  name: 'split',
  fault: 'the mesh is cut in two, the master on the smaller side',
  promise: {firstMs: WITHIN.leaseMs, isAnswered: false},
  holdMs: [15_000, 6000],
  needsCuts: true,
  async run({mesh, strike, sleep, holdMs, broken}) {
    const master = await mesh.master()
    const others = mesh.places.filter((place) => place !== master)
    const fewer = Math.floor(mesh.places.length / 2) - 1
    const smaller = [master, ...others.slice(0, Math.max(0, fewer))]
    const larger = mesh.places.filter((place) => !smaller.includes(place))
    strike(smaller)
    mesh.cut(smaller, larger)
    await sleep(holdMs)
    const looks = await mesh.look()
    const masters = looks.filter((look) => look?.role === 'master')
    const isLed = masters.some((look) => look !== undefined && larger.includes(look.place))
    if (!isLed) broken('the larger side has no master')
    mesh.heal()
  },
}

export const halfOpen: Drill = {
  name: 'half-open',
  fault: 'what the master says to one follower is swallowed, without any close',
  promise: {firstMs: WITHIN.leaseMs, isAnswered: false, masterChangesMax: 1},
  holdMs: [10_000, 5000],
  needsCuts: true,
  async run(context) {
    const {mesh, strike, sleep, holdMs} = context
    const master = await mesh.master()
    const follower = mesh.places.findLast((place) => place !== master)
    if (follower === undefined) throw new RangeError('One node alone has no follower')
    strike([follower])
    mesh.swallow([master], [follower])
    await sleep(holdMs)
    await saysSo(context, follower)
    mesh.heal()
  },
}

/** A node that is cut off must not look healthy. */
async function saysSo({mesh, broken}: DrillContext, cutOff: Place): Promise<void> {
  const role = (await mesh.lookAt(cutOff))?.role
  if (role !== 'isolated') broken(`node ${cutOff.name} is cut off and says that it is ${role}`)
}
