/** What a node's HTTP API tells of all nodes: as `wsmesh who --json` and `pool list --json`. */
import type {MeshView} from '../node/api/mesh-view.js'
import type {NodeServices} from '../node/node-config.js'
import {askWho} from '../operator/ask-who.js'
import {surveyPool} from '../operator/pool-survey.js'
import type {PollAccess} from '../operator/poll-pool.js'
import {poolJson} from './pool-view.js'
import {whoJson} from './who-view.js'

/** Less than who asks by HTTP waits for an answer. */
const TIMEOUT_MS = 4000

/** By the pool, the secret and the certificates of a node itself: it needs no other settings. */
export function viewMesh(services: NodeServices): MeshView {
  const asked = new Map<string, Promise<object>>()
  /** Who asks what is being asked already gets the same answer: all nodes are dialled for it. */
  const once = (question: string, ask: () => Promise<object>): Promise<object> => {
    const running = asked.get(question)
    if (running !== undefined) return running
    const answer = ask().finally(() => asked.delete(question))
    asked.set(question, answer)
    return answer
  }
  return {
    who: (question) => once(JSON.stringify(question), async () =>
      whoJson(await askWho(accessOf(services), question), question.limit, services.wallClock())),
    nodes: () => once('nodes', async () => poolJson(await surveyPool(accessOf(services)))),
  }
}

function accessOf({store, secret, tls}: NodeServices): PollAccess {
  const endMs = performance.now() + TIMEOUT_MS
  return {
    nodeUrl: undefined,
    timeoutMs: TIMEOUT_MS,
    poolLabel: store.label,
    book: {recall: async () => []},
    secret: async () => secret,
    leftMs: () => Math.max(1, endMs - performance.now()),
    async readPool() {
      const [members, lease] = await Promise.all([store.list(), store.readLease()])
      return {members, lease}
    },
    async connect(url, options) {
      const {connectOperator} = await import('../operator/operator-client.js')
      return connectOperator({url, secret, tls: tls?.material, ...options})
    },
  }
}
