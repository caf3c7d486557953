/** Faults of processes. */
import type {Drill, DrillContext} from './drill.js'
import {WITHIN} from './limits.js'

export const killMaster: Drill = {
  name: 'kill-master',
  fault: 'the master is killed with SIGKILL, and a fresh node takes its place',
  promise: {firstMs: WITHIN.deathMs, isAnswered: true},
  holdMs: [2000, 1000],
  async run({mesh, strike, sleep, holdMs}) {
    const master = await mesh.master()
    strike([master])
    await mesh.kill(master)
    await sleep(holdMs)
    await mesh.start(master)
  },
}

export const killFollower: Drill = {
  name: 'kill-follower',
  fault: 'a follower is killed with SIGKILL, and a fresh node takes its place',
  promise: {firstMs: WITHIN.leaseMs, isAnswered: true, masterChangesMax: 0},
  holdMs: [3000, 1500],
  async run(context) {
    const {mesh, strike, sleep, holdMs} = context
    const follower = await aFollower(context)
    strike([follower])
    await mesh.kill(follower)
    await sleep(holdMs)
    await mesh.start(follower)
  },
}

export const pauseMaster: Drill = {
  name: 'pause-master',
  fault: 'the master is stopped with SIGSTOP, and goes on after a while',
  promise: {firstMs: WITHIN.leaseMs, isAnswered: false},
  holdMs: [10_000, 3000],
  async run({mesh, strike, sleep, holdMs}) {
    const master = await mesh.master()
    strike([master])
    mesh.pause(master)
    await sleep(holdMs)
    mesh.continue(master)
  },
}

export const rollingRestart: Drill = {
  name: 'rolling-restart',
  fault: 'each node in turn is drained with SIGTERM and started again',
  promise: {firstMs: WITHIN.deathMs, isAnswered: true},
  holdMs: [500, 0],
  async run({mesh, strike, sleep, holdMs}) {
    strike([])
    for (const place of mesh.places) {
      await mesh.drain(place)
      await mesh.start(place)
      await mesh.whole()
      await sleep(holdMs)
    }
  },
}

export const massStart: Drill = {
  name: 'mass-start',
  fault: 'ten nodes start at once',
  promise: {firstMs: WITHIN.deathMs, isAnswered: true, masterChangesMax: 0},
  holdMs: [3000, 500],
  nodes: 10,
  startsTogether: true,
  async run({mesh, strike, sleep, holdMs, broken}) {
    strike([])
    await sleep(holdMs)
    for (const {place, term} of await mesh.whole()) {
      if (term !== 1) broken(`node ${place.name} is in term ${term}: more than one was master`)
    }
  },
}

async function aFollower({mesh}: DrillContext) {
  const master = await mesh.master()
  const follower = mesh.places.find((place) => place !== master)
  if (follower === undefined) throw new RangeError('One node alone has no follower')
  return follower
}
