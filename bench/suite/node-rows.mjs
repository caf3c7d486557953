/** Rows about wsmesh alone: does cost grow with size, does its loop wait, do messages wait. */
import {once} from 'node:events'
import {join} from 'node:path'
import {Driver} from './driver.mjs'
import {faultOf, figuresOf} from './measure.mjs'
import {USER} from './peers.mjs'
import {BYTES, enter, measure, publishTo, withServer} from './session.mjs'

const CLIENTS = 1000
const LOAD = 0.8

async function point(name, options, how) {
  const {nodes = 1, prepare, to = 'user', expected = 1, load = 'w64', serve} = how
  return withServer(name, {...options, nodes, serve}, async (server, driver) => {
    await prepare(server, driver)
    // The last who came in is the one whom messages are for; the first publishes
    await enter(server, driver, nodes - 1, 1, {users: [USER], groups: [['g']]})
    await publishTo(server, driver, to, {expected})
    return measure(driver, '', load, {seconds: options.seconds})
  })
}

const none = (count) => Array.from({length: count}, () => [])

/** Four sizes of each thing. */
const scales = [
  ...[100, 1000, 3000, 9000].map((size) => ({what: 'clients', size, how: {
    prepare: (server, driver) => enter(server, driver, 0, size, {groups: none(size)}),
  }})),
  ...[6, 60, 600, 3000].map((size) => ({what: 'users', size, how: {
    prepare: (server, driver) => enter(server, driver, 0, 3000, {
      groups: none(3000), users: Array.from({length: 3000}, (_, at) => `u${at % size}`),
    }),
  }})),
  ...[10, 100, 1000, 10_000].map((size) => ({what: 'groups', size, how: {
    to: 'group',
    prepare: (server, driver) => enter(server, driver, 0, 1000, {
      groups: Array.from({length: 1000}, (_, at) =>
        Array.from({length: Math.max(1, size / 1000)}, (__, n) => `x${(at + 1000 * n) % size}`)),
    }),
  }})),
  ...[1, 2, 5, 10].map((size) => ({what: 'nodes', size, how: {
    nodes: size,
    prepare: async (server, driver) => {
      for (let at = 0; at < size; at += 1) {
        await enter(server, driver, at, 10, {groups: none(10), prefix: `n${at}u`})
      }
    },
  }})),
  ...[65_536, 655_360, 6_553_600, 65_536_000].map((size) => ({what: 'history', size, how: {
    serve: ['--history-bytes', String(size)],
    prepare: (server, driver) => enter(server, driver, 0, 100, {groups: none(100)}),
  }})),
  ...[100, 300, 1000, 3000].map((size) => ({what: 'receivers', size, how: {
    to: 'all', expected: size + 1, load: 'w16',
    prepare: (server, driver) => enter(server, driver, 0, size, {groups: none(size)}),
  }})),
]

export async function scaling(name, options) {
  const runs = []
  for (const {what, size, how} of scales) {
    const run = await point(name, options, how).catch((error) => ({fault: error.message}))
    runs.push({...run, mode: `${what}-${size}`, what, size})
  }
  return runs
}

async function loopFigures(child) {
  child.send({})
  const [figures] = await once(child, 'message')
  return figures
}

/** Broadcasts at a rate at which the node uses 80 % of a core: how long is its loop busy? */
export async function loop(name, options) {
  const watch = {execArgv: ['--import', join(import.meta.dirname, 'loop-watch.mjs')], ipc: true}
  return withServer(name, {...options, ...watch}, async (server, driver) => {
    await enter(server, driver, 0, CLIENTS)
    await publishTo(server, driver, 'all', {expected: CLIENTS})
    let rate = 60
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const {serverShare} = await measure(driver, '', `r${rate}`, {seconds: 1.5})
      rate = Math.round(rate * LOAD / serverShare)
    }
    await loopFigures(server.children[0])
    const run = await measure(driver, 'load-80', `r${rate}`, {
      seconds: 8, warm: 0, lateMaxUs: Infinity,
    })
    const {p999Ms, p99Ms, maxMs} = await loopFigures(server.children[0])
    return [{...run, rate, loopP99Ms: p99Ms, loopP999Ms: p999Ms, loopMaxMs: maxMs}]
  })
}

/** Small messages for one user while big broadcasts go out; a second driver is who reads them. */
async function behindOne(options, {mode, clients, bytes, rate}) {
  return withServer('wsmesh', options, async (server, driver) => {
    const other = new Driver(['nice', '-n', '-10', ...options.programs.driver])
    try {
      await enter(server, driver, 0, clients, {groups: none(clients)})
      await publishTo(server, driver, 'all', {expected: clients, bytes})
      await enter(server, other, 0, 2, {users: ['small', USER], groups: none(2)})
      await publishTo(server, other, 'user', {id: 1, expected: 1})
      await other.run(1, 0, {1: 'r500'})
      const seconds = 6
      const [big, small] = await Promise.all([
        driver.run(seconds, 0, {0: `r${rate}`}), other.run(seconds, 0, {1: 'r500'}),
      ])
      const {p50Us, p99Us, p999Us, maxUs} = figuresOf(small)
      return {
        mode, p50Us, p99Us, p999Us, maxUs, bigP99Us: figuresOf(big).p99Us,
        fault: faultOf({...small, stealNs: big.stealNs, busyNs: 0}),
      }
    } finally {
      await other.end()
    }
  })
}

export async function behind(_, options) {
  const runs = []
  for (const how of [
    {mode: 'alone', clients: 10, bytes: BYTES, rate: 5},
    {mode: 'large', clients: 1000, bytes: 32_000, rate: 5},
    {mode: 'many', clients: 8000, bytes: BYTES, rate: 5},
  ]) runs.push(await behindOne(options, how))
  return runs
}
