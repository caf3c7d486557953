import type {MysqlFailure} from '../../sql/mysql-driver.js'
import {placeText} from '../../sql/mysql-url.js'
import {WsmeshError} from '../../util/errors.js'
import type {ErrorCode} from '../../util/errors.js'
import type {MysqlAddress} from '../pool-url.js'

interface Explanation {
  readonly code: ErrorCode
  readonly what: string
  readonly suggestions: readonly string[]
}

type Explain = (address: MysqlAddress) => Explanation

/** First match of a code's beginning wins; the rest is POOL_UNREACHABLE: a retry may succeed. */
const EXPLANATIONS: readonly (readonly [readonly string[], Explain])[] = [
  [[
    'ER_ACCESS_DENIED', 'ER_HOST_NOT_PRIVILEGED', 'ER_ACCOUNT_HAS_BEEN_LOCKED',
    'ER_MUST_CHANGE_PASSWORD', 'ER_NOT_SUPPORTED_AUTH', 'AUTH_SWITCH', 'HANDSHAKE_',
  ], ({user}) => ({
    code: 'POOL_DENIED',
    what: `The database refuses the user ${JSON.stringify(user)}`,
    suggestions: [
      'Check user and password of --pool (in a URL : / @ # ? % are written'
        + ' %3A %2F %40 %23 %3F %25)',
      'Check from which hosts the user may come: SELECT user, host FROM mysql.user',
    ],
  })],
  [[
    'ER_DBACCESS_DENIED', 'ER_TABLEACCESS_DENIED', 'ER_COLUMNACCESS_DENIED',
    'ER_SPECIFIC_ACCESS_DENIED',
  ], ({user, database}) => ({
    code: 'POOL_DENIED',
    what: `The user ${JSON.stringify(user)} lacks a privilege on the database ${database}`,
    suggestions: [
      `GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON \`${database}\`.* TO that user`
        + ' (CREATE only where a DBA did not make the tables)',
    ],
  })],
  [[
    'ER_OPTION_PREVENTS_STATEMENT', 'ER_READ_ONLY_MODE', 'ER_CANT_EXECUTE_IN_READ_ONLY',
    'ER_OPEN_AS_READONLY', 'ER_INNODB_READ_ONLY',
  ], () => ({
    code: 'POOL_READ_ONLY',
    what: 'The database takes no writes: it is read-only, a replica perhaps',
    suggestions: ['Let --pool name the primary: mastership is decided there'],
  })],
  [[
    'ER_DISABLED_STORAGE_ENGINE', 'ER_UNKNOWN_STORAGE_ENGINE', 'ER_BEFORE_DML_VALIDATION',
    'ER_GALERA_REPLICATION', 'ER_FEATURE_DISABLED',
  ], () => ({
    code: 'POOL_DENIED',
    what: 'The database does not allow tables of the MEMORY engine',
    suggestions: ['Add ?engine=innodb to the pool URL'],
  })],
  [['ER_BAD_DB_ERROR'], ({database}) => ({
    code: 'POOL_UNREACHABLE',
    what: `There is no database ${database}`,
    suggestions: [`CREATE DATABASE \`${database}\`, or name another in --pool`],
  })],
  [[
    'ER_BAD_FIELD', 'ER_NO_DEFAULT_FOR_FIELD', 'ER_TRUNCATED_WRONG', 'ER_DATA_TOO_LONG',
    'ER_WARN_DATA',
  ], () => ({
    code: 'POOL_DAMAGED',
    what: 'The tables of the pool are not as this version of wsmesh made them',
    suggestions: [
      'Stop all nodes, drop the tables and start again: they hold who is running, no messages',
      'Use another --pool-prefix, when the tables belong to something else',
    ],
  })],
  [['ER_RECORD_FILE_FULL'], () => ({
    code: 'POOL_READ_ONLY',
    what: 'The members table is full (max_heap_table_size)',
    suggestions: ['wsmesh pool prune', 'Raise max_heap_table_size, or add ?engine=innodb'],
  })],
  [['ENOTFOUND', 'EAI_'], ({host}) => ({
    code: 'POOL_UNREACHABLE',
    what: `No address is known for the database host ${host}`,
    suggestions: [`getent hosts ${host}`, 'Check the host of --pool'],
  })],
  [['ECONNREFUSED', 'ENOENT', 'EACCES', 'EHOSTUNREACH', 'ENETUNREACH'], (address) => ({
    code: 'POOL_UNREACHABLE',
    what: `Nothing listens at ${placeText(address)}, or it cannot be reached`,
    suggestions: [
      'Is the database server running?',
      `Check host and port, or ?socketPath= of --pool: ${placeText(address)}`,
    ],
  })],
  [['TIMED_OUT'], (address) => ({
    code: 'POOL_UNREACHABLE',
    what: `The database at ${placeText(address)} does not answer`,
    suggestions: ['Is the server overloaded, stopped, or behind a firewall that drops packets?'],
  })],
  [['ER_CON_COUNT', 'ER_TOO_MANY_USER_CONNECTIONS', 'ER_USER_LIMIT_REACHED'], () => ({
    code: 'POOL_UNREACHABLE',
    what: 'The database has no connection left',
    suggestions: ['Raise max_connections: every node needs two'],
  })],
]

/** A driver's failure as the store contract words it. Without passwords: no message has one. */
export function mysqlError(failure: MysqlFailure, address: MysqlAddress): WsmeshError {
  const explain = EXPLANATIONS.find(([beginnings]) => (
    beginnings.some((beginning) => failure.code.startsWith(beginning))
  ))?.[1]
  const {code, what, suggestions} = explain?.(address) ?? {
    code: 'POOL_UNREACHABLE' as const,
    what: `The database at ${placeText(address)} failed`,
    suggestions: ["Look into the database server's log"],
  }
  const detail = failure.code === '' ? '' : ` (${failure.code})`
  return new WsmeshError(code, `${what}: ${failure.message}${detail}.`, {
    cause: failure, suggestions,
  })
}
