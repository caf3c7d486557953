/**
 * What the model has not seen: users at all nodes, messages published at all nodes, to one and to
 * everyone, with both relays. Above what the same mesh costs at rest.
 */
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {NatsCluster} from '../../dist/lib/process/nats-cluster.js'
import {BenchMesh} from '../mesh.mjs'
import {clientsAt} from './clients.mjs'
import {operatorAt, underLoad, whole} from './lab.mjs'

const TEXT = 'x'.repeat(128)
const USERS = 240
const WARM_PER_S = 1200

function loads(many, few) {
  return [
    {perS: many, everyone: 0}, {perS: few, everyone: 0}, {perS: few, everyone: 0.1},
  ]
}

const PLAN = [
  {size: 2, loads: loads(1600, 200)}, {size: 4, loads: loads(1000, 100)},
  {size: 8, loads: loads(400, 80)},
]

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

async function meshRuns(relay, {size, loads}, seconds) {
  const folder = await mkdtemp(join(tmpdir(), 'wsmesh-scale-check-'))
  const nats = relay === 'nats' ? await NatsCluster.start(folder, 1) : undefined
  const mesh = new BenchMesh('scale')
  const clients = []
  try {
    const nodes = []
    const args = nats === undefined ? [] : ['--relay', `nats://${nats.addresses[0]}`]
    for (let n = 0; n < size; n += 1) nodes.push(await mesh.start(...args))
    await whole(nodes)
    const operators = []
    for (const [at, node] of nodes.entries()) {
      const users = Array.from({length: USERS / size}, (_, n) => `u${n * size + at}`)
      clients.push(await clientsAt(node, mesh.secret, users))
      operators.push(await operatorAt(node, mesh.secret))
    }
    const others = (nats?.servers ?? []).map(({pid}) => pid)
    const messageOf = (everyone) => () => ({
      action: 'm', details: [TEXT],
      target: Math.random() < everyone
        ? {everyone: true} : {user: `u${Math.floor(Math.random() * USERS)}`},
    })
    // Code is compiled while it is first used.
    const first = operators.map((operator) =>
      ({operator, perS: WARM_PER_S / size, messageOf: messageOf(0)}))
    await underLoad({nodes, others, loads: first, seconds: 1, warmS: 4})
    const idle = await underLoad({nodes, others, loads: [], seconds})
    const runs = []
    for (const {perS, everyone} of loads) {
      const each = operators.map((operator) =>
        ({operator, perS: perS / size, messageOf: messageOf(everyone)}))
      const run = await underLoad({nodes, others, loads: each, seconds})
      const us = run.nodes.map((node, at) => Math.round(node.us - idle.nodes[at].us))
      const master = run.nodes.findIndex(({role}) => role === 'master')
      runs.push({
        kind: 'check', relay, size, users: USERS, everyone, perS: run.perS,
        nodeUs: Math.round(mean(us.filter((_, at) => at !== master))),
        masterUs: us[master],
        framesIn: run.nodes.map((node) => node.linkFramesIn),
        serverUs: others.length > 0 ? run.others[0] - idle.others[0] : undefined,
      })
    }
    for (const operator of operators) operator.close()
    return runs
  } finally {
    for (const each of clients) each.end()
    mesh.end()
    await nats?.end()
    await rm(folder, {recursive: true, force: true})
  }
}

export async function checkRuns(seconds, keep) {
  for (const relay of ['master', 'nats']) {
    for (const each of PLAN) for (const run of await meshRuns(relay, each, seconds)) keep(run)
  }
}
