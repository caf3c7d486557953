/**
 * Operating errors: what can go wrong outside the program, each with a stable code. Match on the
 * code, never on the text. `cli/exit-code.ts` maps the code to the exit status.
 */
export type ErrorCode =
  | 'ACTIONS_INVALID'
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_NOT_AVAILABLE'
  | 'AUTH_REJECTED'
  | 'BUILD_MISSING'
  | 'CONFIG_INVALID'
  | 'DETAILS_INVALID'
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'INPUT_INVALID'
  | 'NODE_FAILED'
  | 'NODE_REFUSED'
  | 'NODE_UNREACHABLE'
  | 'NODES_MISSING'
  | 'NOT_ALLOWED'
  | 'OUTBOX_DENIED'
  | 'OUTBOX_FULL'
  | 'OUTBOX_MISSING'
  | 'OUTBOX_UNREACHABLE'
  | 'OUTBOX_UNUSABLE'
  | 'POOL_DAMAGED'
  | 'POOL_DENIED'
  | 'POOL_FOREIGN_HOST'
  | 'POOL_READ_ONLY'
  | 'POOL_UNREACHABLE'
  | 'POOL_URL_INVALID'
  | 'PROTOCOL_VERSION_UNSUPPORTED'
  | 'RECEIPT_TIMED_OUT'
  | 'RELAY_DENIED'
  | 'RELAY_UNREACHABLE'
  | 'RELAY_UNUSABLE'
  | 'REQUEST_INVALID'
  | 'SECRET_INVALID'
  | 'SECRET_MISSING'
  | 'TARGET_INVALID'
  | 'TIMED_OUT'
  | 'TLS_INVALID'
  | 'USAGE'

export interface WsmeshErrorOptions {
  readonly cause?: unknown
  /** What to try, each ready to type or do. */
  readonly suggestions?: readonly string[]
}

/** What happened, with the value that caused it; what to try is in `suggestions`. */
export class WsmeshError extends Error {
  override readonly name = 'WsmeshError'
  readonly code: ErrorCode
  readonly suggestions: readonly string[]

  constructor(code: ErrorCode, message: string, options: WsmeshErrorOptions = {}) {
    super(message, {cause: options.cause})
    this.code = code
    this.suggestions = options.suggestions ?? []
  }
}
