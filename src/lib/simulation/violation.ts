/** What must hold, one sentence each. The simulation stops at the first that does not. */
export const INVARIANTS = {
  oneMaster: 'At most one node is master of a term.',
  onePosition: 'No two nodes deliver different messages at one position.',
  noGap: 'A node delivers in rising position order without gaps, unless it said log-replaced.',
  noSkip: 'No position is delivered before the one before it was delivered somewhere.',
  once: 'A message has one position in an epoch: nothing is delivered twice.',
  originOrder: 'Messages of one origin are delivered in order of their counters, without holes.',
  contents: 'What is delivered under an id is what was published under it.',
  neverTakenBack: 'What was delivered is not taken back.',
  noNeedlessLoss: 'Within the history window a node catches up without losing its place.',
  termRises: 'The term of a node never falls.',
  storeTermRises: 'The term in the store never falls, not even after it was emptied.',
  storeVersionRises: 'Each write of the lease raises its version.',
  deadLink: 'Nothing is asked of a link that the core knows to be closed.',
  linkNumbers: 'The core dials with odd numbers that it never used before.',
  oneStoreRequest: 'At most one store request is under way.',
  oneAnswer: 'Each ticket is accepted or refused once, then gets at most one receipt.',
  receiptInTime: 'A publisher has an answer within receiptMs.',
  receiptTrue: 'A receipt names nodes that delivered the message there, with their counts.',
  receiptComplete: 'A receipt comes after every live linked member delivered, or names it missing.',
  limits: 'Outbox, history and links stay within their limits.',
  settles: 'After healing there is exactly one master and everybody follows it, within the bound.',
  staysSettled: 'A calm mesh changes nothing.',
  nothingLost: 'No accepted message is lost while its origin lives.',
  everywhere: 'After calm every living node has delivered up to the same position.',
  outboxEmpties: 'After calm no outbox holds a message.',
  calmReceipts: 'In calm a receipt names every node and misses none.',
  viewHeals: 'After calm the view is the living nodes.',
  poolHeals: 'After calm the pool lists the living nodes.',
  oneLink: 'After calm each follower has one link, to the master, and there are no others.',
  repeats: 'Of messages with one id the first is delivered, and each receipt names its place.',
  clientOnce: 'A client that resumes gets nothing twice.',
  clientWhole: 'Up to its position a client has got all that was for it, in order, without holes.',
  clientMeant: 'A client gets only what names it, as it was published.',
  recoveredTruly: 'Who is recovered goes on from the very position that it named.',
  notReplayed: 'Who is told recovered: false is given nothing of before.',
  noNeedlessRefusal: 'A node that has all since a position, within the window, recovers it.',
  positionFresh: 'A client that is connected and reads knows a position not older than positionMs.',
  clientsReturn: 'In calm every client that comes back to another node is recovered.',
  drainEnds: 'A node that drains has left within drainMs, and then nothing of its is lost.',
  quiet: 'No two nodes answer each other without end.',
  codec: 'What a core sends can be read by another.',
  noCrash: 'A core never throws.',
} as const

export type InvariantName = keyof typeof INVARIANTS

export class InvariantViolated extends Error {
  override readonly name = 'InvariantViolated'
  readonly invariant: InvariantName

  constructor(invariant: InvariantName, details: string) {
    super(`${invariant}: ${INVARIANTS[invariant]}\n  ${details}`)
    this.invariant = invariant
  }
}

export function violate(invariant: InvariantName, details: string): never {
  throw new InvariantViolated(invariant, details)
}

/** `details` is a function so that nothing is formatted while all is well. */
export function check(isHolding: boolean, invariant: InvariantName, details: () => string): void {
  if (!isHolding) violate(invariant, details())
}
