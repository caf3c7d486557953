/** GET /metrics, whoever may ask. */
import type {PlainResponse} from '../../transport/transport.js'
import {failure, retryAfter} from '../api/answers.js'
import {nodeStats, type StatsParts} from '../stats.js'

/** Undefined: the node has not started. */
export async function answerMetrics(parts: StatsParts | undefined): Promise<PlainResponse> {
  if (parts === undefined) return failure(503, 'The node is starting', retryAfter())
  // Nodes that nobody asks for metrics load none of it.
  const {formatMetrics, METRICS_TYPE} = await import('./prometheus.js')
  const body = await formatMetrics({
    stats: nodeStats(parts),
    relay: parts.relay.stats(),
    meter: parts.meter,
    loopDelays: parts.loopDelay.totals(),
  })
  return {status: 200, type: METRICS_TYPE, body}
}
