import type {ExplainResult} from '../protocol/explain-frame.js'
import type {MeshAccess} from './mesh-access.js'
import type {ExplainQuery} from './operator-connection.js'
import {pollPool, type Poll} from './poll-pool.js'

/** Asks all nodes of the pool what became of messages; see pollPool for what rejects. */
export function askExplain(access: MeshAccess, query: ExplainQuery): Promise<Poll<ExplainResult>> {
  return pollPool(access, (connection, {left}) => connection.explain(query, left()))
}
