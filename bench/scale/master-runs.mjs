/** A mesh with a master under unicast load that is for nobody: what relaying alone costs. */
import {spawn} from 'node:child_process'
import {join} from 'node:path'
import {BenchMesh, statsOf, until} from '../mesh.mjs'
import {operatorAt, underLoad, whole} from './lab.mjs'

const TEXT = 'x'.repeat(128)
const nobody = (n) => ({action: 'm', details: [TEXT], target: {user: `nobody${n % 1000}`}})

const REAL = [
  {nodes: 1, rates: [8000, 2000, 200]},
  {nodes: 2, rates: [8000, 2000, 200]},
  {nodes: 4, rates: [4000, 1000, 200]},
  {nodes: 8, rates: [2000, 500, 100]},
]
const FOLLOWED = [
  {followers: 30, rates: [6000, 1500, 400, 50]},
  {followers: 100, rates: [2000, 500, 150, 20]},
  {followers: 200, rates: [800, 200, 60, 10]},
]

/** Idle first, then at each rate. Code is compiled while it is first used: the first is warmed. */
async function atEach(rates, {nodes, operator}, seconds) {
  const loadsOf = (perS) => [{operator, perS, messageOf: nobody}]
  await underLoad({nodes, loads: loadsOf(rates[0]), seconds: 1, warmS: 3})
  const runs = [{perS: 0, ...await underLoad({nodes, loads: [], seconds})}]
  for (const perS of rates) runs.push(await underLoad({nodes, loads: loadsOf(perS), seconds}))
  return runs
}

async function real({nodes: size, rates}, seconds) {
  const mesh = new BenchMesh('scale')
  try {
    const nodes = []
    for (let n = 0; n < size; n += 1) nodes.push(await mesh.start())
    await whole(nodes)
    // Not the master, where there is another: a message takes its whole way.
    const operator = await operatorAt(nodes.at(-1), mesh.secret)
    const runs = await atEach(rates, {nodes, operator}, seconds)
    operator.close()
    return runs.map((run) => ({kind: 'master', size, publisher: size - 1, ...run}))
  } finally {
    mesh.end()
  }
}

/** One real node, the master, where messages are published, and many that only follow. */
async function followed({followers, rates}, seconds) {
  const mesh = new BenchMesh('scale')
  let crowd
  try {
    const node = await mesh.start()
    await whole([node])
    const {term, node: id} = await statsOf(node)
    crowd = spawn(process.execPath, [
      join(import.meta.dirname, 'followers.mjs'), mesh.folder, followers, id,
      node.ready.nodeUrl, term,
    ].map(String), {stdio: ['ignore', 'pipe', 'inherit']})
    let out = ''
    crowd.stdout.on('data', (data) => (out += data))
    await until(() => out.includes('ready'), 'followers', 60_000)
    await until(async () => (await statsOf(node)).view.length === 7, 'a view of 7', 30_000)
    const operator = await operatorAt(node, mesh.secret)
    const nodes = [node]
    const runs = await atEach(rates, {nodes, operator}, seconds)
    operator.close()
    return runs.map((run) => ({kind: 'followed', size: followers + 1, publisher: 0, ...run}))
  } finally {
    crowd?.kill('SIGKILL')
    mesh.end()
  }
}

export async function masterRuns(seconds, keep) {
  for (const each of REAL) for (const run of await real(each, seconds)) keep(run)
}

/** As much as it takes: what the model says of the end of a master. */
export async function limitRuns(seconds, keep) {
  const many = {followers: 30, rates: [3000, 6000, 9000, 12_000]}
  for (const run of await followed(many, seconds)) keep({...run, kind: 'limit'})
}

export async function followedRuns(seconds, keep) {
  for (const each of FOLLOWED) for (const run of await followed(each, seconds)) keep(run)
}
