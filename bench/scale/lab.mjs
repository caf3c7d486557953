/** What the measurements of `bench/scale.mjs` share: a mesh, processor time, a steady rate. */
import {readFileSync, readdirSync} from 'node:fs'
import {setTimeout as sleep} from 'node:timers/promises'
import {connectOperator} from '../../dist/lib/operator/operator-client.js'
import {statsOf, until} from '../mesh.mjs'

const WARM_S = 2

/** Processor time of a process so far, of all its threads, in microseconds. */
export function cpuUs(pid) {
  const folder = `/proc/${pid}/task`
  const ns = readdirSync(folder).map((task) =>
    Number(readFileSync(`${folder}/${task}/schedstat`, 'utf8').split(' ')[0]))
  return ns.reduce((sum, each) => sum + each, 0) / 1000
}

export function residentBytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
}

/** Processor time a second of each process, while `seconds` pass. */
export async function during(pids, seconds) {
  const before = pids.map(cpuUs)
  const startMs = performance.now()
  await sleep(seconds * 1000)
  const passedS = (performance.now() - startMs) / 1000
  return pids.map((pid, index) => (cpuUs(pid) - before[index]) / passedS)
}

/** All nodes are a part of the mesh, and know of each other. */
export function whole(nodes, members = nodes.length) {
  return until(async () => {
    const all = await Promise.all(nodes.map(statsOf))
    return all.every(({role, view}) =>
      role !== 'joining' && role !== 'seeking' && view.length >= Math.min(members, 7)) && all
  }, 'a whole mesh', 90_000)
}

export function operatorAt({ready}, secret) {
  return connectOperator({url: ready.nodeUrl, secret, timeoutMs: 5000})
}

/** Publishes `perS` messages a second, at random times, until it is stopped. */
export function publishing(operator, perS, messageOf) {
  const state = {isOver: false}
  let failed = 0
  const answers = new Set()
  const waitsMs = []
  const run = (async () => {
    const startMs = performance.now()
    let dueMs = 0
    for (let sent = 0; !state.isOver;) {
      const nowMs = performance.now() - startMs
      while (dueMs <= nowMs && answers.size < 20_000) {
        const sentMs = performance.now()
        const answer = operator.publish(messageOf(sent), 20_000)
          .then(() => waitsMs.push(performance.now() - sentMs))
          .catch(() => (failed += 1)).finally(() => answers.delete(answer))
        answers.add(answer)
        sent += 1
        dueMs -= (Math.log(1 - Math.random()) / perS) * 1000
      }
      await sleep(perS > 500 ? 1 : Math.max(0, dueMs - nowMs))
    }
    await Promise.all(answers)
  })()
  return {
    async stop() {
      state.isOver = true
      await run
      if (failed > 0) throw new Error(`${failed} messages were not taken`)
      return waitsMs
    },
  }
}

const COUNTERS = ['linkFramesIn', 'linkFramesOut', 'linkBytesOut']

/**
 * What each node did a second under a load: processor time, frames and bytes of links, messages.
 * `others`: processes that are measured beside the nodes.
 */
export async function underLoad({nodes, others = [], loads, seconds, warmS = WARM_S}) {
  const running = loads.map(({operator, perS, messageOf}) => publishing(operator, perS, messageOf))
  await sleep(warmS * 1000)
  const pids = [...nodes.map(({ready}) => ready.pid), ...others]
  const before = await Promise.all(nodes.map(statsOf))
  const startMs = performance.now()
  const us = await during(pids, seconds)
  const after = await Promise.all(nodes.map(statsOf))
  const passedS = (performance.now() - startMs) / 1000
  const waitsMs = await Promise.all(running.map((each) => each.stop()))
  const sorted = waitsMs.flat().toSorted((a, b) => a - b)
  const part = (share) => Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1))
  const rate = (index, name) =>
    Math.round((after[index].counters[name] - before[index].counters[name]) / passedS)
  const published = (index) => rate(index, 'messagesPublished')
  return {
    perS: nodes.reduce((sum, _, index) => sum + published(index), 0),
    nodes: nodes.map((_, index) => ({
      us: Math.round(us[index]), role: after[index].role, published: published(index),
      ...Object.fromEntries(COUNTERS.map((name) => [name, rate(index, name)])),
    })),
    others: us.slice(nodes.length).map(Math.round), p50Ms: part(0.5), p99Ms: part(0.99),
  }
}
