/**
 * receipted: a receipt came. accepted: 504, the node has it and lives. refused: it said no.
 * unanswered: every node that it was sent to went away before it said anything.
 */
export type Outcome = 'receipted' | 'accepted' | 'refused' | 'unanswered'

export interface SentMessage {
  readonly n: number
  /** Its messages keep their order, through whichever nodes they go. */
  readonly publisher: number
  readonly tabs: readonly number[]
  readonly sentMs: number
  /** The calm in which it was sent; undefined while a fault goes on. */
  readonly calm: number | undefined
  outcome: Outcome | undefined
  position: string | undefined
  deliveries: number
}
