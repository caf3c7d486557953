/**
 * What is measured: each row has peers, is run once a round for each of them, and gives runs
 * {mode, …figures}. `goals` say against whom: figure of wsmesh / figure of the peer, at most.
 */
import {Driver, pinned} from './driver.mjs'
import {figuresOf, faultOf} from './measure.mjs'
import {USER, door, frameTo, peers} from './peers.mjs'

const BYTES = 128
const CLIENTS = 1000

/** A server and its driver, ended whatever happens; undefined where the peer cannot run here. */
async function withServer(name, options, work) {
  const server = await peers[name](options)
  if (!server) return undefined
  const driver = new Driver(pinned(0, [options.programs.driver]))
  try {
    await driver.watch(server.pids)
    return await work(server, driver)
  } finally {
    await server.stop()
    await driver.end()
  }
}

/** Users `from` to `from + count` come in at port `at`: each a user of its own where that is asked. */
async function enter(server, driver, at, count, {prefix = 'u', users} = {}) {
  const names = users ?? Array.from({length: count}, (_, n) => `${prefix}${n}`)
  const one = door(server, at, names[0])
  if (server.firstFile) one.firstFile = await server.firstFile(names)
  return driver.open(one, count)
}

async function measure(driver, mode, load, {seconds, warm = 0.7, id = 0}) {
  const run = await driver.run(seconds, warm, {[id]: load})
  return {mode, load, ...figuresOf(run), fault: faultOf(run, load)}
}

async function one(name, options) {
  return withServer(name, options, async (server, driver) => {
    await enter(server, driver, 0, CLIENTS)
    await driver.stream(0, {from: 0, ...frameTo(server, 'all', BYTES), expected: CLIENTS})
    const runs = []
    for (const load of ['w1', 'w16', 'r50']) runs.push(await measure(driver, load, load, options))
    return runs
  })
}

async function mesh(name, options) {
  return withServer(name, {...options, nodes: 3}, async (server, driver) => {
    const each = 333
    for (const at of [1, 0, 2]) await enter(server, driver, at, each, {prefix: `n${at}u`})
    const {opened} = await enter(server, driver, 2, 1, {users: [USER]})
    if (opened !== 1) throw new Error(`${name}: the user did not come in`)
    const clients = 3 * each + 1
    await driver.stream(0, {from: 0, ...frameTo(server, 'group', BYTES), expected: clients})
    await driver.stream(1, {from: 0, ...frameTo(server, 'user', BYTES), expected: 1})
    const {seconds} = options
    return [
      await measure(driver, 'group-w1', 'w1', {seconds}),
      await measure(driver, 'group-w16', 'w16', {seconds}),
      await measure(driver, 'user-w256', 'w256', {seconds, id: 1}),
      await measure(driver, 'user-r100', 'r100', {seconds: 2 * seconds, warm: 1, id: 1}),
    ]
  })
}

const goal = (mode, peer, figure, must, wanted) => ({mode, peer, figure, must, goal: wanted})

export const rows = {
  one: {
    title: 'One node, broadcast to 1,000 clients',
    peers: ['wsmesh', 'limit', 'ws', 'uws', 'nchan', 'nats', 'socket.io'],
    run: one,
    goals: [
      goal('w1', 'limit', 'cpuUs', 1.5, 1.2), goal('w1', 'socket.io', 'cpuUs', 0.5, 0.5),
      goal('w1', 'nats', 'cpuUs', 0.5, 0.5), goal('w1', 'uws', 'cpuUs', undefined, 1),
      goal('w1', 'nchan', 'cpuUs', undefined, 1), goal('w16', 'socket.io', 'cpuUs', 0.1, 0.06),
      goal('w16', 'nats', 'cpuUs', 0.35, 0.25), goal('w16', 'limit', 'writeUs', 1.5, 1.25),
      goal('w16', 'uws', 'cpuUs', undefined, 1), goal('r50', 'socket.io', 'cpuUs', 0.6, 0.6),
      goal('r50', 'nats', 'cpuUs', 0.6, 0.6), goal('r50', 'uws', 'cpuUs', undefined, 1),
    ],
  },
  mesh: {
    title: 'Three nodes: 1,000 clients of one group; one user on another node',
    peers: ['wsmesh', 'ws-mesh', 'nats', 'socket.io-redis', 'socket.io-cluster'],
    run: mesh,
    goals: [
      goal('group-w1', 'socket.io-redis', 'cpuUs', 0.55, 0.45), goal('group-w1', 'nats', 'cpuUs', 0.65, 0.5),
      goal('group-w16', 'socket.io-redis', 'cpuUs', 0.12, 0.08), goal('group-w16', 'nats', 'cpuUs', 0.4, 0.3),
      goal('user-w256', 'socket.io-redis', 'cpuUs', 0.2, 0.1), goal('user-w256', 'nats', 'cpuUs', 2.5, 1),
      goal('user-r100', 'socket.io-redis', 'p50Us', 1, undefined),
      goal('user-r100', 'socket.io-redis', 'p99Us', 1, undefined),
      goal('user-r100', 'nats', 'p50Us', undefined, 1),
      goal('group-w1', 'ws-mesh', 'cpuUs', 1.4, 1.15), goal('group-w16', 'ws-mesh', 'cpuUs', 1.4, 1.15),
      goal('user-w256', 'ws-mesh', 'cpuUs', 1.4, 1.15),
    ],
  },
}
