/**
 * One connection to MySQL or MariaDB that comes back. The one file that imports mysql2.
 *
 * A call has a timeout, and one that times out takes its connection with it: what waits on a hung
 * server would only wait longer, and the next call tries a new connection. Connections that the
 * server closed while idle (restart, wait_timeout, KILL) are noticed when they end, or by the next
 * call, which then tries once more if its statement may be done twice.
 */
import {lookup} from 'node:dns'
import {connect} from 'node:net'
import type {LookupFunction, Socket} from 'node:net'
import {createConnection} from 'mysql2'
import type {Connection, QueryError, QueryResult} from 'mysql2'
import {WsmeshError} from '../util/errors.js'
import type {MysqlPlace} from './mysql-url.js'
import {exists, isRow, noTable, plainStatement} from './statement.js'
import type {DoneOutcome, Outcome, SqlRow, Statement} from './statement.js'

/** A connection that is told to end is cut after this. */
const CLOSE_MS = 500

const BEGIN = plainStatement('START TRANSACTION')
const COMMIT = plainStatement('COMMIT')
const ROLLBACK = plainStatement('ROLLBACK')

export type Repeat = 'repeatable' | 'once'

/** What is used of an error of the driver or the network. */
export interface MysqlFailure {
  /** As the server, the driver or the operating system calls it; may be empty. */
  readonly code: string
  readonly message: string
}

export interface MysqlDriverOptions {
  readonly place: MysqlPlace
  /** Of one call, connecting included. */
  readonly timeoutMs: number
  /** The first statement of each connection. */
  readonly session: Statement
  /** A failure in the words of whoever uses it. Without passwords: no message has one. */
  readonly explain: (failure: MysqlFailure) => WsmeshError
}

export class MysqlDriver {
  readonly #options: MysqlDriverOptions
  #session: Session | undefined
  #isClosed = false

  constructor(options: MysqlDriverOptions) {
    this.#options = options
  }

  /**
   * `once`: a statement whose second run would answer differently, so that a lost answer must be
   * an error. Rejects with a WsmeshError.
   */
  async run(statement: Statement, repeat: Repeat = 'repeatable'): Promise<Outcome> {
    const timeout = new Timeout(this.#options.timeoutMs)
    try {
      const idle = this.#session
      try {
        return await this.#attempt(statement, timeout)
      } catch (error) {
        // Only a connection that had been idle may have been dead before the statement.
        if (!idle || idle === this.#session || repeat === 'once' || timeout.isOver) throw error
        return await this.#attempt(statement, timeout)
      }
    } catch (error) {
      throw error instanceof WsmeshError ? error : this.#options.explain(asFailure(error))
    } finally {
      timeout.clear()
    }
  }

  /**
   * All or none, on one connection; resolves with the outcome of each. The first that is not `done`
   * undoes all, and is the last of the list. Rejects as `run`; then all was undone, or, where the
   * answer to the commit was lost, done.
   */
  async transact(statements: readonly Statement[]): Promise<readonly Outcome[]> {
    const timeout = new Timeout(this.#options.timeoutMs)
    try {
      // One round trip more, and the transaction never begins on a connection that had died.
      await this.#attempt(BEGIN, timeout).catch(() => this.#attempt(BEGIN, timeout))
      const session = this.#session
      if (session === undefined) throw failure('CONNECTION_LOST', 'the connection ended')
      return await this.#inTransaction(session, statements, timeout)
    } catch (error) {
      throw error instanceof WsmeshError ? error : this.#options.explain(asFailure(error))
    } finally {
      timeout.clear()
    }
  }

  async #inTransaction(
    session: Session, statements: readonly Statement[], timeout: Timeout,
  ): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = []
    try {
      for (const statement of statements) {
        const outcome = await this.#runOn(session, statement, timeout)
        outcomes.push(outcome)
        if (outcome.type === 'done') continue
        await this.#runOn(session, ROLLBACK, timeout)
        return outcomes
      }
      await this.#runOn(session, COMMIT, timeout)
      return outcomes
    } catch (error) {
      // With the connection goes whatever of the transaction is left.
      session.abandon(asFailure(error))
      throw error
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const session = this.#session
    this.#session = undefined
    await session?.end()
  }

  async #attempt(statement: Statement, timeout: Timeout): Promise<Outcome> {
    if (this.#isClosed) throw failure('CLOSED', 'this side closed it')
    const {place, session: first} = this.#options
    this.#session ??= new Session(place, first, (session) => {
      if (this.#session === session) this.#session = undefined
    })
    return this.#runOn(this.#session, statement, timeout)
  }

  async #runOn(session: Session, statement: Statement, timeout: Timeout): Promise<Outcome> {
    return timeout.race(session.run(statement), () => {
      const error = failure('TIMED_OUT', `no answer in ${this.#options.timeoutMs} ms`)
      session.abandon(error)
      return error
    })
  }
}

/** A connection from its making to its loss. */
class Session {
  readonly #connection: Connection
  readonly #onLost: (session: Session) => void
  readonly #rejects = new Set<(error: Error) => void>()
  #lost: Error | undefined

  constructor(place: MysqlPlace, first: Statement, onLost: (session: Session) => void) {
    this.#onLost = onLost
    this.#connection = createConnection({
      stream: () => openSocket(place),
      user: place.user,
      password: place.password,
      database: place.database,
      charset: 'utf8mb4',
      // Rows matched, not rows changed, whatever the statement leaves as it was.
      flags: ['FOUND_ROWS'],
      // Past 2^53 as text: a rounded id would be another row's, or another user's.
      supportBigNumbers: true,
      connectTimeout: 0,
    })
    const lost = (error: Error): void => this.abandon(error)
    this.#connection.on('error', lost)
    this.#connection.on('end', () => lost(failure('CONNECTION_LOST', 'the connection ended')))
    this.#connection.query(first.sql, (error) => {
      if (error) lost(error)
    })
  }

  async run({sql, values, isPlain}: Statement): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(this.#lost)
      this.#rejects.add(reject)
      const answered = (error: QueryError | null, result: QueryResult): void => {
        this.#rejects.delete(reject)
        if (!error) return resolve(doneOutcome(result))
        const known = knownOutcome(error)
        if (known) return resolve(known)
        if (error.fatal) this.abandon(error)
        return reject(error)
      }
      if (isPlain === true) this.#connection.query(sql, answered)
      else this.#connection.execute(sql, [...values], answered)
      return undefined
    })
  }

  /** Cuts the connection; what waits on it is rejected. */
  abandon(error: Error): void {
    if (this.#lost) return
    this.#lost = error
    this.#onLost(this)
    for (const reject of this.#rejects) reject(error)
    this.#rejects.clear()
    this.#connection.destroy()
  }

  async end(): Promise<void> {
    if (this.#lost) return
    this.#lost = failure('CLOSED', 'this side closed it')
    for (const reject of this.#rejects) reject(this.#lost)
    this.#rejects.clear()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS)
      this.#connection.end(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    this.#connection.destroy()
  }
}

/** Holds the process open while a call waits; an idle connection does not. */
class Timeout {
  readonly #over: Promise<void>
  #timer: NodeJS.Timeout | undefined
  isOver = false

  constructor(ms: number) {
    this.#over = new Promise((resolve) => {
      this.#timer = setTimeout(() => {
        this.isOver = true
        resolve()
      }, ms)
    })
  }

  async race<T>(work: Promise<T>, onOver: () => Error): Promise<T> {
    return Promise.race([work, this.#over.then(() => {
      throw onOver()
    })])
  }

  clear(): void {
    clearTimeout(this.#timer)
  }
}

function openSocket({host, port, socketPath}: MysqlPlace): Socket {
  const socket = socketPath === undefined
    ? connect({host, port, lookup: sharedLookup})
    : connect(socketPath)
  return socket.setNoDelay(true).unref()
}

const lookups = new Map<string, Parameters<LookupFunction>[2][]>()

/**
 * One look-up of a name at a time: while name servers are down each holds one of the few threads
 * that also do the process's file work, and every call of the store would add another.
 */
const sharedLookup: LookupFunction = (hostname, options, callback) => {
  const key = `${hostname} ${JSON.stringify(options)}`
  const waiting = lookups.get(key)
  if (waiting) {
    waiting.push(callback)
    return
  }
  lookups.set(key, [callback])
  lookup(hostname, options, (...answer) => {
    const callbacks = lookups.get(key) ?? []
    lookups.delete(key)
    for (const each of callbacks) each(...answer)
  })
}

function doneOutcome(result: QueryResult): DoneOutcome {
  if (Array.isArray(result)) {
    const rows = onlyRows(result)
    return {type: 'done', rows, matched: rows.length, insertId: 0}
  }
  return {type: 'done', rows: [], matched: result.affectedRows, insertId: result.insertId}
}

function onlyRows(result: readonly unknown[]): SqlRow[] {
  return result.filter(isRow)
}

function knownOutcome({code}: QueryError): Outcome | undefined {
  if (code === 'ER_NO_SUCH_TABLE') return noTable
  if (code === 'ER_TABLE_EXISTS_ERROR' || code === 'ER_DUP_ENTRY') return exists
  if (code === 'ER_SP_ALREADY_EXISTS') return exists
  return undefined
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), {code})
}

function asFailure(error: unknown): Error & {code: string} {
  const known = error instanceof Error ? error : new Error(String(error))
  const code = 'code' in known && typeof known.code === 'string' ? known.code : ''
  // A host with several addresses fails with one error for each, and no message.
  const message = known instanceof AggregateError
    ? known.errors.map((each: unknown) => (each instanceof Error ? each.message : '')).join(', ')
    : known.message
  return Object.assign(new Error(message, {cause: known}), {code})
}
