/**
 * The pool in MySQL or MariaDB, for nodes on several machines. Its twin is
 * ../sqlite/sqlite-pool-store.ts: same contract, same suite. What is of connections is below, in
 * the driver.
 */
import {randomBytes} from 'node:crypto'
import {setTimeout as delay} from 'node:timers/promises'
import type {Lease, LeaseStamp, Member, MemberInfo} from '../../mesh/membership.js'
import type {NodeId} from '../../util/brand.js'
import {assert} from '../../util/assert.js'
import {firstLease, isSameStamp} from '../lease-stamp.js'
import {checkMemberInfo, leaseFromRow, memberFromRow} from '../pool-row.js'
import type {PoolStore} from '../pool-store.js'
import type {MysqlAddress} from '../pool-url.js'
import {mustBeDone} from '../must-be-done.js'
import type {Outcome, Statement} from '../../sql/statement.js'
import type {MysqlDriver} from '../../sql/mysql-driver.js'
import {poolDriver} from './pool-driver.js'
import {MysqlSql} from './mysql-sql.js'

export interface MysqlPoolStoreOptions {
  readonly prefix: string
  readonly timeoutMs: number
}

/** How long init waits for the first row of a table that another node has just made. */
const FIRST_ROW_TRIES = 10
const FIRST_ROW_MS = 30

export class MysqlPoolStore implements PoolStore {
  readonly label: string
  readonly #sql: MysqlSql
  /** A connection each, so that a lock on the whole members table never delays the lease. */
  readonly #members: MysqlDriver
  readonly #lease: MysqlDriver

  constructor(address: MysqlAddress, {prefix, timeoutMs}: MysqlPoolStoreOptions) {
    this.label = address.label
    this.#sql = new MysqlSql(prefix, address.engine)
    this.#members = poolDriver(address, timeoutMs)
    this.#lease = poolDriver(address, timeoutMs)
  }

  async init(): Promise<void> {
    // Read first: where a DBA made the tables, there is no privilege to make any.
    const members = await this.#members.run(this.#sql.list())
    if (members.type === 'no-table') await this.#members.run(this.#sql.createMembers())
    const lease = await this.#lease.run(this.#sql.readLease())
    if (lease.type === 'done' && lease.rows.length > 0) return
    if (lease.type === 'done') return this.#awaitFirstRow()
    const made = await this.#lease.run(this.#sql.createLease())
    if (made.type === 'exists') return this.#awaitFirstRow()
    const first = firstLease(randomBytes(8).toString('hex'))
    await this.#lease.run(this.#sql.insertLease(first))
  }

  async join(info: MemberInfo): Promise<number> {
    checkMemberInfo(info)
    const joined = await this.#runOrCreate(this.#members, this.#sql.join(info))
    return mustBeDone(joined, this.label).insertId
  }

  async heartbeat(id: NodeId): Promise<boolean> {
    const outcome = await this.#members.run(this.#sql.heartbeat(id))
    return outcome.type === 'done' && outcome.matched > 0
  }

  async list(): Promise<readonly Member[]> {
    const outcome = await this.#members.run(this.#sql.list())
    return outcome.type === 'done' ? outcome.rows.map(memberFromRow) : []
  }

  async readLease(): Promise<Lease | undefined> {
    const outcome = await this.#lease.run(this.#sql.readLease())
    const row = outcome.type === 'done' ? outcome.rows[0] : undefined
    return row && leaseFromRow(row)
  }

  async swapLease(expected: LeaseStamp | undefined, next: Lease): Promise<boolean> {
    assert(!expected || !isSameStamp(expected, next), 'each write of the lease changes its stamp')
    if (!expected) {
      const inserted = await this.#runOrCreate(this.#lease, this.#sql.insertLease(next), 'once')
      return inserted.type === 'done'
    }
    const outcome = await this.#lease.run(this.#sql.swapLease(expected, next), 'once')
    return outcome.type === 'done' && outcome.matched > 0
  }

  async remove(id: NodeId): Promise<void> {
    await this.#members.run(this.#sql.remove(id))
  }

  async close(): Promise<void> {
    await Promise.all([this.#members.close(), this.#lease.close()])
  }

  /** CREATE and INSERT are two statements: who lost the race must not take it for a wiped pool. */
  async #awaitFirstRow(): Promise<void> {
    for (let tries = 0; tries < FIRST_ROW_TRIES; tries += 1) {
      if (await this.readLease()) return
      await delay(FIRST_ROW_MS)
    }
  }

  /** Tables may have been dropped since the start: they are made again, empty. */
  async #runOrCreate(
    driver: MysqlDriver,
    statement: Statement,
    repeat: 'repeatable' | 'once' = 'repeatable',
  ): Promise<Outcome> {
    const outcome = await driver.run(statement, repeat)
    if (outcome.type !== 'no-table') return outcome
    await driver.run(this.#sql.createMembers())
    await driver.run(this.#sql.createLeaseIfMissing())
    return driver.run(statement, repeat)
  }
}
