/** A set-up in which nothing is wrong; each test changes one thing of it. */
import type {Facts, MysqlFacts, Settings} from '../../../src/lib/doctor/facts.js'
import type {SurveyedNode} from '../../../src/lib/operator/pool-survey.js'
import type {NodeStats} from '../../../src/lib/protocol/operator-frame.js'
import {nodeId} from '../../../src/lib/util/brand.js'

const DAY_MS = 86_400_000

export const goodSettings: Settings = {
  version: '1.2.3',
  host: '0.0.0.0',
  port: 8080,
  nodeUrl: 'ws://10.0.0.5:8080/mesh',
  publicUrl: 'wss://ws.example.com/WebSockets',
  pool: {
    type: 'mysql', label: 'mysql://wsmesh:***@db.internal/app', host: 'db.internal', port: 3306,
    socketPath: undefined, user: 'wsmesh', password: 'x', database: 'app', engine: 'memory',
  },
  hasSqlitePool: false,
  clientsMax: 50_000,
  sessionCookie: 'sid',
  origins: ['https://www.example.com'],
  trustedProxies: ['10.0.0.2'],
  pages: ['https://www.example.com'],
  hasOutbox: true,
  hasNodeListener: false,
  strayVariables: [],
}

export const goodMysql: MysqlFacts = {
  type: 'mysql',
  variables: {
    wait_timeout: '28800', max_connections: '151', max_user_connections: '0',
    max_heap_table_size: '16777216', sql_mode: 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION',
    max_allowed_packet: '16777216', read_only: 'OFF', innodb_read_only: 'OFF', wsrep_on: 'OFF',
  },
  status: {Threads_connected: '9'},
  grants: [
    "GRANT USAGE ON *.* TO `wsmesh`@`%` IDENTIFIED BY PASSWORD '*0'",
    'GRANT SELECT, INSERT, UPDATE, DELETE ON `app`.* TO `wsmesh`@`%`',
  ],
  tables: [
    {name: 'wsmesh_members', engine: 'MEMORY', rowsMax: 20_000},
    {name: 'wsmesh_lease', engine: 'InnoDB', rowsMax: undefined},
  ],
  latencyMs: 1,
  clockAheadMs: 3,
  rowsMax: 20_000,
}

export function goodNode(
  name: string, address: string, stats: Partial<NodeStats> = {},
): SurveyedNode & {readonly stats: NodeStats} {
  const id = nodeId(name)
  const url = `ws://${address}/mesh`
  return {
    known: {id, url, clientUrl: 'wss://ws.example.com/WebSockets', order: 1, pid: 7, version: '1.2.3'},
    id,
    url,
    why: undefined,
    state: 'up',
    rttMs: 0.5,
    stats: {
      node: id, version: '1.2.3', pid: 7, role: 'follower', term: 4, epoch: 'e', master: nodeId('n1'),
      position: 'e.4.1', uptimeS: 60, rssBytes: 1, heapBytes: 1, connections: 5, users: 4, guests: 0,
      operators: 1, links: 1, timers: 1, queueBytes: 0, outboxMessages: 0, historyMessages: 0,
      historyBytes: 0, view: [], inPerS: 0, outPerS: 0, counters: {}, ...stats,
    },
  }
}

export function goodFacts(): Facts {
  const nowMs = Date.UTC(2026, 0, 1)
  const survey = {
    nodes: [goodNode('n1', '10.0.0.5:8080', {role: 'master'}), goodNode('n2', '10.0.0.6:8080')],
    holder: 'n1', leaseTerm: 4, warnings: [],
  }
  return {
    settings: goodSettings,
    machine: {
      nodeVersion: '20.19.0',
      filesMax: 100_000,
      places: [{flag: '--port', place: '0.0.0.0:8080', state: 'ours', owner: undefined}],
      processes: [{id: 'n1', pid: 7, filesMax: 100_000, filesOpen: 40}],
      nodeName: undefined,
    },
    files: {
      secret: {type: 'fine', source: '/etc/wsmesh/secret', count: 1, bitsMax: 210, isViewers: false},
      dataDir: {
        path: '/var/lib/wsmesh', mode: 0o40700, fileSystem: 'ext4', freeBytes: 1e10,
      },
      poolFolder: undefined,
      config: {path: '/etc/wsmesh/wsmesh.config.json', mode: 0o100600, hasPassword: true},
      apiKeys: undefined,
      tls: {
        type: 'fine', path: '/etc/wsmesh/cert.pem', validToMs: nowMs + 60 * DAY_MS, missing: [], nowMs,
      },
      actions: [{path: '/srv/actions', wrong: undefined}],
      logFile: {path: '/var/log/wsmesh/node.log', wrong: undefined},
    },
    store: goodMysql,
    mesh: {type: 'asked', survey, clocksAheadMs: {n1: 0, n2: 400}},
    front: {
      url: 'wss://ws.example.com/WebSockets',
      upgrade: {type: 'upgraded'},
      certificateToMs: nowMs + 60 * DAY_MS,
      nowMs,
      session: {type: 'pinged', pingMs: 25_000},
      origins: [{origin: 'https://www.example.com', answer: {type: 'upgraded'}}],
      stranger: {type: 'answered', status: 403, server: 'nginx'},
      exposed: [],
    },
    application: {
      outbox: {type: 'read', waiting: 3, aside: 0, oldestMs: 20},
      sources: [{flag: '--auth-url', told: undefined}],
      webhooks: [{url: 'https://app.internal/actions', told: undefined}],
    },
  }
}
