/**
 * The pool's file, inside the thread: opened when there is one, opened again when the path leads
 * to another file (deleted or replaced under us), checked for whose it is.
 */
import {isSameMachine} from './host-identity.js'
import type {Outcome, Statement} from '../../sql/statement.js'
import {noTable} from '../../sql/statement.js'
import {fileId, isSameFile, makeFile, removeIfSame, sideFiles} from './file-id.js'
import type {FileId} from './file-id.js'
import type {SqliteThreadData} from './sqlite-message.js'
import {SqliteSql} from './sqlite-sql.js'

/** What this needs of a driver's open database. */
export interface SqliteDatabase {
  execute(statement: Statement): Outcome
  /** All in one immediate transaction; the first outcome that is not `done` undoes all. */
  transact(statements: readonly Statement[]): Outcome
  /** Runs the body in one immediate transaction. */
  immediately(body: () => void): void
  /** How long later calls wait for another process's lock. */
  waitForLocks(busyMs: number): void
  useWal(): void
  close(): void
}

export type OpenSqlite = (path: string, busyMs: number) => SqliteDatabase

interface OpenFile {
  readonly database: SqliteDatabase
  readonly id: FileId
  /** The files beside it that belong to it, known once it was used. */
  sides: ReadonlyMap<string, FileId> | undefined
}

/** The file is in use on another machine, or was copied from there. */
export class ForeignHostError extends Error {
  readonly code = 'FOREIGN_HOST'
}

export class SqliteFile {
  readonly #data: SqliteThreadData
  readonly #open: OpenSqlite
  readonly #sql: SqliteSql
  #file: OpenFile | undefined

  constructor(data: SqliteThreadData, open: OpenSqlite) {
    this.#data = data
    this.#open = open
    this.#sql = new SqliteSql(data.prefix)
  }

  run(statement: Statement, busyMs: number): Outcome {
    return this.#use(busyMs, (file) => file.database.execute(statement)) ?? noTable
  }

  create(statements: readonly Statement[], busyMs: number): Outcome {
    makeFile(this.#data.path)
    const outcome = this.#use(busyMs, ({database}) => {
      database.useWal()
      return database.transact(statements)
    })
    // Deleted between the two lines: as good as deleted right after them.
    return outcome ?? noTable
  }

  close(): void {
    this.#file?.database.close()
    this.#file = undefined
  }

  #use(busyMs: number, work: (file: OpenFile) => Outcome): Outcome | undefined {
    for (let again = true; ; again = false) {
      const file = this.#current(busyMs)
      if (!file) return undefined
      try {
        const outcome = work(file)
        file.sides ??= sideFiles(this.#data.path)
        return outcome
      } catch (error) {
        // Replaced since we looked: SQLite refused to write to the old one, nothing was done.
        if (!again || codeOf(error) !== 'SQLITE_READONLY_DBMOVED') throw error
        this.#drop(file)
      }
    }
  }

  #current(busyMs: number): OpenFile | undefined {
    const id = fileId(this.#data.path)
    if (this.#file && !(id && isSameFile(id, this.#file.id))) this.#drop(this.#file)
    this.#file?.database.waitForLocks(busyMs)
    if (this.#file || !id) return this.#file
    const file = {database: this.#open(this.#data.path, busyMs), id, sides: undefined}
    try {
      this.#checkHost(file.database)
    } catch (error) {
      file.database.close()
      throw error
    }
    this.#file = file
    return file
  }

  /**
   * What stands beside the path may still be the old file's log and lock table, which would be
   * taken for the new file's. Another process may have made new ones already: those are kept.
   */
  #drop(file: OpenFile): void {
    this.#file = undefined
    file.database.close()
    for (const [path, id] of file.sides ?? []) removeIfSame(path, id)
  }

  #checkHost(database: SqliteDatabase): void {
    const {host, path} = this.#data
    const owner = this.#readHost(database)
    if (!owner || (owner.boot !== '' && owner.boot === host.boot)) return
    if (!isSameMachine(owner.machine, host.machine)) {
      throw new ForeignHostError(`${path} belongs to ${owner.machine.replace(/#.*$/, '')}`)
    }
    if (owner.boot === '' || host.boot === '') return
    database.immediately(() => {
      // Several nodes may start after a boot: only the first of them clears.
      if (this.#readHost(database)?.boot === host.boot) return
      database.execute(this.#sql.removeAll())
      database.execute(this.#sql.releaseLease())
      database.execute(this.#sql.updateHost(host))
    })
  }

  #readHost(database: SqliteDatabase): {machine: string; boot: string} | undefined {
    const outcome = database.execute(this.#sql.readHost())
    const row = outcome.type === 'done' ? outcome.rows[0] : undefined
    return row && {machine: String(row['machine']), boot: String(row['boot'])}
  }
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}
