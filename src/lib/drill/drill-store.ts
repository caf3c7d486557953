/** The pool store of a drill, and what can be done to it. */
export interface DrillStore {
  /** For people: no password. */
  readonly label: string
  /** What nodes are told: WSMESH_POOL, WSMESH_POOL_PREFIX. */
  readonly env: Readonly<Record<string, string>>
  /** Every call fails from now on, or hangs, until `up`. */
  down(): Promise<void>
  /** Every write takes long from now on, until `up`. */
  slow(): Promise<void>
  up(): Promise<void>
  /** Everything that it held is gone. */
  wipe(): Promise<void>
  /** Leaves nothing behind. */
  close(): Promise<void>
}
