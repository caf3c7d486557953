/**
 * What SQL files make and what drivers run. SQL is written in pure files as values, so that it can
 * be printed (`pool init --print`) and read in one place.
 */
export type SqlValue = string | number | null

export interface Statement {
  readonly sql: string
  readonly values: readonly SqlValue[]
  /**
   * Sent as text, never prepared, and without values: what MySQL cannot prepare (transactions,
   * procedures), and what is another text each time, of which a server keeps a bounded number.
   */
  readonly isPlain?: true
}

export type SqlRow = Readonly<Record<string, unknown>>

/**
 * The ends of a statement that a store decides on; all others are errors.
 * `no-table` and `exists` changed nothing.
 */
export type Outcome = DoneOutcome | NoTableOutcome | ExistsOutcome

export interface DoneOutcome {
  readonly type: 'done'
  readonly rows: readonly SqlRow[]
  /** Rows that the statement matched, also when it left them as they were. */
  readonly matched: number
  /** The order number that an insert made or met; 0 for others. */
  readonly insertId: number
}

/** The table is not there, nor perhaps the file: made never, or dropped, or deleted. */
export interface NoTableOutcome {
  readonly type: 'no-table'
}

/** The row's key is taken, or the table to create exists. */
export interface ExistsOutcome {
  readonly type: 'exists'
}

export const noTable: NoTableOutcome = {type: 'no-table'}
export const exists: ExistsOutcome = {type: 'exists'}

export function statement(sql: string, values: readonly SqlValue[] = []): Statement {
  return {sql: sql.trim().replace(/\s*\n\s*/g, ' '), values}
}

/** Only numbers and names that were checked may stand in the text. */
export function plainStatement(sql: string): Statement {
  return {...statement(sql), isPlain: true}
}

/** Drivers type their rows loosely; columns are checked where they are read. */
export function isRow(value: unknown): value is SqlRow {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
