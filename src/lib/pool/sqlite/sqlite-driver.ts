/**
 * The thread that blocks, so that the event loop does not: libsql's calls wait for the disk and
 * for other processes' locks. The one file that imports libsql; node:sqlite can take its place.
 */
import {parentPort, workerData} from 'node:worker_threads'
import Libsql from 'libsql'
import {assert, unreachable} from '../../util/assert.js'
import {exists, isRow, noTable} from '../../sql/statement.js'
import type {Outcome, Statement} from '../../sql/statement.js'
import {SqliteFile, codeOf} from './sqlite-file.js'
import type {SqliteDatabase} from './sqlite-file.js'
import type {SqliteReply, SqliteRequest, SqliteThreadData} from './sqlite-message.js'

/** Between two tries to change the journal mode, which does not wait for locks by itself. */
const WAL_RETRY_MS = 5

class LibsqlDatabase implements SqliteDatabase {
  readonly #database: Libsql.Database
  readonly #prepared = new Map<string, Libsql.Statement>()

  #busyMs = 0

  constructor(path: string, busyMs: number) {
    this.#database = openLibsql(path)
    // First of all: the next line may have to wait already.
    this.waitForLocks(busyMs)
    // A crash of the machine may cost the last writes, never the file; its members die with it.
    this.#database.pragma('synchronous = NORMAL')
  }

  waitForLocks(busyMs: number): void {
    this.#busyMs = busyMs
    this.#database.exec(`PRAGMA busy_timeout = ${busyMs}`)
  }

  useWal(): void {
    for (let waitedMs = 0; ; waitedMs += WAL_RETRY_MS) {
      try {
        this.#database.pragma('journal_mode = WAL')
        return
      } catch (error) {
        if (codeOf(error) !== 'SQLITE_BUSY' || waitedMs >= this.#busyMs) throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_RETRY_MS)
      }
    }
  }

  execute({sql, values}: Statement): Outcome {
    try {
      const prepared = this.#prepare(sql)
      if (prepared.reader) {
        const rows = prepared.all(values).filter(isRow)
        return {type: 'done', rows, matched: rows.length, insertId: 0}
      }
      const {changes} = prepared.run(values)
      return {type: 'done', rows: [], matched: changes, insertId: 0}
    } catch (error) {
      const message = error instanceof Error ? error.message : ''
      if (/no such table/.test(message)) return noTable
      if (/table .* already exists/.test(message)) return exists
      if (codeOf(error).startsWith('SQLITE_CONSTRAINT')) return exists
      throw error
    }
  }

  transact(statements: readonly Statement[]): Outcome {
    let last: Outcome = noTable
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      for (const statement of statements) {
        last = this.execute(statement)
        if (last.type !== 'done') break
      }
    } catch (error) {
      this.#rollback()
      throw error
    }
    if (last.type === 'done') this.#database.exec('COMMIT')
    else this.#rollback()
    return last
  }

  immediately(body: () => void): void {
    this.#database.transaction(body).immediate()
  }

  close(): void {
    this.#prepared.clear()
    this.#database.close()
  }

  /** SQLite rolls back by itself after some errors, a full disk for one. */
  #rollback(): void {
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK')
  }

  #prepare(sql: string): Libsql.Statement {
    const known = this.#prepared.get(sql)
    if (known) return known
    const prepared = this.#database.prepare(sql)
    this.#prepared.set(sql, prepared)
    return prepared
  }
}

/** libsql tells a file that it cannot open from other errors by the text alone. */
function openLibsql(path: string): Libsql.Database {
  try {
    return new Libsql(path)
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, {code: 'SQLITE_CANTOPEN'}) : error
  }
}

function answer(file: SqliteFile, request: SqliteRequest): SqliteReply {
  try {
    switch (request.type) {
      case 'run':
        return {type: 'outcome', outcome: file.run(request.statement, request.busyMs)}
      case 'create':
        return {type: 'outcome', outcome: file.create(request.statements, request.busyMs)}
      case 'close':
        file.close()
        return {type: 'outcome', outcome: noTable}
      default:
        return unreachable(request)
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return {type: 'failure', failure: {code: codeOf(error), message}}
  }
}

assert(parentPort, 'sqlite-driver.js runs in a worker thread')
const port = parentPort
const data: SqliteThreadData = workerData
const pool = new SqliteFile(data, (path, busyMs) => new LibsqlDatabase(path, busyMs))

port.on('message', (request: SqliteRequest) => {
  port.postMessage(answer(pool, request))
  if (request.type === 'close') port.close()
})
