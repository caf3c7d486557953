/** What a ledger counts, for one connection and in sum. */
export interface TabTally {
  readonly delivered: number
  readonly duplicated: number
  readonly reordered: number
  readonly misdelivered: number
  /** Missed although the mesh had it, and the connection was told of no hole. */
  readonly lost: number
  /** Missed, and told so: `recovered: false` after a reconnect. */
  readonly notRecovered: number
  readonly reconnects: number
}

export interface Tally extends TabTally {
  readonly sent: number
  /** Sent, and neither refused nor left without a word by a node that went away. */
  readonly accepted: number
  readonly receipted: number
  /** Refused with a word: not the mesh's any more. */
  readonly refused: number
  /** No node answered, however often it was sent: delivered to all or to none. */
  readonly unanswered: number
  /** Sent again under its id through another node, since its own went away or drained. */
  readonly repeated: number
  /** Receipts of a whole mesh that named another number of connections than there were. */
  readonly wrongReceipts: number
  /** Two messages at one position. */
  readonly positionsTwice: number
}

export interface TabReport extends TabTally {
  readonly tab: number
  readonly user: string
}

export const EMPTY_TAB: TabTally = {
  delivered: 0, duplicated: 0, reordered: 0, misdelivered: 0, lost: 0, notRecovered: 0,
  reconnects: 0,
}

export const EMPTY_TALLY: Tally = {
  ...EMPTY_TAB, sent: 0, accepted: 0, receipted: 0, refused: 0, unanswered: 0, repeated: 0,
  wrongReceipts: 0, positionsTwice: 0,
}

export function addTallies<T extends TabTally>(a: T, b: T): T {
  const sum: Record<string, number> = {}
  for (const [name, value] of Object.entries(a)) sum[name] = value
  for (const [name, value] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + Number(value)
  return {...a, ...sum}
}
