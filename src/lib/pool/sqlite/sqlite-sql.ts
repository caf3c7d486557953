/**
 * The SQL of the embedded store: pure, no driver. Its twin is ../mysql/mysql-sql.ts. Every
 * statement runs alone, as its own transaction, unless it says otherwise.
 */
import type {Lease, LeaseStamp, MemberInfo} from '../../mesh/membership.js'
import type {NodeId} from '../../util/brand.js'
import {viewToJson} from '../pool-row.js'
import {statement} from '../../sql/statement.js'
import type {Statement} from '../../sql/statement.js'

export interface HostRow {
  readonly machine: string
  readonly boot: string
}

export class SqliteSql {
  readonly #members: string
  readonly #lease: string
  readonly #host: string

  /** The prefix has been checked: it goes into the text. */
  constructor(prefix: string) {
    this.#members = `"${prefix}members"`
    this.#lease = `"${prefix}lease"`
    this.#host = `"${prefix}host"`
  }

  /** AUTOINCREMENT: an order number is never used again, also when the table was empty. */
  createMembers(): Statement {
    return statement(`
      CREATE TABLE IF NOT EXISTS ${this.#members} (
        join_order INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        node_url TEXT NOT NULL,
        client_url TEXT NOT NULL,
        version TEXT NOT NULL,
        pid INTEGER NOT NULL,
        beat INTEGER NOT NULL
      )`)
  }

  /** Says `exists` when it does: who makes it puts the first row in. */
  createLease(): Statement {
    return this.#createLease('CREATE TABLE')
  }

  createLeaseIfMissing(): Statement {
    return this.#createLease('CREATE TABLE IF NOT EXISTS')
  }

  /** The machine and boot that the members belong to. */
  createHost(): Statement {
    return statement(`
      CREATE TABLE IF NOT EXISTS ${this.#host} (
        slot INTEGER PRIMARY KEY CHECK (slot = 1),
        machine TEXT NOT NULL,
        boot TEXT NOT NULL
      )`)
  }

  insertHost({machine, boot}: HostRow): Statement {
    return statement(
      `INSERT OR IGNORE INTO ${this.#host} (slot, machine, boot) VALUES (1, ?, ?)`,
      [machine, boot],
    )
  }

  readHost(): Statement {
    return statement(`SELECT machine, boot FROM ${this.#host} WHERE slot = 1`)
  }

  updateHost({machine, boot}: HostRow): Statement {
    return statement(
      `UPDATE ${this.#host} SET machine = ?, boot = ? WHERE slot = 1`,
      [machine, boot],
    )
  }

  /** The machine booted: every member is provably dead, and nobody holds the lease. */
  removeAll(): Statement {
    return statement(`DELETE FROM ${this.#members}`)
  }

  releaseLease(): Statement {
    return statement(`
      UPDATE ${this.#lease} SET holder = NULL, view_json = '[]', version = version + 1
      WHERE slot = 1`)
  }

  join({id, url, clientUrl, version, pid}: MemberInfo): Statement {
    return statement(`
      INSERT INTO ${this.#members} (id, node_url, client_url, version, pid, beat)
      VALUES (?, ?, ?, ?, ?, 0)
      ON CONFLICT (id) DO UPDATE SET
        node_url = excluded.node_url, client_url = excluded.client_url,
        version = excluded.version, pid = excluded.pid
      RETURNING join_order`,
      [id, url, clientUrl, version, pid],
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
        slot INTEGER PRIMARY KEY CHECK (slot = 1),
        epoch TEXT NOT NULL,
        term INTEGER NOT NULL,
        version INTEGER NOT NULL,
        holder TEXT,
        view_json TEXT NOT NULL
      )`)
  }
}
