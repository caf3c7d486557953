/** An outbox in an SQLite file. Its twin is mysql-outbox-store.ts: same contract, same suite. */
import {WsmeshError} from '../../util/errors.js'
import type {ErrorCode} from '../../util/errors.js'
import type {Outcome, SqlRow, Statement} from '../../sql/statement.js'
import {readHostIdentity} from '../sqlite/host-identity.js'
import {SqliteThread} from '../sqlite/sqlite-thread.js'
import type {SqliteAddress} from '../pool-url.js'
import type {OutboxStoreOptions} from './mysql-outbox-store.js'
import {missingTable} from './outbox-missing.js'
import {asideOf, countsOf, foundOf, idOf, loadRows, waitingOf} from './outbox-rows.js'
import {RETRY_BATCH} from './outbox-store.js'
import type {
  AsideOrder, AsideRow, OutboxCounts, OutboxKey, OutboxMade, OutboxMessage, OutboxRead, OutboxRow,
  OutboxStore, WaitingRow,
} from './outbox-store.js'
import {SqliteOutboxSql} from './sqlite-outbox-sql.js'

export class SqliteOutboxStore implements OutboxStore {
  readonly label: string
  readonly #sql: SqliteOutboxSql
  readonly #thread: SqliteThread

  constructor({label, path}: SqliteAddress, {prefix, timeoutMs}: OutboxStoreOptions) {
    this.label = label
    this.#sql = new SqliteOutboxSql(prefix)
    this.#thread = new SqliteThread({path, prefix, timeoutMs, host: readHostIdentity()})
  }

  async init(): Promise<OutboxMade> {
    if (await this.exists()) return {made: [], procedureFailure: undefined}
    await inOutboxWords(this.#thread.create([this.#sql.createOutbox(), this.#sql.createAside()]))
    const {outbox, aside} = this.#sql.names
    return {made: [outbox, aside], procedureFailure: undefined}
  }

  async exists(): Promise<boolean> {
    return (await this.#run(this.#sql.probe())).type === 'done'
  }

  async insert(messages: readonly OutboxMessage[]): Promise<void> {
    if (messages.length === 0) return
    await this.#transact(messages.map((message) => this.#sql.insert(message)))
  }

  async read(rowsMax: number, what?: OutboxRead): Promise<readonly OutboxRow[]> {
    const heads = await this.#rows(this.#sql.heads(rowsMax, what))
    return loadRows(heads, async (id) => (await this.#rows(this.#sql.texts(id)))[0])
  }

  async hasTraces(): Promise<boolean> {
    return (await this.#rows(this.#sql.traceColumns())).length === 2
  }

  async find(keys: readonly OutboxKey[]): Promise<readonly OutboxKey[]> {
    if (keys.length === 0) return []
    return foundOf(await this.#rows(this.#sql.find(keys)), keys)
  }

  async remove(keys: readonly OutboxKey[]): Promise<number> {
    if (keys.length === 0) return 0
    return this.#matched(await this.#run(this.#sql.remove(keys)))
  }

  async setAside(rows: readonly AsideOrder[]): Promise<number> {
    if (rows.length === 0) return 0
    return this.#transact([
      ...rows.map((row) => this.#sql.copyAside(row)), this.#sql.remove(rows),
    ])
  }

  async counts(): Promise<OutboxCounts> {
    const [waiting] = await this.#rows(this.#sql.countWaiting())
    const [aside] = await this.#rows(this.#sql.countAside())
    const [oldest] = await this.#rows(this.#sql.oldest())
    return countsOf(waiting, aside, oldest)
  }

  async waiting(rowsMax: number): Promise<readonly WaitingRow[]> {
    return (await this.#rows(this.#sql.waiting(rowsMax))).map(waitingOf)
  }

  async aside(rowsMax: number): Promise<readonly AsideRow[]> {
    return (await this.#rows(this.#sql.aside(rowsMax))).map(asideOf)
  }

  async retry(ids: readonly string[] | 'all'): Promise<number> {
    if (ids !== 'all') return this.#putBack(ids.map(idOf))
    for (let total = 0; ; ) {
      const some = (await this.#rows(this.#sql.asideIds(RETRY_BATCH))).map(({id}) => idOf(id))
      if (some.length === 0) return total
      total += await this.#putBack(some)
    }
  }

  async close(): Promise<void> {
    await this.#thread.close()
  }

  async #putBack(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0
    return this.#transact([this.#sql.putBack(ids), this.#sql.removeAside(ids)])
  }

  /** The file is there, since something of it was read: nothing makes another. */
  async #transact(statements: readonly Statement[]): Promise<number> {
    return this.#matched(await inOutboxWords(this.#thread.create(statements)))
  }

  async #run(statement: Statement): Promise<Outcome> {
    return inOutboxWords(this.#thread.run(statement))
  }

  async #rows(statement: Statement): Promise<readonly SqlRow[]> {
    const outcome = await this.#run(statement)
    if (outcome.type === 'done') return outcome.rows
    throw missingTable(this.#sql.names.outbox, this.label)
  }

  #matched(outcome: Outcome): number {
    if (outcome.type === 'done') return outcome.matched
    throw missingTable(this.#sql.names.outbox, this.label)
  }
}

const CODES: Readonly<Partial<Record<ErrorCode, ErrorCode>>> = {
  POOL_UNREACHABLE: 'OUTBOX_UNREACHABLE',
  POOL_DENIED: 'OUTBOX_DENIED',
  POOL_READ_ONLY: 'OUTBOX_UNUSABLE',
  POOL_DAMAGED: 'OUTBOX_UNUSABLE',
  POOL_FOREIGN_HOST: 'OUTBOX_UNUSABLE',
}

/** The thread is the pool's, and so are the words of its errors. */
async function inOutboxWords(outcome: Promise<Outcome>): Promise<Outcome> {
  try {
    return await outcome
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    const code = CODES[error.code] ?? error.code
    const message = error.message.replace('pool file', 'database file')
    throw new WsmeshError(code, `The outbox: ${message}`, {
      cause: error, suggestions: code === 'OUTBOX_UNREACHABLE' ? error.suggestions : [],
    })
  }
}
