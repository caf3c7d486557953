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

/** First match wins; the rest is OUTBOX_UNREACHABLE: a retry may succeed. */
const EXPLANATIONS: readonly (readonly [RegExp, Explain])[] = [
  [/^(ER_(ACCESS_DENIED|HOST_NOT_PRIV|ACCOUNT|MUST_CHANGE|NOT_SUPPORTED_AUTH)|AUTH_|HANDSHAKE_)/,
    ({user}) => ({
      code: 'OUTBOX_DENIED',
      what: `The database of the outbox refuses the user ${JSON.stringify(user)}`,
      suggestions: ['Check user and password of --outbox-url, or of --pool where there is none'],
    })],
  [/^ER_(DBACCESS|TABLEACCESS|COLUMNACCESS|PROCACCESS|SPECIFIC_ACCESS)_DENIED/,
    ({user, database}) => ({
      code: 'OUTBOX_DENIED',
      what: `The user ${JSON.stringify(user)} lacks a privilege for the outbox`,
      suggestions: [
        `GRANT SELECT, INSERT, DELETE ON \`${database}\`.… TO that user, for both its tables`,
        'wsmesh outbox init --print   (where it may not create them)',
      ],
    })],
  [/^ER_(OPTION_PREVENTS|READ_ONLY|CANT_EXECUTE_IN_READ_ONLY|OPEN_AS_READONLY|INNODB_READ_ONLY)/,
    () => ({
      code: 'OUTBOX_UNUSABLE',
      what: 'The database of the outbox takes no writes: it is read-only, a replica perhaps',
      suggestions: ['Let --outbox-url, or --pool, name the primary'],
    })],
  [/^ER_(BAD_FIELD|NO_DEFAULT_FOR_FIELD|TRUNCATED_WRONG|DATA_TOO_LONG|WRONG_VALUE_COUNT)/,
    () => ({
      code: 'OUTBOX_UNUSABLE',
      what: 'The tables of the outbox are not as wsmesh makes them',
      suggestions: ['Compare them with: wsmesh outbox init --print'],
    })],
  [/^ER_BAD_DB_ERROR/, ({database}) => ({
    code: 'OUTBOX_UNREACHABLE',
    what: `There is no database ${database}`,
    suggestions: ['Name another in --outbox-url'],
  })],
  [/^ER_LOCK_(DEADLOCK|WAIT_TIMEOUT)/, () => ({
    code: 'OUTBOX_UNREACHABLE',
    what: 'Rows of the outbox are locked by another transaction',
    suggestions: ['SHOW FULL PROCESSLIST says what runs for long'],
  })],
]

/** A driver's failure in words of the outbox. Without passwords: no message has one. */
export function mysqlOutboxError(failure: MysqlFailure, address: MysqlAddress): WsmeshError {
  const explain = EXPLANATIONS.find(([pattern]) => pattern.test(failure.code))?.[1]
  const {code, what, suggestions} = explain?.(address) ?? {
    code: 'OUTBOX_UNREACHABLE' as const,
    what: `The database of the outbox, ${placeText(address)}, does not answer as it should`,
    suggestions: ['Is it running and in reach?'],
  }
  const detail = failure.code === '' ? '' : ` (${failure.code})`
  return new WsmeshError(code, `${what}: ${failure.message}${detail}.`, {
    cause: failure, suggestions,
  })
}
