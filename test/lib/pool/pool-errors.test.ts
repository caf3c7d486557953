/** How failures of files and servers are worded that a test cannot bring about everywhere. */
import {describe, expect, test} from 'vitest'
import {mysqlError} from '../../../src/lib/pool/mysql/mysql-error.js'
import {parsePoolUrl} from '../../../src/lib/pool/pool-url.js'
import {sqliteError} from '../../../src/lib/pool/sqlite/sqlite-error.js'

describe('sqliteError', () => {
  test.each([
    ['SQLITE_FULL', 'POOL_READ_ONLY', 'full'],
    ['ENOSPC', 'POOL_READ_ONLY', 'full'],
    ['SQLITE_READONLY', 'POOL_READ_ONLY', 'cannot be written'],
    ['SQLITE_READONLY_DBMOVED', 'POOL_READ_ONLY', 'cannot be written'],
    ['EROFS', 'POOL_READ_ONLY', 'cannot be written'],
    ['SQLITE_CANTOPEN', 'POOL_DENIED', 'cannot be opened'],
    ['EACCES', 'POOL_DENIED', 'cannot be opened'],
    ['SQLITE_CORRUPT_VTAB', 'POOL_DAMAGED', 'damaged'],
    ['SQLITE_NOTADB', 'POOL_DAMAGED', 'is no pool, or its beginning is damaged'],
    ['SQLITE_BUSY_RECOVERY', 'POOL_UNREACHABLE', 'locked'],
    ['SQLITE_IOERR_SHMMAP', 'POOL_UNREACHABLE', 'does not answer'],
    ['FOREIGN_HOST', 'POOL_FOREIGN_HOST', "another machine's"],
    ['', 'POOL_UNREACHABLE', 'does not answer'],
  ])('%s is %s', (code, ours, word) => {
    const error = sqliteError({code, message: 'as SQLite says it'}, '/data/pool.db')
    expect(error.code).toBe(ours)
    expect(error.message).toContain(word)
    expect(error.message).toContain('/data/pool.db')
    expect(error.message).toContain('as SQLite says it')
    expect(error.suggestions).not.toHaveLength(0)
    expect(error.cause).toMatchObject({message: 'as SQLite says it', code})
  })
})

describe('mysqlError', () => {
  const address = parsePoolUrl('mysql://me:sesame@db:3307/mesh', '/data')
  test.each([
    ['ER_ACCESS_DENIED_ERROR', 'POOL_DENIED', '"me"'],
    ['ER_DBACCESS_DENIED_ERROR', 'POOL_DENIED', 'database mesh'],
    ['ER_TABLEACCESS_DENIED_ERROR', 'POOL_DENIED', 'privilege'],
    ['ER_OPTION_PREVENTS_STATEMENT', 'POOL_READ_ONLY', 'read-only'],
    ['ER_READ_ONLY_MODE', 'POOL_READ_ONLY', 'read-only'],
    ['ER_DISABLED_STORAGE_ENGINE', 'POOL_DENIED', 'MEMORY'],
    ['ER_BEFORE_DML_VALIDATION_ERROR', 'POOL_DENIED', 'MEMORY'],
    ['ER_RECORD_FILE_FULL', 'POOL_READ_ONLY', 'full'],
    ['ER_BAD_DB_ERROR', 'POOL_UNREACHABLE', 'no database mesh'],
    ['ER_BAD_FIELD_ERROR', 'POOL_DAMAGED', 'not as this version'],
    ['ENOTFOUND', 'POOL_UNREACHABLE', 'host db'],
    ['EAI_AGAIN', 'POOL_UNREACHABLE', 'host db'],
    ['ECONNREFUSED', 'POOL_UNREACHABLE', 'db:3307'],
    ['TIMED_OUT', 'POOL_UNREACHABLE', 'db:3307'],
    ['ER_CON_COUNT_ERROR', 'POOL_UNREACHABLE', 'no connection left'],
    ['ER_LOCK_DEADLOCK', 'POOL_UNREACHABLE', 'db:3307'],
    ['PROTOCOL_CONNECTION_LOST', 'POOL_UNREACHABLE', 'db:3307'],
  ])('%s is %s', (code, ours, word) => {
    if (address.type !== 'mysql') throw new Error('not a mysql address')
    const cause = Object.assign(new Error('as the server says it'), {code})
    const error = mysqlError(cause, address)
    expect(error.code).toBe(ours)
    expect(error.message).toContain(word)
    expect(error.message).toContain('as the server says it')
    expect(error.suggestions).not.toHaveLength(0)
    expect(error.cause).toBe(cause)
    expect(JSON.stringify(error)).not.toContain('sesame')
  })
})
