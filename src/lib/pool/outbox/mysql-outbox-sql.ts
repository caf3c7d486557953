/**
 * The SQL of an outbox in MariaDB and MySQL: pure, no driver. Its twin is sqlite-outbox-sql.ts.
 * Statements run alone, autocommitted, unless one says otherwise; none needs anything of its
 * connection, so poolers may stand between.
 */
import {plainStatement, statement} from '../../sql/statement.js'
import type {Statement} from '../../sql/statement.js'
import {INLINE_BYTES, TRACE_CHARACTERS} from './outbox-rows.js'
import {COUNTED_MAX, SHOWN_CHARACTERS} from './outbox-store.js'
import type {AsideOrder, OutboxKey, OutboxMessage, OutboxRead} from './outbox-store.js'

/** Whatever the session's time zone is: a TIMESTAMP holds UTC. */
const CREATED_US = 'CAST(UNIX_TIMESTAMP(created) * 1000000 AS UNSIGNED)'
const AGE_US = '(UNIX_TIMESTAMP(NOW(6)) - UNIX_TIMESTAMP(created)) * 1000000'
const BY_ID = 'FORCE INDEX (PRIMARY) ON found.id = ids.id'
const SHOWN = `LEFT(details, ${SHOWN_CHARACTERS}) AS details,
  LEFT(target, ${SHOWN_CHARACTERS}) AS target`

export class MysqlOutboxSql {
  readonly names: {readonly outbox: string; readonly aside: string; readonly publish: string}
  readonly #outbox: string
  readonly #aside: string
  readonly #publish: string

  /** The prefix has been checked: it goes into the text. */
  constructor(prefix: string) {
    this.names = {
      outbox: `${prefix}outbox`, aside: `${prefix}outbox_aside`, publish: `${prefix}publish`,
    }
    this.#outbox = `\`${this.names.outbox}\``
    this.#aside = `\`${this.names.aside}\``
    this.#publish = `\`${this.names.publish}\``
  }

  /**
   * Nothing is refused for what a row says: a message that cannot be sent must not undo a payment.
   * utf8mb4 whatever the database's own is.
   */
  createOutbox(): Statement {
    return plainStatement(`
      CREATE TABLE IF NOT EXISTS ${this.#outbox} (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        action VARCHAR(512) NULL,
        details MEDIUMTEXT NULL,
        target MEDIUMTEXT NULL,
        created TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
        traceparent TEXT NULL,
        tracestate TEXT NULL
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4`)
  }

  createAside(): Statement {
    return plainStatement(`
      CREATE TABLE IF NOT EXISTS ${this.#aside} (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        row_id BIGINT UNSIGNED NOT NULL,
        created TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
        action VARCHAR(512) NULL,
        details MEDIUMTEXT NULL,
        target MEDIUMTEXT NULL,
        reason VARCHAR(1024) NOT NULL,
        set_aside TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
      ) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4`)
  }

  /** Says `exists` when it does. INVOKER: who calls it needs INSERT on the table. */
  createPublish(): Statement {
    return plainStatement(`
      CREATE PROCEDURE ${this.#publish} (
        IN the_action VARCHAR(512) CHARACTER SET utf8mb4,
        IN details_json MEDIUMTEXT CHARACTER SET utf8mb4,
        IN target_json MEDIUMTEXT CHARACTER SET utf8mb4
      )
      MODIFIES SQL DATA SQL SECURITY INVOKER
      INSERT INTO ${this.#outbox} (action, details, target)
      VALUES (the_action, details_json, target_json)`)
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

  /** Of those that this user may see. */
  traceColumns(): Statement {
    return statement(`
      SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?
        AND COLUMN_NAME IN ('traceparent', 'tracestate')`,
      [this.names.outbox])
  }

  /** By the primary key from its beginning, always: see OutboxStore. */
  heads(rowsMax: number, what?: OutboxRead): Statement {
    const traces = `, LEFT(traceparent, ${TRACE_CHARACTERS}) AS traceparent,
        LEFT(tracestate, ${TRACE_CHARACTERS}) AS tracestate`
    return statement(`
      SELECT id, ${CREATED_US} AS created_us, action,
        LENGTH(details) AS details_bytes, LENGTH(target) AS target_bytes,
        CASE WHEN LENGTH(details) <= ${INLINE_BYTES} THEN details END AS details,
        CASE WHEN LENGTH(target) <= ${INLINE_BYTES} THEN target END AS target
        ${what?.withTraces === true ? traces : ''}
      FROM ${this.#outbox} ORDER BY id LIMIT ${rowsMax}`)
  }

  texts(id: string): Statement {
    return statement(`SELECT details, target FROM ${this.#outbox} WHERE id = ?`, [id])
  }

  /** Takes no locks, as a DELETE of rows that are gone would, from who inserts between them. */
  find(keys: readonly OutboxKey[]): Statement {
    return plainStatement(`
      SELECT id, ${CREATED_US} AS created_us FROM ${this.#outbox}
      WHERE id IN (${keys.map(({id}) => id).join()})`)
  }

  /** Ids are digits. One that was given out again, after a TRUNCATE, is of a later row. */
  remove(keys: readonly OutboxKey[]): Statement {
    return plainStatement(`
      DELETE found FROM ${byId(keys)} ${this.#outbox} AS found ${BY_ID}
      WHERE ${CREATED_US} <= ${newestOf(keys)}`)
  }

  /** In a transaction with the next two: two nodes at once do not copy a row twice. */
  lockRows(keys: readonly OutboxKey[]): Statement {
    return plainStatement(`
      SELECT found.id FROM ${byId(keys)} ${this.#outbox} AS found ${BY_ID}
      WHERE ${CREATED_US} <= ${newestOf(keys)} FOR UPDATE`)
  }

  /** Of rows that are locked. The reasons stand in the text as bytes, which nothing escapes. */
  copyAside(rows: readonly AsideOrder[]): Statement {
    const reasons = rows.map(({id, reason}) => `WHEN ${id} THEN _utf8mb4 x'${hexOf(reason)}'`)
    return plainStatement(`
      INSERT INTO ${this.#aside} (row_id, created, action, details, target, reason)
      SELECT found.id, created, action, details, target, CASE found.id ${reasons.join(' ')} END
      FROM ${byId(rows)} ${this.#outbox} AS found ${BY_ID}
      WHERE ${CREATED_US} <= ${newestOf(rows)} ORDER BY found.id`)
  }

  countWaiting(): Statement {
    return statement(`
      SELECT COUNT(*) AS number
      FROM (SELECT 1 FROM ${this.#outbox} LIMIT ${COUNTED_MAX}) AS counted`)
  }

  countAside(): Statement {
    return statement(`
      SELECT COUNT(*) AS number
      FROM (SELECT 1 FROM ${this.#aside} LIMIT ${COUNTED_MAX}) AS counted`)
  }

  oldest(): Statement {
    return statement(`SELECT ${AGE_US} AS age_us FROM ${this.#outbox} ORDER BY id LIMIT 1`)
  }

  waiting(rowsMax: number): Statement {
    return statement(`
      SELECT id, ${AGE_US} AS age_us, action, ${SHOWN}
      FROM ${this.#outbox} ORDER BY id LIMIT ${rowsMax}`)
  }

  aside(rowsMax: number): Statement {
    return statement(`
      SELECT id, row_id, ${AGE_US} AS age_us, action, ${SHOWN}, reason
      FROM ${this.#aside} ORDER BY id LIMIT ${rowsMax}`)
  }

  asideIds(rowsMax: number): Statement {
    return statement(`SELECT id FROM ${this.#aside} ORDER BY id LIMIT ${rowsMax}`)
  }

  /** With the next two in one transaction: two operators at once put a row back once. */
  lockAside(ids: readonly string[]): Statement {
    return plainStatement(`
      SELECT found.id FROM ${this.#asideBy(ids)} FOR UPDATE`)
  }

  putBack(ids: readonly string[]): Statement {
    return plainStatement(`
      INSERT INTO ${this.#outbox} (action, details, target)
      SELECT action, details, target FROM ${this.#asideBy(ids)} ORDER BY found.id`)
  }

  removeAside(ids: readonly string[]): Statement {
    return plainStatement(`DELETE found FROM ${this.#asideBy(ids)}`)
  }

  #asideBy(ids: readonly string[]): string {
    return `${byId(ids.map((id) => ({id})))} ${this.#aside} AS found ${BY_ID}`
  }
}

function newestOf(keys: readonly OutboxKey[]): number {
  return Math.max(...keys.map(({createdUs}) => createdUs))
}

function hexOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex')
}

/**
 * Has rows looked up one by one. Of a list with IN an optimizer may make a look at the whole table,
 * and a statement that locks would then wait for every row that some transaction of the application
 * has inserted and not committed. Both are needed: without the index a small table is still read as
 * a whole, without the join a large list is.
 */
function byId(keys: readonly Pick<OutboxKey, 'id'>[]): string {
  const list = keys.map(({id}) => id).join()
  const column = `COLUMNS (id BIGINT UNSIGNED PATH '$')`
  return `JSON_TABLE('[${list}]', '$[*]' ${column}) AS ids STRAIGHT_JOIN`
}
