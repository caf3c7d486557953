/** Rows about connections: what one costs to let in, and to keep. */
import {writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {residentBytes} from './processes.mjs'
import {withServer} from './session.mjs'

const IDLE = 10_000
const WARM = 300
const ARRIVALS = 1500
const BATCHES = 3
const SETTLED_BYTES = 256 * 1024
/** V8 tidies up some 10 s after it became quiet. */
const SETTLE_MIN_S = 20
const SETTLE_MAX_S = 40

const usersOf = (count, prefix = 'u') => Array.from({length: count}, (_, n) => `${prefix}${n}`)

/** Each client as a user of its own, where what it says has no line breaks. */
async function doorOf(server, users) {
  const one = {...server, port: server.ports[0], first: server.first?.(users[0])}
  if (server.firstFile) return {...one, firstFile: await server.firstFile(users)}
  if (!server.first || server.opcode === 2) return one
  const file = join(tmpdir(), `wsmesh-bench-first-${process.pid}`)
  writeFileSync(file, users.map((user) => server.first(user)).join('\n'))
  return {...one, firstFile: file}
}

/** Memory once it does not change any more: garbage of the arrivals is no part of a connection. */
async function settled(pids) {
  let before = Infinity
  for (let second = 0; second < SETTLE_MAX_S; second += 2) {
    await sleep(2000)
    const now = residentBytes(pids)
    if (second >= SETTLE_MIN_S && Math.abs(now - before) < SETTLED_BYTES) break
    before = now
  }
  return residentBytes(pids)
}

export async function memory(name, options) {
  return withServer(name, options, async (server, driver) => {
    await driver.open(await doorOf(server, usersOf(WARM, 'w')), WARM)
    const before = await settled(server.pids)
    await driver.open(await doorOf(server, usersOf(IDLE)), IDLE)
    const after = await settled(server.pids)
    const idle = await driver.run(2, 0, {})
    return [{
      mode: 'idle', bytes: (after - before) / IDLE, baseMiB: before / 2 ** 20,
      idleShare: idle.serverNs / 1e9 / idle.seconds,
    }]
  })
}

/** CPU time of letting in: the handshake, and where the server has one the proof of who it is. */
export async function connect(name, options) {
  return withServer(name, options, async (server, driver) => {
    const place = name === 'ws'
      ? {...server, port: server.ports[0], first: undefined, ready: ''}
      : await doorOf(server, usersOf(ARRIVALS))
    const spent = []
    for (let batch = 0; batch <= BATCHES; batch += 1) {
      const {serverNs} = await driver.open(place, ARRIVALS)
      if (batch > 0) spent.push(serverNs)
      await driver.closeAll()
      await sleep(500)
    }
    const cpuUs = spent.reduce((sum, ns) => sum + ns, 0) / 1e3 / ARRIVALS / BATCHES
    return [{mode: 'arrive', cpuUs, perSecond: ARRIVALS}]
  })
}
