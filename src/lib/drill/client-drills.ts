/** Faults of clients: others must not feel them. */
import {setTimeout as delay} from 'node:timers/promises'
import type {Drill, DrillContext} from './drill.js'
import type {DrillMesh} from './drill-mesh.js'
import {WITHIN} from './limits.js'
import {plainMs} from './plain-ms.js'
import type {Place} from './place.js'
import {SlowReader} from './slow-reader.js'

const SLOW_USER = 'slow'
const BULK = 'x'.repeat(200 * 1024)
const BULK_EVERY_MS = 25
const BULK_MS_MAX = 15_000

export const slowClient: Drill = {
  name: 'slow-client',
  fault: 'a client is sent 8 MB/s and reads none of it',
  promise: {firstMs: WITHIN.deathMs, isAnswered: true, masterChangesMax: 0},
  holdMs: [2000, 500],
  async run(context) {
    const {mesh, crowd, strike, hold, broken} = context
    const master = await mesh.master()
    const place = mesh.places.find((other) => other !== master) ?? master
    const token = await crowd.token(SLOW_USER)
    // From here on: receipts of messages for everyone count this client too.
    await strike([])
    const reader = await SlowReader.connect(place.ready?.clientUrl ?? '', token)
    try {
      const isClosed = await sendBulk(context, place)
      if (!isClosed) broken(`the slow client is still there after ${plainMs(BULK_MS_MAX)}`)
      else if (!(await reader.ends())) broken('the connection of the slow client stays open')
    } finally {
      reader.destroy()
    }
    await hold()
  },
}

/** Until the node says that it closed a slow consumer. */
async function sendBulk({crowd, mesh, sleep}: DrillContext, place: Place): Promise<boolean> {
  const operator = await crowd.operator(place)
  const closed = async (): Promise<number> =>
    (await mesh.lookAt(place))?.counters['slowConsumers'] ?? 0
  const before = await closed()
  const deadline = performance.now() + BULK_MS_MAX
  try {
    while (performance.now() < deadline) {
      // Their receipts are nobody's business here.
      operator.publish({action: 'bulk', details: [BULK], target: {user: SLOW_USER}}, BULK_MS_MAX)
        .catch(() => {})
      await sleep(BULK_EVERY_MS)
      if ((await closed()) > before) return true
    }
    return false
  } finally {
    operator.close()
  }
}

const STORM_CLIENTS = [2000, 300] as const
const STORM_MS_MAX = 30_000
const LOOK_AGAIN_MS = 20

export const reconnectStorm: Drill = {
  name: 'reconnect-storm',
  fault: 'two thousand clients (short: 300) lose their connections at once and come back',
  promise: {firstMs: WITHIN.deathMs, isAnswered: true, masterChangesMax: 0},
  holdMs: [2000, 500],
  async run({mesh, crowd, isShort, strike, sleep, hold, broken}) {
    const before = await connectionsOf(mesh)
    // Their first coming is a storm as well.
    await strike([])
    const strangers = await crowd.strangers(STORM_CLIENTS[isShort ? 1 : 0])
    const away = (): number => strangers.filter(({place}) => place === undefined).length
    try {
      await allIn(away)
      for (const stranger of strangers) stranger.cut()
      // The ends of the connections are told in a later turn of the event loop.
      await sleep(LOOK_AGAIN_MS)
      await allIn(away)
      if (away() > 0) broken(`${away()} clients did not come back in ${plainMs(STORM_MS_MAX)}`)
      await hold()
    } finally {
      for (const stranger of strangers) stranger.close()
    }
    // Else receipts would count clients that are about to be gone.
    const deadline = performance.now() + STORM_MS_MAX
    while ((await connectionsOf(mesh)) > before && performance.now() < deadline) {
      await sleep(LOOK_AGAIN_MS)
    }
  },
}

async function allIn(away: () => number): Promise<void> {
  const deadline = performance.now() + STORM_MS_MAX
  while (away() > 0 && performance.now() < deadline) await delay(LOOK_AGAIN_MS)
}

async function connectionsOf(mesh: DrillMesh): Promise<number> {
  const looks = await mesh.look()
  return looks.reduce((sum, look) => sum + (look?.connections ?? 0), 0)
}
