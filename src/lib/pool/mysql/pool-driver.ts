import {MysqlDriver} from '../../sql/mysql-driver.js'
import type {MysqlAddress} from '../pool-url.js'
import {mysqlError} from './mysql-error.js'
import {sessionSql} from './mysql-sql.js'

/** A connection to the pool's database, whose failures are worded as the store contract does. */
export function poolDriver(place: MysqlAddress, timeoutMs: number): MysqlDriver {
  const explain = (failure: Parameters<typeof mysqlError>[0]) => mysqlError(failure, place)
  return new MysqlDriver({place, timeoutMs, session: sessionSql(timeoutMs), explain})
}
