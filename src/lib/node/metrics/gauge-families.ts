/** Metrics of what is at the moment. */
import type {LinkReading} from '../../protocol/meter-frame.js'
import type {NodeStats} from '../../protocol/operator-frame.js'
import type {Family, MetricsSource, Sample} from './family.js'

const ROLES: readonly NodeStats['role'][] = [
  'joining', 'seeking', 'follower', 'master', 'isolated', 'drained',
]

function gauge(
  name: string, help: string, read: (source: MetricsSource) => number | undefined,
): Family {
  return {type: 'gauge', name, help, labels: [], read: (source) => samplesOf(read(source))}
}

function samplesOf(value: number | undefined): readonly Sample[] {
  return value === undefined ? [] : [{value}]
}

/** Of each node with which this one shares the log. */
function perLink(
  name: string, help: string, read: (link: LinkReading) => number | null,
): Family {
  return {
    type: 'gauge', name, help, labels: ['peer'],
    read: ({stats: {meter}}) => meter.links.flatMap((link) => {
      const value = read(link)
      return value === null ? [] : [{labels: {peer: link.node}, value}]
    }),
  }
}

const NODE: readonly Family[] = [
  {
    type: 'gauge', name: 'wsmesh_node_info', help: '1; the node by its labels',
    labels: ['node', 'version'],
    read: ({stats: {node, version}}) => [{labels: {node, version}, value: 1}],
  },
  {
    type: 'gauge', name: 'wsmesh_node_role', help: '1 for the role that it has, 0 for others',
    labels: ['role'],
    read: ({stats}) => ROLES.map((role) => ({
      labels: {role}, value: role === stats.role ? 1 : 0,
    })),
  },
  gauge(
    'wsmesh_node_draining', '1 while it drains', ({stats: {meter}}) => (meter.isDraining ? 1 : 0),
  ),
]

const CLIENTS: readonly Family[] = [
  gauge('wsmesh_connections', 'Clients connected, proved or not', ({stats}) => stats.connections),
  gauge('wsmesh_users', 'Different users among them', ({stats}) => stats.users),
  gauge('wsmesh_guests', 'Guests among them', ({stats}) => stats.guests),
  gauge('wsmesh_operators', 'Connections of commands and backends', ({stats}) => stats.operators),
  gauge(
    'wsmesh_client_queue_bytes', "Waiting in this process for clients' sockets",
    ({stats}) => stats.queueBytes,
  ),
]

const MESH: readonly Family[] = [
  gauge('wsmesh_term', 'The term of the mesh, as this node knows it', ({stats}) => stats.term),
  gauge(
    'wsmesh_lease_age_seconds', 'Since the lease was last seen to change',
    ({stats: {meter}}) => meter.leaseAgeMs / 1000,
  ),
  gauge(
    'wsmesh_store_up', '1 while the pool store answers', ({relay}) => (relay.isStoreUp ? 1 : 0),
  ),
  gauge('wsmesh_pool_nodes', 'Nodes that the pool names', ({relay}) => relay.beats),
  gauge('wsmesh_view_nodes', 'Nodes that count as copies', ({stats}) => stats.view.length),
  gauge('wsmesh_links', 'Open links to other nodes', ({stats}) => stats.links),
  perLink(
    'wsmesh_link_lag_messages', 'Messages that the follower has not delivered',
    (link) => link.lagMessages,
  ),
  perLink(
    'wsmesh_link_rtt_seconds', 'There and back, behind all that waits',
    ({rttMs}) => rttMs === null ? null : rttMs / 1000,
  ),
  perLink(
    'wsmesh_link_silent_seconds', 'Since the other side was heard', (link) => link.silentMs / 1000,
  ),
  perLink(
    'wsmesh_link_queue_bytes', "Waiting in this process for the link's socket",
    (link) => link.queueBytes,
  ),
  gauge(
    'wsmesh_unstable_messages', 'Published here, not yet delivered by every live node',
    ({stats}) => stats.outboxMessages,
  ),
  gauge('wsmesh_history_messages', 'Messages in the log', ({stats}) => stats.historyMessages),
  gauge('wsmesh_history_bytes', 'Their bytes', ({stats}) => stats.historyBytes),
  gauge(
    'wsmesh_outbox_lag_seconds',
    "So long at most a row of the application's outbox has waited; at the node that sends them",
    ({stats: {meter: {outboxLagMs}}}) => outboxLagMs === undefined ? undefined : outboxLagMs / 1000,
  ),
]

/** Under the names that Prometheus clients use, so that dashboards made for these show them. */
const PROCESS: readonly Family[] = [
  {
    type: 'counter', name: 'process_cpu_seconds_total', help: 'Processor time', labels: [],
    read: () => {
      const {user, system} = process.cpuUsage()
      return [{value: (user + system) / 1e6}]
    },
  },
  gauge(
    'process_start_time_seconds', 'When it started, since 1970',
    () => Math.round(Date.now() / 1000 - process.uptime()),
  ),
  gauge('process_resident_memory_bytes', 'Memory', ({stats}) => stats.rssBytes),
  gauge('nodejs_heap_size_used_bytes', 'Of it, objects', ({stats}) => stats.heapBytes),
  gauge(
    'nodejs_external_memory_bytes', 'Outside of the heap', () => process.memoryUsage().external,
  ),
  gauge('wsmesh_timers', 'Timers of the process: constant at rest', ({stats}) => stats.timers),
]

export const GAUGE_FAMILIES: readonly Family[] = [...NODE, ...CLIENTS, ...MESH, ...PROCESS]
