/** Faults of NATS, where it is the relay. */
import type {Drill, DrillContext, DrillPromise} from './drill.js'
import type {DrillNats} from './drill-nats.js'
import {WITHIN} from './limits.js'
import type {Place} from './place.js'

/**
 * By its own timers NATS elects another leader after 4 to 9 s; where two servers stand at once, or
 * the one that has less stands first, after as long again.
 */
const ELECTIONS_MS = 2 * 9000
const ANOTHER_LEADER: DrillPromise = {
  firstMs: ELECTIONS_MS + WITHIN.deathMs, gapMs: ELECTIONS_MS + WITHIN.deathMs, isAnswered: false,
}

export const natsLeader: Drill = {
  name: 'nats-leader',
  fault: 'the NATS server that leads the stream is killed with SIGKILL, and started again',
  promise: ANOTHER_LEADER,
  holdMs: [3000, 500],
  relay: 'nats',
  async run(context) {
    const {strike, hold} = context
    const leader = await natsOf(context).leader()
    await strike([])
    await leader.end('SIGKILL')
    await hold()
    await leader.start()
  },
}

export const natsEach: Drill = {
  name: 'nats-each',
  fault: 'each NATS server in turn is killed with SIGKILL, and started again',
  promise: ANOTHER_LEADER,
  holdMs: [1000, 0],
  relay: 'nats',
  async run(context) {
    const {strike, hold, mesh, sleep} = context
    for (const server of natsOf(context).servers) {
      await strike([])
      await server.end('SIGKILL')
      await hold()
      await server.start()
      await mesh.whole()
      // Its copy is to be up to date before the next one goes.
      await sleep(CATCH_UP_MS)
    }
  },
}

export const natsRestart: Drill = {
  name: 'nats-restart',
  fault: 'all NATS servers are killed with SIGKILL at once, and started again',
  promise: {firstMs: 30_000, gapMs: 30_000, isAnswered: false},
  holdMs: [3000, 500],
  relay: 'nats',
  async run(context) {
    const {strike, hold, sleep, holdMs} = context
    const {servers} = natsOf(context)
    await strike([])
    await Promise.all(servers.map((server) => server.end('SIGKILL')))
    await sleep(holdMs)
    await Promise.all(servers.map((server) => server.start()))
    await hold()
  },
}

export const natsCut: Drill = {
  name: 'nats-cut',
  fault: 'one node is cut off from all NATS servers, without any close',
  promise: {firstMs: WITHIN.deathMs, isAnswered: false},
  holdMs: [12_000, 500],
  relay: 'nats',
  cutsNats: true,
  async run(context) {
    const {mesh, strike, hold, expect} = context
    const nats = natsOf(context)
    const [place] = mesh.places
    if (place === undefined) return
    await strike([place], async () => nats.cut(place.name))
    await hold()
    await expect(`node ${place.name}, which is cut off, to be unhealthy`, () => isUnwell(place))
    nats.heal(place.name)
  },
}

async function isUnwell({ready}: Place): Promise<boolean> {
  const answer = await fetch(`${ready?.httpUrl}/healthz`)
  return answer.status === UNAVAILABLE
}

const UNAVAILABLE = 503
const CATCH_UP_MS = 5000

function natsOf({nats}: DrillContext): DrillNats {
  if (nats === undefined) throw new TypeError('A drill of NATS without NATS')
  return nats
}
