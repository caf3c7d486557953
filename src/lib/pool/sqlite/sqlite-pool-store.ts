/**
 * The pool in a file, for nodes on one machine. Its twin is ../mysql/mysql-pool-store.ts: same
 * contract, same suite. What is of files, hosts and threads is below, in the thread.
 */
import {randomBytes} from 'node:crypto'
import type {Lease, LeaseStamp, Member, MemberInfo} from '../../mesh/membership.js'
import type {NodeId} from '../../util/brand.js'
import {assert} from '../../util/assert.js'
import {checkMemberInfo, leaseFromRow, memberFromRow, orderFromRow} from '../pool-row.js'
import {firstLease, isSameStamp} from '../lease-stamp.js'
import type {PoolStore} from '../pool-store.js'
import type {SqliteAddress} from '../pool-url.js'
import {mustBeDone} from '../must-be-done.js'
import type {Outcome, Statement} from '../../sql/statement.js'
import {readHostIdentity} from './host-identity.js'
import type {HostIdentity} from './host-identity.js'
import {SqliteSql} from './sqlite-sql.js'
import {SqliteThread} from './sqlite-thread.js'

export interface SqlitePoolStoreOptions {
  readonly prefix: string
  readonly timeoutMs: number
  /** Who this machine is; tests pretend to be another. */
  readonly host?: HostIdentity
}

export class SqlitePoolStore implements PoolStore {
  readonly label: string
  readonly #sql: SqliteSql
  readonly #host: HostIdentity
  readonly #thread: SqliteThread

  constructor(address: SqliteAddress, {prefix, timeoutMs, host}: SqlitePoolStoreOptions) {
    this.label = address.label
    this.#sql = new SqliteSql(prefix)
    this.#host = host ?? readHostIdentity()
    this.#thread = new SqliteThread({path: address.path, prefix, timeoutMs, host: this.#host})
  }

  async init(): Promise<void> {
    const first = firstLease(randomBytes(8).toString('hex'))
    const made = await this.#thread.create([
      this.#sql.createLease(), ...this.#others(), this.#sql.insertLease(first),
    ])
    // There was a lease table already, with its row or with a wiped one: that is left alone.
    if (made.type === 'exists') await this.#thread.create(this.#others())
  }

  async join(info: MemberInfo): Promise<number> {
    checkMemberInfo(info)
    const joined = mustBeDone(await this.#runOrCreate(this.#sql.join(info)), this.label)
    return orderFromRow(joined.rows[0])
  }

  async heartbeat(id: NodeId): Promise<boolean> {
    const outcome = await this.#thread.run(this.#sql.heartbeat(id))
    return outcome.type === 'done' && outcome.matched > 0
  }

  async list(): Promise<readonly Member[]> {
    const outcome = await this.#thread.run(this.#sql.list())
    return outcome.type === 'done' ? outcome.rows.map(memberFromRow) : []
  }

  async readLease(): Promise<Lease | undefined> {
    const outcome = await this.#thread.run(this.#sql.readLease())
    const row = outcome.type === 'done' ? outcome.rows[0] : undefined
    return row && leaseFromRow(row)
  }

  async swapLease(expected: LeaseStamp | undefined, next: Lease): Promise<boolean> {
    assert(!expected || !isSameStamp(expected, next), 'each write of the lease changes its stamp')
    if (!expected) {
      return (await this.#runOrCreate(this.#sql.insertLease(next))).type === 'done'
    }
    const outcome = await this.#thread.run(this.#sql.swapLease(expected, next))
    return outcome.type === 'done' && outcome.matched > 0
  }

  async remove(id: NodeId): Promise<void> {
    await this.#thread.run(this.#sql.remove(id))
  }

  async close(): Promise<void> {
    await this.#thread.close()
  }

  /** Everything but the first row of the lease: a pool that was wiped is told by its absence. */
  #others(): Statement[] {
    const sql = this.#sql
    return [
      sql.createLeaseIfMissing(), sql.createMembers(), sql.createHost(), sql.insertHost(this.#host),
    ]
  }

  /** Tables or the file may have been deleted since the start: they are made again, empty. */
  async #runOrCreate(statement: Statement): Promise<Outcome> {
    const outcome = await this.#thread.run(statement)
    if (outcome.type !== 'no-table') return outcome
    await this.#thread.create(this.#others())
    return this.#thread.run(statement)
  }
}
