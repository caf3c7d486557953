/** What the store and its thread say to each other. One request is answered before the next. */
import type {Outcome, Statement} from '../statement.js'
import type {HostIdentity} from './host-identity.js'

export interface SqliteThreadData {
  /** Absolute. */
  readonly path: string
  readonly prefix: string
  readonly host: HostIdentity
  /** How long a statement waits for another process's lock. */
  readonly busyMs: number
}

export type SqliteRequest =
  /** One statement, its own transaction. On a missing file it ends as `no-table`. */
  | {readonly type: 'run'; readonly statement: Statement}
  /** All or none, in one transaction, on a file that is made if need be. */
  | {readonly type: 'create'; readonly statements: readonly Statement[]}
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
