/** The application's database, as it is read for `--auth-sql`. */
import type {AuthLog} from '../auth/authenticator.js'
import {ROWS_MAX, type SqlReader} from '../auth/sql-authenticator.js'
import {parseSqlQuery} from '../auth/sql-query.js'
import {MysqlDriver, type MysqlFailure} from '../sql/mysql-driver.js'
import {placeText, readMysqlUrl, type MysqlPlace} from '../sql/mysql-url.js'
import {redactUrl} from '../sql/redact-url.js'
import {statement, type Statement} from '../sql/statement.js'
import {WsmeshError, type ErrorCode} from '../util/errors.js'
import {describeError} from './log.js'

/** Opens nothing yet. Throws CONFIG_INVALID. */
export function openSqlReader(url: string, timeoutMs: number): SqlReader {
  const read = readMysqlUrl(url)
  const option = read.ok ? [...read.options.keys()][0] : undefined
  if (!read.ok || option !== undefined) {
    const why = read.ok ? `it has an unknown option: ${option}` : read.why
    const suggestions = read.ok ? ['?socketPath=/run/mysqld/mysqld.sock'] : read.suggestions
    const shown = redactUrl(url).slice(0, 300)
    throw new WsmeshError('CONFIG_INVALID', `Cannot use --auth-sql-url ${shown}: ${why}`, {
      suggestions,
    })
  }
  const {place} = read
  const driver = new MysqlDriver({
    place,
    timeoutMs,
    session: readOnlySession(timeoutMs),
    explain: (failure) => explain(failure, place),
  })
  return {
    async rows(query) {
      const outcome = await driver.run(query)
      if (outcome.type === 'done') return outcome.rows
      throw explain({code: 'ER_NO_SUCH_TABLE', message: 'a table of it does not exist'}, place)
    },
    close: () => driver.close(),
  }
}

/**
 * Asks once for a session that nobody has: a query that can never work is found when the node
 * starts. A database that is away is no reason not to start: clients hear 503 until it is back.
 */
export async function tryQuery(query: string, reader: SqlReader, log: AuthLog): Promise<void> {
  const {sql, names} = parseSqlQuery(query)
  try {
    await reader.rows({sql, values: names.map((name) => (name === 'now' ? 0 : ''))})
  } catch (error) {
    if (error instanceof WsmeshError && error.code !== 'NODE_FAILED') throw error
    log.warn('The database of --auth-sql does not answer: no client gets in until it does', {
      error: describeError(error),
    })
  }
}

/**
 * Whatever the account may do, this connection only reads, a bounded number of rows and for a
 * bounded time. Names differ between MariaDB and MySQL.
 */
function readOnlySession(timeoutMs: number): Statement {
  return statement(`
    SET SESSION autocommit = 1, sql_select_limit = ${ROWS_MAX + 1}
      /*M!100101 , tx_read_only = 1, max_statement_time = ${timeoutMs / 1000} */
      /*!80000 , transaction_read_only = 1, max_execution_time = ${timeoutMs} */`)
}

type Explanation = readonly [code: ErrorCode, what: string, suggestion: string]

/** NODE_FAILED: it may go over. The others are the operator's to mend. */
function explain(failure: MysqlFailure, place: MysqlPlace): WsmeshError {
  const {code, message} = failure
  const [ours, what, suggestion] = explanationOf(code, place)
  const detail = code === '' ? '' : ` (${code})`
  return new WsmeshError(ours, `${what}: ${message}${detail}.`, {
    cause: failure, suggestions: [suggestion],
  })
}

function explanationOf(code: string, place: MysqlPlace): Explanation {
  const {user, database} = place
  if (/^(ER_ACCESS_DENIED|ER_ACCOUNT|ER_NOT_SUPPORTED_AUTH|AUTH_SWITCH|HANDSHAKE)/.test(code)) {
    const what = `The database of --auth-sql-url refuses the user ${JSON.stringify(user)}`
    return ['AUTH_REJECTED', what, 'Check its user and password (: / @ # ? % are percent-encoded)']
  }
  if (/^ER_(DB|TABLE|COLUMN|SPECIFIC_)ACCESS_DENIED/.test(code)) {
    const what = `The user ${JSON.stringify(user)} of --auth-sql-url may not read that`
    return ['AUTH_REJECTED', what, `GRANT SELECT ON \`${database}\`.… TO that user`]
  }
  if (code === 'ER_BAD_DB_ERROR') {
    return ['CONFIG_INVALID', 'The database of --auth-sql-url is not there', 'Name another']
  }
  if (/^ER_(PARSE|SYNTAX|BAD_FIELD|NO_SUCH_TABLE|NON_UNIQ|WRONG|UNKNOWN|SP_DOES)/.test(code)) {
    const what = 'The query of --auth-sql does not work'
    return ['CONFIG_INVALID', what, 'Try it in the database, with a session of yours']
  }
  const where = placeText(place)
  return ['NODE_FAILED', `The database at ${where} failed`, 'Is it running and in reach?']
}
