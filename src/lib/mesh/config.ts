/** Every time and bound of the core. Milliseconds of the node's own monotonic clock. */
export interface MeshConfig {
  readonly tickMs: number
  /** Between two reads of the pool, each with a heartbeat; the master renews as often. */
  readonly heartbeatMs: number
  /** A lease unrenewed for so long may be claimed by anyone, under rule (b). */
  readonly leaseMs: number
  /** Master and follower say something on their link at least so often. */
  readonly linkBeatMs: number
  /** A master silent for so long is one that a node agrees to replace. */
  readonly silenceMs: number
  /** A member that has not acknowledged for so long is dropped; its link is closed. */
  readonly dropMs: number
  /** A dial or a question unanswered for so long has failed. */
  readonly answerMs: number
  /** Who was dialled at a socket of this machine and says nothing for so long stands still. */
  readonly stillMs: number
  /** The nth candidate of the pool waits n times this before it asks. */
  readonly candidateStepMs: number
  /** Between two tries to reach a master or to claim. */
  readonly retryMs: number
  /** A tick later than this means that this process was stopped: its silence clocks start again. */
  readonly stallMs: number
  /** A publisher has an answer after this. */
  readonly receiptMs: number
  /** Unstable messages are sent again after so long. */
  readonly resendMs: number
  readonly historyMs: number
  readonly historyBytes: number
  readonly outboxMessages: number
  readonly outboxBytes: number
  /** A relay frame is closed at this size; more entries go in the next one. */
  readonly frameBytes: number
  /** Drain gives up waiting for the outbox and leaves after this. */
  readonly drainMs: number
}

export const defaultMeshConfig: MeshConfig = {
  tickMs: 50,
  heartbeatMs: 1000,
  leaseMs: 3000,
  linkBeatMs: 250,
  silenceMs: 1000,
  dropMs: 2000,
  answerMs: 1000,
  stillMs: 200,
  candidateStepMs: 100,
  retryMs: 200,
  stallMs: 500,
  receiptMs: 10_000,
  resendMs: 2000,
  historyMs: 60_000,
  historyBytes: 16 * 1024 * 1024,
  outboxMessages: 100_000,
  outboxBytes: 64 * 1024 * 1024,
  frameBytes: 256 * 1024,
  drainMs: 7000,
}
