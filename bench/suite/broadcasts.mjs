/** Rows about deliveries: one node, three nodes, and both against the load. */
import {enter, measure, publishTo, withServer} from './session.mjs'
import {USER} from './peers.mjs'

const CLIENTS = 1000
const EACH = 333
const LATENCY_MAX_US = 100_000

export async function one(name, options) {
  return withServer(name, options, async (server, driver) => {
    await enter(server, driver, 0, CLIENTS)
    await publishTo(server, driver, 'all', {expected: CLIENTS})
    const runs = []
    for (const load of ['w1', 'w16', 'r50']) runs.push(await measure(driver, load, load, options))
    return runs
  })
}

/** 999 clients of one group, 333 at each node, and one user; the second node has who publishes. */
async function enterMesh(server, driver) {
  for (const at of [1, 0, 2]) await enter(server, driver, at, EACH, {prefix: `n${at}u`})
  await enter(server, driver, 2, 1, {users: [USER], groups: [[]]})
  await publishTo(server, driver, 'group', {expected: 3 * EACH})
  await publishTo(server, driver, 'user', {id: 1, expected: 1})
}

export async function mesh(name, options) {
  return withServer(name, {...options, nodes: 3}, async (server, driver) => {
    await enterMesh(server, driver)
    const {seconds} = options
    return [
      await measure(driver, 'group-w1', 'w1', {seconds}),
      await measure(driver, 'group-w16', 'w16', {seconds}),
      await measure(driver, 'user-w256', 'w256', {seconds, id: 1}),
      await measure(driver, 'user-r100', 'r100', {seconds: 2 * seconds, warm: 1, id: 1}),
    ]
  })
}

/**
 * More and more messages a second, until they are late. Latency counts from when a message was due,
 * so a driver that is late itself, as near its own limit, makes no peer look better.
 */
async function climb(driver, rates, options) {
  const runs = []
  for (const rate of rates) {
    const run = await measure(driver, `r${rate}`, `r${rate}`, {...options, lateMaxUs: LATENCY_MAX_US})
    runs.push({...run, rate})
    if (run.p99Us > LATENCY_MAX_US || run.fault?.includes('delivered')) break
  }
  return runs
}

export async function load(name, options) {
  return withServer(name, options, async (server, driver) => {
    await enter(server, driver, 0, CLIENTS)
    await publishTo(server, driver, 'all', {expected: CLIENTS})
    const rates = [25, 50, 75, 100, 150, 200, 300, 400, 800, 1600, 2400, 3200]
    return climb(driver, rates, {seconds: 1.2, warm: 0.5})
  })
}

export async function meshLoad(name, options) {
  return withServer(name, {...options, nodes: 3}, async (server, driver) => {
    await enterMesh(server, driver)
    const rates = [100, 1000, 3000, 10_000, 20_000, 40_000, 80_000, 160_000]
    return climb(driver, rates, {seconds: 1.2, warm: 0.5, id: 1})
  })
}
