/** Nodes as the admin sees them, for tests that need some. */
import type {Survey, SurveyedNode} from '../../../src/lib/operator/pool-survey.js'
import type {NodeStats} from '../../../src/lib/protocol/operator-frame.js'
import type {NodeRow, Snapshot} from '../../../src/lib/admin/wire.js'
import {nodeId} from '../../../src/lib/util/brand.js'

export function stats(id: string, change: Partial<NodeStats> = {}): NodeStats {
  return {
    node: nodeId(id), version: '1.0.0', pid: 100, role: 'follower', term: 1, epoch: 'e',
    master: nodeId('n1'), position: 'e.1.10', uptimeS: 60, rssBytes: 1e8, heapBytes: 5e7,
    loopDelayMs: 2, connections: 10, users: 5, guests: 0, operators: 1, links: 1, timers: 3,
    queueBytes: 0, outboxMessages: 0, historyMessages: 0, historyBytes: 0, view: [nodeId('n1')],
    inPerS: 7, outPerS: 70, counters: {}, ...change,
  }
}

export function surveyed(id: string, change: Partial<SurveyedNode> = {}): SurveyedNode {
  return {
    known: {
      id: nodeId(id), url: `ws://${id}/mesh`, clientUrl: `ws://${id}/WebSockets`, order: 1, pid: 1,
      version: '1.0.0',
    },
    id, url: `ws://${id}/mesh`, state: 'up', stats: stats(id), rttMs: 1.234, why: undefined,
    ...change,
  }
}

export function surveyOf(nodes: readonly SurveyedNode[], warnings: readonly string[] = []): Survey {
  return {nodes, holder: 'n1', leaseTerm: 1, warnings}
}

export function row(id: string, change: Partial<NodeRow> = {}): NodeRow {
  return {
    id, order: 1, role: 'follower', state: 'up', why: null, clientUrl: null, nodeUrl: `ws://${id}/`,
    version: '1.0.0', pid: 100, uptimeS: 60, clients: 10, users: 5, inPerS: 1, outPerS: 2,
    relayedPerS: 3, behind: 0, rttMs: 1, loopDelayMs: 1, rssBytes: 1, queueBytes: 0,
    slowConsumers: 0, isCopy: true, supervisorPid: null, ...change,
  }
}

export function snapshotOf(nodes: readonly NodeRow[], change: Partial<Snapshot> = {}): Snapshot {
  return {
    type: 'snapshot', at: 1_000_000, master: nodes[0]?.id ?? null, term: 1, expected: null, nodes,
    totals: {
      inPerS: 1, outPerS: 2, relayedPerS: 3, clients: 4, users: 5, loopDelayMs: 6, rssBytes: 7,
      queueBytes: 8,
    },
    alerts: [], events: [], local: [], siege: null, pages: 1, ...change,
  }
}
