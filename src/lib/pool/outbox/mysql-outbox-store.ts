/** An outbox in MariaDB or MySQL. Its twin is sqlite-outbox-store.ts: same contract, same suite. */
import {MysqlDriver} from '../../sql/mysql-driver.js'
import type {Outcome, SqlRow, Statement} from '../../sql/statement.js'
import {WsmeshError} from '../../util/errors.js'
import {sessionSql} from '../mysql/mysql-sql.js'
import type {MysqlAddress} from '../pool-url.js'
import {mysqlOutboxError} from './mysql-outbox-error.js'
import {MysqlOutboxSql} from './mysql-outbox-sql.js'
import {missingTable} from './outbox-missing.js'
import {asideOf, countsOf, foundOf, idOf, loadRows, waitingOf} from './outbox-rows.js'
import {RETRY_BATCH} from './outbox-store.js'
import type {
  AsideOrder, AsideRow, OutboxCounts, OutboxKey, OutboxMade, OutboxMessage, OutboxRead, OutboxRow,
  OutboxStore, WaitingRow,
} from './outbox-store.js'

export interface OutboxStoreOptions {
  readonly prefix: string
  readonly timeoutMs: number
}

/** Rows that one statement sets aside: its text grows with their reasons. */
const COPIED_AT_ONCE = 100

export class MysqlOutboxStore implements OutboxStore {
  readonly label: string
  readonly #sql: MysqlOutboxSql
  readonly #driver: MysqlDriver

  constructor(address: MysqlAddress, {prefix, timeoutMs}: OutboxStoreOptions) {
    this.label = address.label
    this.#sql = new MysqlOutboxSql(prefix)
    this.#driver = new MysqlDriver({
      place: address,
      timeoutMs,
      session: sessionSql(timeoutMs),
      explain: (failure) => mysqlOutboxError(failure, address),
    })
  }

  async init(): Promise<OutboxMade> {
    const {names} = this.#sql
    const made: string[] = []
    // Looked at first: where a DBA made the tables there is no privilege to make any.
    if (!(await this.exists())) {
      await this.#driver.run(this.#sql.createOutbox())
      made.push(names.outbox)
    }
    if ((await this.#driver.run(this.#sql.countAside())).type === 'no-table') {
      await this.#driver.run(this.#sql.createAside())
      made.push(names.aside)
    }
    try {
      const procedure = await this.#driver.run(this.#sql.createPublish())
      if (procedure.type === 'done') made.push(names.publish)
      return {made, procedureFailure: undefined}
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      // Who may make nothing is not told whether it is there: a DBA who made the tables made it.
      const isNoNews = error.code === 'OUTBOX_DENIED' && made.length === 0
      return {made, procedureFailure: isNoNews ? undefined : error}
    }
  }

  async exists(): Promise<boolean> {
    return (await this.#driver.run(this.#sql.probe())).type === 'done'
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
    return this.#matched(await this.#driver.run(this.#sql.remove(keys)))
  }

  async setAside(rows: readonly AsideOrder[]): Promise<number> {
    if (rows.length === 0) return 0
    const copies: Statement[] = []
    for (let from = 0; from < rows.length; from += COPIED_AT_ONCE) {
      copies.push(this.#sql.copyAside(rows.slice(from, from + COPIED_AT_ONCE)))
    }
    return this.#transact([this.#sql.lockRows(rows), ...copies, this.#sql.remove(rows)])
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
    await this.#driver.close()
  }

  async #putBack(ids: readonly string[]): Promise<number> {
    if (ids.length === 0) return 0
    return this.#transact([
      this.#sql.lockAside(ids), this.#sql.putBack(ids), this.#sql.removeAside(ids),
    ])
  }

  /** How many rows the last of them was about. */
  async #transact(statements: readonly Statement[]): Promise<number> {
    const last = (await this.#driver.transact(statements)).at(-1)
    return last === undefined ? 0 : this.#matched(last)
  }

  async #rows(statement: Statement): Promise<readonly SqlRow[]> {
    const outcome = await this.#driver.run(statement)
    if (outcome.type === 'done') return outcome.rows
    throw missingTable(this.#sql.names.outbox, this.label)
  }

  #matched(outcome: Outcome): number {
    if (outcome.type === 'done') return outcome.matched
    throw missingTable(this.#sql.names.outbox, this.label)
  }
}
