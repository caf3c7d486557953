import type {NodeStats} from '../protocol/operator-frame.js'
import {WsmeshError} from '../util/errors.js'
import type {OperatorConnection} from './operator-connection.js'
import {pollPool, type PollAccess, type PolledNode, type PollOptions} from './poll-pool.js'

/**
 * up: answers. draining: it does, and is leaving. isolated: answers, but the mesh goes on without
 * it. stale: its process is gone, only the row is left. unreachable: no answer from here; it may be
 * alive.
 */
export type NodeState = 'up' | 'draining' | 'isolated' | 'stale' | 'unreachable'

export interface SurveyedNode extends Pick<PolledNode<unknown>, 'known' | 'id' | 'url' | 'why'> {
  readonly state: NodeState
  /** Undefined unless it answered. */
  readonly stats: NodeStats | undefined
  readonly rttMs: number | undefined
}

export interface Survey {
  readonly nodes: readonly SurveyedNode[]
  /** Of the lease row: who should be master. */
  readonly holder: string | undefined
  readonly leaseTerm: number
  readonly warnings: readonly string[]
}

/** Asks every node of the pool for its numbers; see pollPool. */
export async function surveyPool(
  access: PollAccess,
  options: Pick<PollOptions, 'remembers' | 'keeps'> = {},
): Promise<Survey> {
  const {nodes, lease, warnings} = await pollPool(
    access,
    async (connection, {left}) => {
      const stats = await connection.stats(left())
      return {stats, rttMs: await rttOf(connection, left)}
    },
    options,
  )
  return {
    nodes: nodes.map(({known, id, url, state, why, answer}) => ({
      known,
      id,
      url,
      state: stateOf(state, answer?.stats),
      stats: answer?.stats,
      rttMs: answer?.rttMs,
      why,
    })),
    holder: lease?.holder,
    leaseTerm: lease?.term ?? 0,
    warnings,
  }
}

/**
 * Of two, since the first wakes up whatever slept on the way. Undefined where the time was used up
 * by the answer itself: a node that answered is there, however slow this machine is.
 */
async function rttOf(
  connection: Pick<OperatorConnection, 'ping'>, left: () => number,
): Promise<number | undefined> {
  try {
    return Math.min(await connection.ping(left()), await connection.ping(left()))
  } catch (error) {
    if (error instanceof WsmeshError && error.code === 'TIMED_OUT') return undefined
    throw error
  }
}

/** What carries messages, as the nodes that answer say; undefined: none does, or not the same. */
export function relayOf({nodes}: Survey): 'nats' | 'master' | undefined {
  const answered = nodes.filter(({stats}) => stats !== undefined)
  const onNats = answered.filter(({stats}) => stats?.relay === 'nats').length
  if (onNats === 0) return answered.length === 0 ? undefined : 'master'
  return onNats === answered.length ? 'nats' : undefined
}

function stateOf(state: PolledNode<unknown>['state'], stats: NodeStats | undefined): NodeState {
  if (stats?.meter?.isDraining === true) return 'draining'
  return stats?.role === 'isolated' ? 'isolated' : state
}
