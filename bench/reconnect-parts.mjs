/** What bench/reconnect.mjs measures by, and what it compares with. */
import {once} from 'node:events'
import {readFileSync} from 'node:fs'
import {statsOf, until} from './mesh.mjs'

/** Of a tick in /proc, on Linux. */
const TICK_MS = 10

/** What these processes have had of processors, of all their threads. */
export function cpuMsOf(children) {
  return children.reduce((sum, {pid}) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_MS
  }, 0)
}

/** Ends a node as soon as so many clients have had to wait there; says how it ended, and when. */
export async function endWhileWaiting(node, signal, clients) {
  const before = (await statsOf(node)).counters
  const waiting = await until(async () => {
    const {counters} = await statsOf(node)
    const waited = counters.clientsDelayedPace - before.clientsDelayedPace
    // As many as were let in since, or more, do not wait any more.
    const waits = waited - (counters.clientsAccepted - before.clientsAccepted)
    return waits >= clients && waits
  }, 'clients that wait', 60_000)
  const sentMs = performance.now()
  const ended = once(node.child, 'exit')
  node.child.kill(signal)
  const [code] = await ended
  return {waiting, code, tookMs: Math.round(performance.now() - sentMs)}
}

/** Seldom, since who counts all clients of a node takes of the time that is measured. */
const LOOK_MS = 200

/** Looks at the accepts of these nodes; `stop` says the most of any second for each. */
export function watchAccepts(nodes) {
  const seen = nodes.map(() => [])
  const look = async () => {
    await Promise.all(nodes.map(async (node, index) => {
      const {counters} = await statsOf(node)
      seen[index].push({ms: performance.now(), count: counters.clientsAccepted})
    }))
  }
  const state = {isOver: false}
  const watching = (async () => {
    while (!state.isOver) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  })()
  return {
    async stop() {
      state.isOver = true
      await watching
      return seen.map(mostInASecond)
    },
  }
}

function mostInASecond(samples) {
  let most = 0
  for (const from of samples) {
    for (const to of samples) {
      const isWithin = to.ms > from.ms && to.ms - from.ms <= 1000
      if (isWithin) most = Math.max(most, to.count - from.count)
    }
  }
  return most
}

/**
 * When 95 % are back, if nothing took any time but the pauses of full jitter (0.5 to 20 s) and the
 * nodes' limit: a tenth of it at once and the rest a second each, who is beyond waits for 5 s at
 * most and is refused else; one dead node is in everybody's list.
 */
export function predictedMs({clients, nodes, limit}) {
  const turns = Array.from({length: nodes}, () => Number.NEGATIVE_INFINITY)
  const heap = Array.from({length: clients}, () => ({ms: Math.random() * 500, at: -1, tries: 1}))
    .toSorted((a, b) => b.ms - a.ms)
  const back = []
  while (heap.length > 0) {
    const client = heap.pop()
    // Node `nodes` is the dead one.
    client.at = client.at === -1 ? Math.floor(Math.random() * nodes) : other(client.at, nodes)
    const turnMs = client.at < nodes ? turnOf(turns, client, limit) : undefined
    if (turnMs !== undefined) {
      back.push(turnMs)
      continue
    }
    client.ms += Math.random() * Math.min(20_000, 500 * 2 ** client.tries)
    client.tries += 1
    insert(heap, client)
  }
  return Math.round(back.toSorted((a, b) => a - b)[Math.floor(clients * 0.95)])
}

function other(at, nodes) {
  return (at + 1 + Math.floor(Math.random() * nodes)) % (nodes + 1)
}

function turnOf(turns, {at, ms}, limit) {
  const eachMs = 1000 / (limit * 0.95)
  const turnMs = Math.max(ms, turns[at] + eachMs)
  if (turnMs - ms > 5000) return undefined
  turns[at] = Math.max(turnMs, ms - limit * 0.1 * eachMs)
  return turnMs
}

/** How long somebody waits for an answer who was here before; `stop` says. */
export function watchAnswers(mesh) {
  const tookMs = []
  const state = {isOver: false}
  const watching = (async () => {
    while (!state.isOver) {
      const sentMs = performance.now()
      // Nobody has this action: the node answers 404.
      await mesh.request('bench').catch(() => {})
      tookMs.push(performance.now() - sentMs)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  return {
    async stop() {
      state.isOver = true
      await watching
      return tookMs
    },
  }
}

/** The next is last. */
function insert(heap, client) {
  let [low, high] = [0, heap.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (heap[middle].ms > client.ms) low = middle + 1
    else high = middle
  }
  heap.splice(low, 0, client)
}
