/**
 * What the store and its thread say to each other. One request is answered before the next.
 * `busyMs` is how long it may wait for another process's lock: less than its caller waits, so
 * that nothing is done when the caller has gone.
 */
import type {Outcome, Statement} from '../../sql/statement.js'
import type {HostIdentity} from './host-identity.js'

export interface SqliteThreadData {
  /** Absolute. */
  readonly path: string
  readonly prefix: string
  readonly host: HostIdentity
}

export type SqliteRequest =
  /** One statement, its own transaction. On a missing file it ends as `no-table`. */
  | {readonly type: 'run'; readonly busyMs: number; readonly statement: Statement}
  /** All or none, in one transaction, on a file that is made if need be. */
  | {readonly type: 'create'; readonly busyMs: number; readonly statements: readonly Statement[]}
  | {readonly type: 'close'}

export type SqliteReply =
  | {readonly type: 'outcome'; readonly outcome: Outcome}
  | {readonly type: 'failure'; readonly failure: SqliteFailure}

/** An error as it crosses threads, where classes and codes are lost. */
export interface SqliteFailure {
  /** SQLITE_…, an errno name, or FOREIGN_HOST. */
  readonly code: string
  readonly message: string
}
