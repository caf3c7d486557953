/** A mesh on NATS under load: what it costs who publishes, who gets it, and the servers. */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {NatsCluster} from '../../dist/lib/process/nats-cluster.js'
import {BenchMesh} from '../mesh.mjs'
import {clientsAt} from './clients.mjs'
import {operatorAt, underLoad, whole} from './lab.mjs'

const TEXT = 'x'.repeat(128)
const USERS = 200
const message = (target) => ({action: 'm', details: [TEXT], target})
const targets = {
  nobody: (n) => message({user: `nobody${n % 1000}`}),
  one: (n) => message({user: `u${n % USERS}`}),
  everyone: () => message({everyone: true}),
}

const ONE_SERVER = [
  {size: 2, loads: [['nobody', 12_000], ['nobody', 3000], ['nobody', 800], ['nobody', 100],
    ['one', 7000], ['one', 2000], ['one', 600], ['one', 100]]},
  {size: 4, loads: [['everyone', 2500], ['everyone', 700], ['everyone', 100]]},
]
const THREE_SERVERS = [{size: 2, loads: [['nobody', 5000], ['nobody', 1500], ['nobody', 300]]}]

/** Servers of a cluster need some seconds until one of them leads. */
async function patiently(start) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start()
    } catch (error) {
      if (tries === 5) throw error
    }
  }
}

async function meshRuns({size, loads}, servers, seconds) {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-scale-nats-'))
  const nats = await NatsCluster.start(folder, servers)
  const mesh = new BenchMesh('scale')
  let clients
  try {
    const nodes = []
    for (let n = 0; n < size; n += 1) {
      nodes.push(await patiently(() => mesh.start(
        '--relay', `nats://${nats.addresses[0]}`, '--relay-replicas', String(servers))))
    }
    await whole(nodes)
    const others = nats.servers.map(({pid}) => pid)
    const users = Array.from({length: USERS}, (_, n) => `u${n}`)
    if (loads.some(([to]) => to === 'one')) {
      clients = await clientsAt(nodes[1], mesh.secret, users)
    }
    const operator = await operatorAt(nodes[0], mesh.secret)
    // Code is compiled while it is first used.
    const warm = {operator, perS: 2000, messageOf: targets.one}
    await underLoad({nodes, others, loads: [warm], seconds: 1, warmS: 3})
    const runs = [{to: 'none', ...await underLoad({nodes, others, loads: [], seconds})}]
    for (const [to, perS] of loads) {
      const load = {operator, perS, messageOf: targets[to]}
      runs.push({to, ...await underLoad({nodes, others, loads: [load], seconds})})
    }
    operator.close()
    return runs.map((run) => ({kind: 'nats', servers, size, publisher: 0, ...run}))
  } finally {
    clients?.end()
    mesh.end()
    await nats.end()
    await rm(folder, {recursive: true, force: true})
  }
}

export async function natsRuns(seconds, keep) {
  for (const each of ONE_SERVER) for (const run of await meshRuns(each, 1, seconds)) keep(run)
}

export async function clusterRuns(seconds, keep) {
  for (const each of THREE_SERVERS) for (const run of await meshRuns(each, 3, seconds)) keep(run)
}
