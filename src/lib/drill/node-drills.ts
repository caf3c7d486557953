/** Faults of processes. */
import type {Drill, DrillContext, DrillPromise} from './drill.js'
import {WITHIN} from './limits.js'
import {plainMs} from './plain-ms.js'

const ONE_DIES: DrillPromise = {
  firstMs: WITHIN.deathMs, isAnswered: true, backMs: WITHIN.backMs,
}

export const killMaster: Drill = {
  name: 'kill-master',
  fault: 'the master is killed with SIGKILL, and a fresh node takes its place',
  promise: ONE_DIES,
  holdMs: [2000, 500],
  async run({mesh, strike, hold}) {
    const master = await mesh.master()
    await strike([master])
    await mesh.kill(master)
    await hold()
    await mesh.start(master)
  },
}

export const killFollower: Drill = {
  name: 'kill-follower',
  fault: 'a follower is killed with SIGKILL, and a fresh node takes its place',
  promise: {...ONE_DIES, firstMs: WITHIN.leaseMs, masterChangesMax: 0},
  holdMs: [3000, 1000],
  async run(context) {
    const {mesh, strike, hold} = context
    const follower = await aFollower(context)
    await strike([follower])
    await mesh.kill(follower)
    await hold()
    await mesh.start(follower)
  },
}

export const pauseMaster: Drill = {
  name: 'pause-master',
  fault: 'the master is stopped with SIGSTOP, and goes on after a while',
  promise: {firstMs: WITHIN.leaseMs, isAnswered: false},
  holdMs: [10_000, 3000],
  async run({mesh, strike, hold}) {
    const master = await mesh.master()
    await strike([master])
    mesh.pause(master)
    await hold()
    mesh.continue(master)
  },
}

const STUTTERS = [50, 10] as const
const STUTTER_MS = 200
/** So long the others bear it; a machine that is busy itself may make more of it. */
const STUTTER_MS_MAX = 700

export const stutterMaster: Drill = {
  name: 'stutter-master',
  fault: 'the master is stopped with SIGSTOP for 200 ms, fifty times (short: ten)',
  promise: {firstMs: WITHIN.deathMs, isAnswered: true, masterChangesMax: 0},
  holdMs: [1000, 0],
  async run({mesh, isShort, strike, sleep, hold, excuse}) {
    const master = await mesh.master()
    await strike([])
    for (let times = STUTTERS[isShort ? 1 : 0]; times > 0; times -= 1) {
      const startMs = performance.now()
      mesh.pause(master)
      await sleep(STUTTER_MS)
      mesh.continue(master)
      const ms = performance.now() - startMs
      if (ms > STUTTER_MS_MAX) excuse(`the master was stopped for ${plainMs(ms)}`)
      await sleep(STUTTER_MS)
    }
    await hold()
  },
}

export const rollingRestart: Drill = {
  name: 'rolling-restart',
  fault: 'each node in turn is drained with SIGTERM and started again',
  promise: ONE_DIES,
  holdMs: [500, 0],
  async run({mesh, strike, hold}) {
    await strike([])
    for (const place of mesh.places) {
      await mesh.drain(place)
      await mesh.start(place)
      await mesh.whole()
      await hold()
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
  async run({mesh, strike, hold, broken}) {
    await strike([])
    await hold()
    for (const {place, term} of await mesh.whole()) {
      if (term > 1) broken(`node ${place.name} is in term ${term}: more than one was master`)
    }
  },
}

async function aFollower({mesh}: DrillContext) {
  const master = await mesh.master()
  const follower = mesh.places.find((place) => place !== master)
  if (follower === undefined) throw new RangeError('One node alone has no follower')
  return follower
}
