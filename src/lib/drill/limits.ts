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
  /** Until a client that lost its node is let in by another, its own pauses not counted. */
  backMs: 1000,
  /** Until nodes say what they must after a fault that has lasted. */
  saidMs: 2000,
  /** Until all nodes are linked and copies again, once nothing is broken any more. */
  wholeMs: 30_000,
  /** Until all that is due has come, and every publisher has his answer. */
  settledMs: 30_000,
} as const

/**
 * The short form runs where a test suite runs beside it. It waits until what must come has come and
 * judges no time: this is when it gives up.
 */
export const PATIENCE_MS = 120_000

/** A machine on which a timer is so late stops nodes just as long: then they may change masters. */
export const STALL_MS = 400
