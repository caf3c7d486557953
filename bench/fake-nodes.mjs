/**
 * Nodes that are not there: each answers operators on a port of its own, from the pool of a data
 * folder, and says that thousands are connected. For what asks nodes, at sizes that no machine has.
 */
import {acceptorHandshake} from '../dist/lib/auth/handshake.js'
import {loadSecret} from '../dist/lib/auth/secret.js'
import {openPoolStore} from '../dist/lib/pool/open-pool-store.js'
import {firstUsersAfter} from '../dist/lib/protocol/user-order.js'
import {SUBPROTOCOL} from '../dist/lib/protocol/version.js'
import {COUNTER_NAMES} from '../dist/lib/node/counters.js'
import {listen} from '../dist/lib/transport/ws-transport.js'

const HEARTBEAT_MS = 1000
const EPOCH = 'fake'

/** `connections`: of all nodes together, two for each user. */
export async function startFakeNodes({dataDir, count, connections, perS = 100}) {
  const secret = await loadSecret({env: {}, dataDir})
  const store = await openPoolStore({url: 'sqlite:', dataDir})
  await store.init()
  const nodes = []
  const state = {master: `fake-1`, term: 1, seq: 0}
  for (let n = 1; n <= count; n += 1) {
    nodes.push(await startOne({n, secret, state, perS, connections: Math.round(connections / count)}))
  }
  for (const node of nodes) await store.join(node.info)
  const timer = setInterval(() => {
    state.seq += perS
    for (const {info} of nodes) void store.heartbeat(info.id).catch(() => {})
  }, HEARTBEAT_MS)
  return {
    state,
    nodes,
    /** As a node that is gone: nobody listens there, only its row is left. */
    async kill(id) {
      await nodes.find(({info}) => info.id === id)?.listener.close()
    },
    async close() {
      clearInterval(timer)
      await Promise.all(nodes.map(({listener}) => listener.close()))
      await store.close()
    },
  }
}

async function startOne({n, secret, state, perS, connections}) {
  const id = `fake-${n}`
  const users = Array.from({length: Math.ceil(connections / 2)}, (_, k) => `user-${n}-${k}`)
  const startedMs = performance.now()
  const stats = () => ({
    node: id, version: '0.1.0', pid: process.pid, role: state.master === id ? 'master' : 'follower',
    term: state.term, epoch: EPOCH, master: state.master, position: `${EPOCH}.${state.term}.${state.seq}`,
    uptimeS: Math.round((performance.now() - startedMs) / 1000), rssBytes: 90e6 + 1e6 * n,
    heapBytes: 40e6, loopDelayMs: 2 + (n % 7), connections, users: users.length, guests: 0,
    operators: 1, links: 3, timers: 9, queueBytes: 0, outboxMessages: 0, historyMessages: 6000,
    historyBytes: 1e6, view: ['fake-1', 'fake-2', 'fake-3'], inPerS: perS, outPerS: 4 * perS,
    counters: Object.fromEntries(COUNTER_NAMES.map((name, k) => [name, k])),
  })
  const who = ({filter, limit, after}) => {
    const isFiltered = filter.user !== undefined
    const ids = isFiltered
      ? users.filter((user) => user === filter.user) : firstUsersAfter(users, after, limit + 1)
    const shown = ids.slice(0, limit)
    return {
      users: shown.map((user) => rowOf(user, id, isFiltered)),
      next: ids.length > limit ? shown.at(-1) : null,
      matching: isFiltered ? 2 * ids.length : connections,
      guests: isFiltered ? null : {connections: 0, ageMs: 0, queueBytes: 0},
      unproved: 0,
    }
  }
  const answer = (request) => {
    switch (request.op) {
      case 'ping': return {pong: true}
      case 'stats': return stats()
      case 'who': return who(request)
      default: return undefined
    }
  }
  const listener = await listen({
    host: '127.0.0.1', port: 0, kinds: {operator: {maxFrameBytes: 1e6}}, connectionsMax: 100,
    onRequest: () => ({status: 404, type: 'text/plain; charset=utf-8', body: ''}),
    onUpgrade: () => ({
      accept: true, kind: 'operator', subprotocol: SUBPROTOCOL.operator,
      handler: (socket) => {
        const handshake = acceptorHandshake({secret, self: id, role: 'operator'})
        let isProved = false
        socket.send(handshake.opening)
        return {
          onMessage(data) {
            if (!isProved) {
              const step = handshake.receive(data)
              if (step.send !== undefined) socket.send(step.send)
              isProved = step.done !== undefined
              return
            }
            const request = JSON.parse(Buffer.from(data).toString())
            const result = answer(request)
            socket.send(JSON.stringify(result === undefined
              ? {id: request.id, ok: false, error: {status: 400, message: 'A fake does not do it'}}
              : {id: request.id, ok: true, result}))
          },
          onClose() {},
        }
      },
    }),
  })
  const address = `127.0.0.1:${listener.port}`
  const info = {
    id, url: `ws://${address}/mesh`, clientUrl: `ws://${address}/WebSockets`, version: '0.1.0',
    pid: process.pid,
  }
  return {info, listener}
}

function rowOf(user, node, withTabs) {
  const row = {
    user, connections: 2, ageMs: 60_000, queueBytes: 0, sessions: ['a-session-of-theirs'],
    groups: ['customers'], isCut: false,
  }
  if (!withTabs) return row
  const tab = {session: 'a-session-of-theirs', ageMs: 60_000, queueBytes: 0, language: 'en', userAgent: 'Fake/1'}
  return {...row, tabs: [1, 2].map((n) => ({...tab, connection: `${node}-c${n}`}))}
}
