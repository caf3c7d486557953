/** What bench/reconnect.mjs measures by, and what it compares with. */
import {statsOf} from './mesh.mjs'

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
 * nodes' limit: `limit` a second each, as many saved up, and one dead node in everybody's list.
 */
export function predictedMs({clients, nodes, limit}) {
  const tokens = Array.from({length: nodes}, () => ({left: limit, ms: 0}))
  const due = Array.from({length: clients}, () => ({ms: Math.random() * 500, at: -1, tries: 1}))
  const back = []
  const heap = due.toSorted((a, b) => b.ms - a.ms)
  while (heap.length > 0) {
    const client = heap.pop()
    // Node `nodes` is the dead one.
    client.at = client.at === -1 ? Math.floor(Math.random() * nodes) : other(client.at, nodes)
    if (client.at < nodes && takes(tokens[client.at], client.ms, limit)) {
      back.push(client.ms)
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

function takes(bucket, ms, limit) {
  bucket.left = Math.min(limit, bucket.left + ((ms - bucket.ms) * limit) / 1000)
  bucket.ms = ms
  if (bucket.left < 1) return false
  bucket.left -= 1
  return true
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
