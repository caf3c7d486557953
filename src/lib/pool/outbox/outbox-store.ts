/**
 * The table in which an application leaves messages inside its own transactions, and where those
 * are that could not be sent. Two adapters behave the same and pass one contract suite
 * (test/contract/outbox-store-contract.ts). What a node does with the rows is in node/outbox.
 *
 * A row is what it was inserted as until it is removed or set aside: nothing marks it. So every
 * read finds all rows that are committed and not done, whichever got the lower id: ids are given
 * out before commit, and a reader that went on from the last one that it saw would lose those that
 * commit later.
 */
import type {TraceCarrier} from '../../protocol/trace-context.js'

/**
 * Names one row for ever. With ids alone a table that was emptied (TRUNCATE starts them again)
 * would give new rows the names of old ones.
 */
export interface OutboxKey {
  /** Decimal digits: some ids are past 2^53. */
  readonly id: string
  /** Microseconds since 1970, as the database's clock said at the INSERT. */
  readonly createdUs: number
}

export interface OutboxRow extends OutboxKey {
  readonly action: string | null
  readonly details: OutboxText
  readonly target: OutboxText
  /** Of rows that were read with traces and have one; anything may stand in it. */
  readonly trace?: TraceCarrier
}

/** A row as an application inserts it: details and target are JSON. */
export interface OutboxMessage {
  readonly action: string
  readonly details: string
  readonly target: string
}

/** `too-big`: so many bytes that no message can hold them; they were not read. */
export type OutboxText =
  | {readonly type: 'text'; readonly text: string}
  | {readonly type: 'null'}
  | {readonly type: 'too-big'; readonly bytes: number}

export interface OutboxRead {
  /** Only where `hasTraces`. */
  readonly withTraces: boolean
}

/** A row to be set aside. */
export interface AsideOrder extends OutboxKey {
  /** For people; at most REASON_CHARACTERS. */
  readonly reason: string
}

export interface AsideRow {
  /** Of its own: what retry names. */
  readonly id: string
  readonly rowId: string
  readonly ageMs: number
  readonly action: string | null
  /** Their beginnings. */
  readonly details: string | null
  readonly target: string | null
  readonly reason: string
}

export interface WaitingRow {
  readonly id: string
  readonly ageMs: number
  readonly action: string | null
  /** Their beginnings. */
  readonly details: string | null
  readonly target: string | null
}

export interface OutboxCounts {
  /** COUNTED_MAX: so many or more. */
  readonly waiting: number
  readonly aside: number
  /** Of the row with the lowest id; undefined without rows. */
  readonly oldestMs: number | undefined
}

/** More are not counted: a count reads every row. */
export const COUNTED_MAX = 1_000_000

/** What init made: names of tables and procedures. */
export interface OutboxMade {
  readonly made: readonly string[]
  /** Why there is no procedure; INSERT works without. */
  readonly procedureFailure: Error | undefined
}

/**
 * Every method may reject with a WsmeshError:
 * OUTBOX_UNREACHABLE  timed out, connection lost, locked, deadlock; try again
 * OUTBOX_DENIED       wrong password, no privilege, no permission on the file
 * OUTBOX_MISSING      there is no such table
 * OUTBOX_UNUSABLE     read-only, full, or with other columns than wsmesh makes
 *
 * Every call ends within the store's timeout. One call at a time: transactions of two would mix.
 * A write that was rejected may have been done; each may be done again.
 */
export interface OutboxStore {
  /** The database's URL with any password as ***: for people and logs. */
  readonly label: string

  /** Makes what is not there. */
  init(): Promise<OutboxMade>

  /** Whether the table is there. */
  exists(): Promise<boolean>

  /** As an application does, all in one transaction, in their order. */
  insert(messages: readonly OutboxMessage[]): Promise<void>

  /**
   * The committed rows with the lowest ids, in that order: at most `rowsMax`, and of them so many
   * as have BATCH_BYTES together, one at least.
   */
  read(rowsMax: number, what?: OutboxRead): Promise<readonly OutboxRow[]>

  /** Whether the table has the columns of traces: one that was made before they were has none. */
  hasTraces(): Promise<boolean>

  /** Those of the keys that still name rows. */
  find(keys: readonly OutboxKey[]): Promise<readonly OutboxKey[]>

  /** Removes rows; those that are gone already are fine. Returns how many there were. */
  remove(keys: readonly OutboxKey[]): Promise<number>

  /** Moves rows out of the way, each with why, in one transaction. Returns how many there were. */
  setAside(rows: readonly AsideOrder[]): Promise<number>

  counts(): Promise<OutboxCounts>

  /** What would be read next. */
  waiting(rowsMax: number): Promise<readonly WaitingRow[]>

  /** In the order in which they were set aside. */
  aside(rowsMax: number): Promise<readonly AsideRow[]>

  /**
   * Puts rows that were set aside in the table again, as new ones, at its end; those named, or
   * all. Returns how many.
   */
  retry(ids: readonly string[] | 'all'): Promise<number>

  /** Ends connections and threads; calls that wait are rejected. */
  close(): Promise<void>
}

/** Text that a batch holds at once, of all its rows. */
export const BATCH_BYTES = 4 * 1024 * 1024

/** Rows that one transaction of `retry` moves. */
export const RETRY_BATCH = 1000

/** Longer ones are the caller's to cut. */
export const REASON_CHARACTERS = 500

/** Characters of details and targets in lists for people. */
export const SHOWN_CHARACTERS = 200
