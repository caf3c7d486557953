/** Faults of the network between nodes. Clients and the store stay in reach of all. */
import type {Drill, DrillContext, DrillPromise} from './drill.js'
import {WITHIN} from './limits.js'
import type {Place} from './place.js'

const ONE_CUT_OFF: DrillPromise = {
  firstMs: WITHIN.leaseMs, isAnswered: false, masterChangesMax: 1,
}

export const cutFollower: Drill = {
  name: 'cut-follower',
  fault: 'a follower is cut off from the master alone',
  promise: ONE_CUT_OFF,
  holdMs: [12_000, 4000],
  needsCuts: true,
  run: (context) => cutOff(context, ({mesh}, master, follower) => mesh.cut([master], [follower])),
}

export const cutOneWay: Drill = {
  name: 'cut-one-way',
  fault: 'what a follower says to the master is lost, what the master says arrives',
  promise: ONE_CUT_OFF,
  holdMs: [12_000, 4000],
  needsCuts: true,
  run: (context) => cutOff(context, ({mesh}, master, follower) => mesh.mute([follower], [master])),
}

export const halfOpen: Drill = {
  name: 'half-open',
  fault: 'what the master says to one follower is lost, without any close',
  promise: ONE_CUT_OFF,
  holdMs: [10_000, 4000],
  needsCuts: true,
  run: (context) => cutOff(context, ({mesh}, master, follower) => mesh.mute([master], [follower])),
}

export const muteMaster: Drill = {
  name: 'mute-master',
  fault: 'what the master says to all other nodes is lost, while it hears them',
  promise: {firstMs: WITHIN.leaseMs, isAnswered: false},
  holdMs: [12_000, 4000],
  needsCuts: true,
  async run(context) {
    const {mesh, strike, hold} = context
    const master = await mesh.master()
    const others = mesh.places.filter((place) => place !== master)
    await strike([master], () => mesh.mute([master], others))
    await hold()
    await areLed(context, others)
    await mesh.heal()
  },
}

export const split: Drill = {
  name: 'split',
  fault: 'the mesh is cut in two, the master on the smaller side',
  promise: {firstMs: WITHIN.leaseMs, isAnswered: false},
  holdMs: [15_000, 4000],
  needsCuts: true,
  async run(context) {
    const {mesh, strike, hold} = context
    const master = await mesh.master()
    const others = mesh.places.filter((place) => place !== master)
    const fewer = Math.floor(mesh.places.length / 2) - 1
    const smaller = [master, ...others.slice(0, Math.max(0, fewer))]
    const larger = mesh.places.filter((place) => !smaller.includes(place))
    await strike(smaller, () => mesh.cut(smaller, larger))
    await hold()
    await areLed(context, larger)
    await mesh.heal()
  },
}

type Cut = (context: DrillContext, master: Place, follower: Place) => Promise<void>

async function cutOff(context: DrillContext, cut: Cut): Promise<void> {
  const {mesh, strike, hold, expect} = context
  const master = await mesh.master()
  const follower = mesh.places.findLast((place) => place !== master)
  if (follower === undefined) throw new RangeError('One node alone has no follower')
  await strike([follower], () => cut(context, master, follower))
  await hold()
  // It must not look healthy.
  await expect(`node ${follower.name}, which is cut off, to say that it is isolated`, async () =>
    (await mesh.lookAt(follower))?.role === 'isolated')
  await mesh.heal()
}

async function areLed({mesh, expect}: DrillContext, places: readonly Place[]): Promise<void> {
  await expect('a master on the larger side', async () => {
    const looks = await Promise.all(places.map((place) => mesh.lookAt(place)))
    return looks.some((look) => look?.role === 'master')
  })
}
