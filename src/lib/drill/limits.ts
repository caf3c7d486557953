/** What the design promises of time (docs/OPERATIONS.md, Drills). */
export const WITHIN = {
  /** After the death of a process, or a fault that no message should feel. */
  deathMs: 1000,
  /** After a silence: the lease and a second. */
  leaseMs: 4000,
  /** Slower without any fault: what is measured then is the machine. */
  calmMs: 250,
  /** No silence at any time may be longer. */
  gapMs: 4000,
  /** Until all nodes are linked and copies again, once nothing is broken any more. */
  wholeMs: 30_000,
  /** Until all that is due has come, and every publisher has his answer. */
  settledMs: 30_000,
} as const

/** A machine that runs a test suite beside is slower than one that runs a mesh. */
export const SHORT_FACTOR = 8
