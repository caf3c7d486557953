/**
 * The SQL of the shared store: pure, no driver. Its twin is ../sqlite/sqlite-sql.ts. Valid in
 * MariaDB 10.11 and MySQL 8. Every statement runs alone, autocommitted: the two tables share no
 * transaction, since MEMORY has none.
 */
import type {Lease, LeaseStamp, MemberInfo} from '../../mesh/membership.js'
import type {NodeId} from '../../util/brand.js'
import {WIDTHS, viewToJson} from '../pool-row.js'
import type {MembersEngine} from '../pool-url.js'
import {statement} from '../../sql/statement.js'
import type {Statement} from '../../sql/statement.js'

/** One byte a character, compared byte by byte: MEMORY keeps every row at its full width. */
const ASCII = 'CHARACTER SET ascii COLLATE ascii_bin'

export class MysqlSql {
  readonly #members: string
  readonly #lease: string
  readonly #engine: string

  /** The prefix has been checked: it goes into the text. */
  constructor(prefix: string, engine: MembersEngine) {
    this.#members = `\`${prefix}members\``
    this.#lease = `\`${prefix}lease\``
    this.#engine = engine === 'memory' ? 'MEMORY' : 'InnoDB'
  }

  /** MEMORY: a row that changes every second never touches the disk, and a restart empties it. */
  createMembers(): Statement {
    return statement(`
      CREATE TABLE IF NOT EXISTS ${this.#members} (
        join_order BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        id VARCHAR(${WIDTHS.id}) ${ASCII} NOT NULL UNIQUE,
        node_url VARCHAR(${WIDTHS.url}) ${ASCII} NOT NULL,
        client_url VARCHAR(${WIDTHS.url}) ${ASCII} NOT NULL,
        version VARCHAR(${WIDTHS.version}) ${ASCII} NOT NULL,
        pid BIGINT UNSIGNED NOT NULL,
        beat BIGINT UNSIGNED NOT NULL
      ) ENGINE=${this.#engine}`)
  }

  /** Says `exists` when it does: who makes it puts the first row in. */
  createLease(): Statement {
    return this.#createLease('CREATE TABLE')
  }

  createLeaseIfMissing(): Statement {
    return this.#createLease('CREATE TABLE IF NOT EXISTS')
  }

  /** LAST_INSERT_ID makes the answer name the row's order also when the row was there. */
  join({id, url, clientUrl, version, pid}: MemberInfo): Statement {
    return statement(`
      INSERT INTO ${this.#members} (id, node_url, client_url, version, pid, beat)
      VALUES (?, ?, ?, ?, ?, 0)
      ON DUPLICATE KEY UPDATE
        join_order = LAST_INSERT_ID(join_order),
        node_url = ?, client_url = ?, version = ?, pid = ?`,
      [id, url, clientUrl, version, pid, url, clientUrl, version, pid],
    )
  }

  heartbeat(id: NodeId): Statement {
    return statement(`UPDATE ${this.#members} SET beat = beat + 1 WHERE id = ?`, [id])
  }

  list(): Statement {
    return statement(`
      SELECT join_order, id, node_url, client_url, version, pid, beat
      FROM ${this.#members} ORDER BY join_order`)
  }

  remove(id: NodeId): Statement {
    return statement(`DELETE FROM ${this.#members} WHERE id = ?`, [id])
  }

  readLease(): Statement {
    return statement(
      `SELECT epoch, term, version, holder, view_json FROM ${this.#lease} WHERE slot = 1`,
    )
  }

  insertLease({epoch, term, version, holder, view}: Lease): Statement {
    return statement(`
      INSERT INTO ${this.#lease} (slot, epoch, term, version, holder, view_json)
      VALUES (1, ?, ?, ?, ?, ?)`,
      [epoch, term, version, holder ?? null, viewToJson(view)],
    )
  }

  swapLease(expected: LeaseStamp, {epoch, term, version, holder, view}: Lease): Statement {
    return statement(`
      UPDATE ${this.#lease} SET epoch = ?, term = ?, version = ?, holder = ?, view_json = ?
      WHERE slot = 1 AND epoch = ? AND term = ? AND version = ?`,
      [
        epoch, term, version, holder ?? null, viewToJson(view),
        expected.epoch, expected.term, expected.version,
      ],
    )
  }

  #createLease(create: string): Statement {
    return statement(`
      ${create} ${this.#lease} (
        slot TINYINT UNSIGNED NOT NULL PRIMARY KEY,
        epoch VARCHAR(${WIDTHS.epoch}) ${ASCII} NOT NULL,
        term BIGINT UNSIGNED NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        holder VARCHAR(${WIDTHS.id}) ${ASCII} NULL,
        view_json MEDIUMTEXT CHARACTER SET utf8mb4 NOT NULL
      ) ENGINE=InnoDB`)
  }
}

/**
 * What a connection must be, whatever the server's defaults: text that does not fit is refused
 * rather than cut, a statement waits for locks for less than its caller does (one that timed out
 * must not be done much later), and MariaDB ends it then by itself.
 */
export function sessionSql(timeoutMs: number): Statement {
  const lockS = Math.max(1, Math.floor(timeoutMs / 2000))
  return statement(`
    SET SESSION autocommit = 1, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
      lock_wait_timeout = ${lockS}, innodb_lock_wait_timeout = ${lockS}
      /*M!100101 , max_statement_time = ${timeoutMs / 1000} */`)
}
