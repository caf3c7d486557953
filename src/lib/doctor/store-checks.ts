import {defaultMeshConfig} from '../mesh/config.js'
import {formatDuration} from '../util/duration.js'
import {
  type Check, error, NOT_USED, notChecked, type Problem, type Verdict, warning,
} from './check.js'
import type {Facts, MysqlFacts, StoreFacts, TableFacts} from './facts.js'
import {missingPrivileges} from './grants.js'

const {leaseMs, heartbeatMs} = defaultMeshConfig
/** A connection of the store and one of spare, for each node. */
const CONNECTIONS_PER_NODE = 2
/** A heartbeat reads and writes: what takes longer is late for the lease after a hiccup. */
const LATENCY_MAX_MS = heartbeatMs / 10
const CLOCK_MAX_MS = 5000
/** For a member each: more than a mesh has, dead rows included. */
const ROWS_MIN = 50
/** A message may have 1 MiB of details, JSON of JSON twice as much. */
const PACKET_MIN_BYTES = 4 * 1024 ** 2

export const STORE_CHECKS: readonly Check[] = [
  {
    id: 'pool-store',
    title: 'the pool store answers',
    judge: ({store}) => store.type === 'failed' ? [error(
      store.told.message,
      'nodes run on with those whom they know; none can start, and a dead master is not replaced',
      ...store.told.suggestions,
    )] : [],
  },
  ofMysql('store-writable', 'the database is the primary, and takes writes', judgeWritable),
  ofMysql('store-privileges', 'the user may do what nodes do', judgePrivileges),
  ofMysql('store-engine', 'the tables have the engines that they should', judgeEngines),
  ofMysql('store-room', 'the table of members has room', judgeRoom),
  ofMysql('store-wait-timeout', 'connections outlive the pause between two heartbeats',
    ({variables}) => judgeWaitTimeout(Number(variables['wait_timeout']))),
  ofMysql('store-connections', 'there are connections left for every node', judgeConnections),
  ofMysql('store-latency', 'the database answers quickly',
    ({latencyMs}) => judgeLatency(latencyMs)),
  ofMysql('store-clock', "its clock is this machine's", ({clockAheadMs}, {settings}) =>
    judgeClock(clockAheadMs, settings.hasOutbox)),
  ofMysql('store-sql-mode', 'rows of the outbox that do not fit are refused', judgeSqlMode),
  ofMysql('store-packet', 'rows of the outbox may be as big as a message', judgePacket),
]

type JudgeMysql = (store: MysqlFacts, facts: Facts) => Verdict

function ofMysql(id: string, title: string, judge: JudgeMysql): Check {
  return {
    id,
    title,
    judge: (facts) => {
      const {store} = facts
      return store.type === 'mysql' ? judge(store, facts) : whyNot(store)
    },
  }
}

/** Of an embedded pool there is nothing to ask. */
function whyNot(store: Exclude<StoreFacts, MysqlFacts>): Verdict {
  return store.type === 'sqlite' ? NOT_USED : notChecked('the pool store does not answer')
}

const READ_ONLY = ['read_only', 'super_read_only', 'innodb_read_only'] as const

function judgeWritable({variables}: MysqlFacts): Verdict {
  const set = READ_ONLY.filter((name) => isOn(variables[name]))
  if (set.length === 0) return []
  return [error(
    `the database is read-only (${set.join(', ')}): a replica?`,
    'no node can join or become master; what a replica says of mastership is of the past',
    'Let --pool name the primary',
  )]
}

function judgePrivileges({grants, tables}: MysqlFacts, {settings}: Facts): Verdict {
  const {pool} = settings
  if (pool.type !== 'mysql') return NOT_USED
  const isMade = tables.length >= 2
  const needed = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', ...(isMade ? [] : ['CREATE'])]
  const names = tables.length > 0 ? tables.map(({name}) => name) : ['members', 'lease']
  const missing = missingPrivileges({grants, database: pool.database, tables: names, needed})
  if (missing === undefined) return notChecked('privileges come from a role')
  if (missing.length === 0) return []
  return [error(
    `the database user lacks ${missing.join(', ')} on ${pool.database}`,
    isMade ? 'nodes cannot join, leave or lead' : 'no node can make the tables of the pool',
    `GRANT ${missing.join(', ')} ON \`${pool.database}\`.* TO that user`,
  )]
}

function judgeEngines({tables, variables}: MysqlFacts, {settings}: Facts): Verdict {
  const {pool} = settings
  if (pool.type !== 'mysql') return NOT_USED
  const problems: Problem[] = []
  const members = engineOf(tables, 'members')
  const lease = engineOf(tables, 'lease')
  const willBe = members ?? (pool.engine === 'memory' ? 'MEMORY' : 'InnoDB')
  const replicated = replication(variables)
  if (replicated !== undefined && willBe === 'MEMORY') {
    problems.push(error(
      `the members table is MEMORY, and the database is a cluster (${replicated})`,
      'its rows are not replicated: nodes at other servers of the cluster do not see each other',
      `--pool mysql://…/${pool.database}?engine=innodb${members === undefined ? '' : ', '
        + 'and drop the table while all nodes are stopped'}`,
    ))
  }
  const isDisabled = (variables['disabled_storage_engines'] ?? '').toUpperCase().includes('MEMORY')
  if (members === undefined && isDisabled && pool.engine === 'memory') {
    problems.push(error(
      'the database does not allow MEMORY tables (disabled_storage_engines)',
      'no node can make the tables of the pool',
      `--pool mysql://…/${pool.database}?engine=innodb`,
    ))
  }
  if (lease !== undefined && lease.toUpperCase() !== 'INNODB') {
    problems.push(error(
      `the lease table is ${lease}, not InnoDB`,
      'after a restart of the database it may be empty or older than it was: two masters',
      'Stop all nodes, drop both tables and start again: wsmesh makes them right',
    ))
  }
  if (members?.toUpperCase() === 'INNODB' && pool.engine === 'memory') {
    problems.push(warning(
      'the members table is InnoDB, and --pool does not say engine=innodb',
      'every heartbeat is a write to the disk; one made again would be MEMORY',
      `--pool mysql://…/${pool.database}?engine=innodb   (if that is meant)`,
      'else stop all nodes, drop the table and start again',
    ))
  }
  return problems
}

function engineOf(tables: readonly TableFacts[], suffix: string): string | undefined {
  return tables.find(({name}) => name.endsWith(suffix))?.engine
}

function replication(variables: Readonly<Record<string, string>>): string | undefined {
  if (isOn(variables['wsrep_on'])) return 'Galera'
  return variables['group_replication_group_name'] ? 'Group Replication' : undefined
}

function judgeRoom({tables, rowsMax: rowsOfNew}: MysqlFacts, {mesh, settings}: Facts): Verdict {
  const {pool} = settings
  const members = tables.find(({name}) => name.endsWith('members'))
  const engine = members?.engine ?? (pool.type === 'mysql' ? pool.engine : '')
  if (engine.toUpperCase() !== 'MEMORY') return NOT_USED
  const rowsMax = members?.rowsMax ?? rowsOfNew
  const nodes = mesh.type === 'asked' ? mesh.survey.nodes.length : 0
  const needed = Math.max(ROWS_MIN, 2 * nodes)
  if (rowsMax >= needed) return []
  return [warning(
    `the members table holds ${rowsMax} rows (max_heap_table_size)`,
    'nodes past that cannot join, and rows of dead nodes count for a minute',
    'SET GLOBAL max_heap_table_size = 16777216, in the configuration too; a table that is there '
      + 'keeps its size until it is made again',
    '--pool mysql://…?engine=innodb',
  )]
}

function judgeWaitTimeout(waitS: number): Verdict {
  if (!Number.isFinite(waitS) || waitS * 1000 >= leaseMs * 2) return []
  return [warning(
    `the database ends connections that are idle for ${waitS} s (wait_timeout)`,
    `nodes ask every ${formatDuration(heartbeatMs)}, and hold a lease of `
      + `${formatDuration(leaseMs)}: each pause costs a new connection, when it matters most`,
    'SET GLOBAL wait_timeout = 28800, in the configuration too',
  )]
}

function judgeConnections({variables, status}: MysqlFacts, {mesh}: Facts): Verdict {
  const nodes = (mesh.type === 'asked' ? mesh.survey.nodes.length : 0) + 1
  const needed = nodes * CONNECTIONS_PER_NODE
  const ofUser = Number(variables['max_user_connections'] ?? 0)
  const max = Number(variables['max_connections'])
  const problems: Problem[] = []
  const left = max - Number(status['Threads_connected'] ?? 0)
  if (left < needed) {
    problems.push(warning(
      `${left} of ${max} connections of the database are left (max_connections)`,
      `${nodes} nodes need up to ${needed}: one that finds none cannot renew its lease`,
      `SET GLOBAL max_connections = ${max + 100}, in the configuration too`,
    ))
  }
  if (ofUser > 0 && ofUser < needed) {
    problems.push(warning(
      `a user of the database may have ${ofUser} connections (max_user_connections)`,
      `${nodes} nodes need up to ${needed}: one that finds none cannot renew its lease`,
      `ALTER USER … WITH MAX_USER_CONNECTIONS ${needed * 2}`,
    ))
  }
  return problems
}

function judgeLatency(latencyMs: number): Verdict {
  if (latencyMs <= LATENCY_MAX_MS) return []
  return [warning(
    `the database takes ${formatDuration(latencyMs)} to answer from here`,
    'joining, heartbeats and the change of a master are as slow; messages are not',
    'Nodes near their database: the same data centre',
  )]
}

function judgeClock(aheadMs: number, hasOutbox: boolean): Verdict {
  if (Math.abs(aheadMs) < CLOCK_MAX_MS) return []
  return [warning(
    `the clock of the database is ${aheadText(aheadMs)} that of this machine`,
    hasOutbox
      ? 'ages of rows in the outbox and ends of sessions are wrong by as much'
      : 'sessions of --auth-sql end too early or too late by as much; leases do not care',
    'timedatectl set-ntp true   (on both)',
  )]
}

export function aheadText(aheadMs: number): string {
  return `${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'}`
}

function judgeSqlMode({variables}: MysqlFacts, {settings}: Facts): Verdict {
  const mode = variables['sql_mode'] ?? ''
  if (!settings.hasOutbox) return NOT_USED
  if (/STRICT_(ALL|TRANS)_TABLES/.test(mode)) return []
  return [warning(
    `the database is not strict: sql_mode is "${mode}"`,
    'of what an application inserts into the outbox too long a value is cut without a word, and '
      + 'the message is then set aside (nodes set a mode of their own)',
    "SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES'), "
      + 'in the configuration too',
  )]
}

function judgePacket({variables}: MysqlFacts, {settings}: Facts): Verdict {
  const max = Number(variables['max_allowed_packet'])
  if (!settings.hasOutbox) return NOT_USED
  if (!Number.isFinite(max) || max >= PACKET_MIN_BYTES) return []
  return [warning(
    `a statement may have ${Math.floor(max / 1024)} KiB (max_allowed_packet)`,
    'the application cannot insert the biggest messages, 1 MiB, into the outbox',
    'SET GLOBAL max_allowed_packet = 16777216, in the configuration too',
  )]
}

function isOn(value: string | undefined): boolean {
  return value === 'ON' || value === '1'
}
