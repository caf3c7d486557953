/**
 * The SQL of an outbox in an SQLite file: pure, no driver. Its twin is mysql-outbox-sql.ts. Lists
 * of ids are one value, JSON, so that the text of a statement stays the same. Rows are ordered by
 * rowid, which is the id: `id` itself would be the text of that name in the same statement.
 */
import {statement} from '../../sql/statement.js'
import type {Statement} from '../../sql/statement.js'
import {INLINE_BYTES, TRACE_CHARACTERS} from './outbox-rows.js'
import {COUNTED_MAX, SHOWN_CHARACTERS} from './outbox-store.js'
import type {AsideOrder, OutboxKey, OutboxMessage, OutboxRead} from './outbox-store.js'

/** Works in every SQLite that an application may have; milliseconds are as fine as it gets. */
const NOW_US = `CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)`
const AGE_US = `(${NOW_US} - created)`
const SHOWN = `substr(CAST(details AS TEXT), 1, ${SHOWN_CHARACTERS}) AS details,
  substr(CAST(target AS TEXT), 1, ${SHOWN_CHARACTERS}) AS target`

export class SqliteOutboxSql {
  readonly names: {readonly outbox: string; readonly aside: string}
  readonly #outbox: string
  readonly #aside: string

  /** The prefix has been checked: it goes into the text. */
  constructor(prefix: string) {
    this.names = {outbox: `${prefix}outbox`, aside: `${prefix}outbox_aside`}
    this.#outbox = `"${this.names.outbox}"`
    this.#aside = `"${this.names.aside}"`
  }

  createOutbox(): Statement {
    return statement(`
      CREATE TABLE IF NOT EXISTS ${this.#outbox} (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        action TEXT,
        details TEXT,
        target TEXT,
        created INTEGER NOT NULL DEFAULT (${NOW_US}),
        traceparent TEXT,
        tracestate TEXT
      )`)
  }

  createAside(): Statement {
    return statement(`
      CREATE TABLE IF NOT EXISTS ${this.#aside} (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        row_id INTEGER NOT NULL,
        created INTEGER NOT NULL,
        action TEXT,
        details TEXT,
        target TEXT,
        reason TEXT NOT NULL,
        set_aside INTEGER NOT NULL DEFAULT (${NOW_US})
      )`)
  }

  insert({action, details, target}: OutboxMessage): Statement {
    return statement(
      `INSERT INTO ${this.#outbox} (action, details, target) VALUES (?, ?, ?)`,
      [action, details, target],
    )
  }

  probe(): Statement {
    return statement(`SELECT id, action, details, target, created FROM ${this.#outbox} LIMIT 0`)
  }

  traceColumns(): Statement {
    return statement(`
      SELECT name FROM pragma_table_info(?) WHERE name IN ('traceparent', 'tracestate')`,
      [this.names.outbox])
  }

  heads(rowsMax: number, what?: OutboxRead): Statement {
    const traces = `, substr(CAST(traceparent AS TEXT), 1, ${TRACE_CHARACTERS}) AS traceparent,
        substr(CAST(tracestate AS TEXT), 1, ${TRACE_CHARACTERS}) AS tracestate`
    const details = 'length(CAST(details AS BLOB))'
    const target = 'length(CAST(target AS BLOB))'
    return statement(`
      SELECT CAST(id AS TEXT) AS id, created AS created_us, CAST(action AS TEXT) AS action,
        ${details} AS details_bytes, ${target} AS target_bytes,
        CASE WHEN ${details} <= ${INLINE_BYTES} THEN CAST(details AS TEXT) END AS details,
        CASE WHEN ${target} <= ${INLINE_BYTES} THEN CAST(target AS TEXT) END AS target
        ${what?.withTraces === true ? traces : ''}
      FROM ${this.#outbox} ORDER BY rowid LIMIT ?`,
      [rowsMax])
  }

  texts(id: string): Statement {
    return statement(`
      SELECT CAST(details AS TEXT) AS details, CAST(target AS TEXT) AS target
      FROM ${this.#outbox} WHERE rowid = CAST(? AS INTEGER)`,
      [id])
  }

  find(keys: readonly OutboxKey[]): Statement {
    return statement(`
      SELECT CAST(id AS TEXT) AS id, created AS created_us FROM ${this.#outbox}
      WHERE rowid IN (SELECT value FROM json_each(?))`,
      [listOf(keys.map(({id}) => id))])
  }

  remove(keys: readonly OutboxKey[]): Statement {
    const newestUs = Math.max(...keys.map(({createdUs}) => createdUs))
    return statement(`
      DELETE FROM ${this.#outbox}
      WHERE rowid IN (SELECT value FROM json_each(?)) AND created <= ?`,
      [listOf(keys.map(({id}) => id)), newestUs])
  }

  copyAside({id, createdUs, reason}: AsideOrder): Statement {
    return statement(`
      INSERT INTO ${this.#aside} (row_id, created, action, details, target, reason)
      SELECT id, created, action, details, target, ? FROM ${this.#outbox}
      WHERE rowid = CAST(? AS INTEGER) AND created <= ?`,
      [reason, id, createdUs])
  }

  countWaiting(): Statement {
    return statement(`
      SELECT COUNT(*) AS number FROM (SELECT 1 FROM ${this.#outbox} LIMIT ${COUNTED_MAX})`)
  }

  countAside(): Statement {
    return statement(`
      SELECT COUNT(*) AS number FROM (SELECT 1 FROM ${this.#aside} LIMIT ${COUNTED_MAX})`)
  }

  oldest(): Statement {
    return statement(`SELECT ${AGE_US} AS age_us FROM ${this.#outbox} ORDER BY rowid LIMIT 1`)
  }

  waiting(rowsMax: number): Statement {
    return statement(`
      SELECT CAST(id AS TEXT) AS id, ${AGE_US} AS age_us, CAST(action AS TEXT) AS action, ${SHOWN}
      FROM ${this.#outbox} ORDER BY rowid LIMIT ?`,
      [rowsMax])
  }

  aside(rowsMax: number): Statement {
    return statement(`
      SELECT CAST(id AS TEXT) AS id, CAST(row_id AS TEXT) AS row_id, ${AGE_US} AS age_us,
        CAST(action AS TEXT) AS action, ${SHOWN}, reason
      FROM ${this.#aside} ORDER BY rowid LIMIT ?`,
      [rowsMax])
  }

  asideIds(rowsMax: number): Statement {
    return statement(
      `SELECT CAST(id AS TEXT) AS id FROM ${this.#aside} ORDER BY rowid LIMIT ?`, [rowsMax],
    )
  }

  putBack(ids: readonly string[]): Statement {
    return statement(`
      INSERT INTO ${this.#outbox} (action, details, target)
      SELECT action, details, target FROM ${this.#aside}
      WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid`,
      [listOf(ids)])
  }

  removeAside(ids: readonly string[]): Statement {
    return statement(
      `DELETE FROM ${this.#aside} WHERE rowid IN (SELECT value FROM json_each(?))`, [listOf(ids)],
    )
  }
}

/** Ids are digits: numbers of JSON, which SQLite reads as such. */
function listOf(ids: readonly string[]): string {
  return `[${ids.join()}]`
}
