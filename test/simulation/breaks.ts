/** Deliberate bugs, and the seeds that find them. What each does is in the test files. */
import type {Break} from './caught.js'

function broken<Rule extends string>(
  rule: Rule, invariant: Break['invariant'], seed: number,
): Break & {readonly rule: Rule} {
  return {rule, invariant, seed}
}

/** A function of the core is replaced: mutations.test.ts. */
export const INNER_BREAKS = [
  broken('commit without a majority', 'onePosition', 1),
  broken('take over without promises', 'neverTakenBack', 41),
  broken('a promise binds nobody', 'neverTakenBack', 1),
  broken('a promise is forgotten', 'termRises', 1),
  broken('no truncation when following', 'staysSettled', 1),
  broken('a view changes without a majority of the new one', 'onePosition', 390),
  broken('no gap check', 'noCrash', 18),
  broken('nothing is sent again to a new master', 'nothingLost', 1),
  broken('a change of master empties the outbox', 'originOrder', 1),
  broken('receipts wait for nobody', 'receiptComplete', 1),
  broken('no receipt is given up', 'receiptInTime', 14),
  broken('what was for one term is not taken back', 'contents', 15),
  broken('no dedupe', 'once', 1),
  broken('a truncation keeps callers\' ids', 'repeats', 2),
  broken('history forgotten before its time', 'noNeedlessRefusal', 1),
  broken('the history has no bound', 'limits', 9),
  broken('some messages never leave the outbox', 'outboxEmpties', 1),
  broken('links are not closed after a probe', 'oneLink', 1),
  broken('a drain never ends', 'drainEnds', 1),
  broken('clients stay when the log is replaced', 'clientWhole', 1),
  broken('recovery gives what is not delivered', 'clientOnce', 1),
  broken('recovery does not look at whom a message is for', 'clientMeant', 1),
  broken('the answer names the node\'s position', 'recoveredTruly', 1),
  broken('the position told is ahead', 'notReplayed', 1),
  broken('quiet clients are told nothing', 'positionFresh', 1),
  broken('nodes take no clients', 'clientsReturn', 1),
] as const

/** A core sees other events than those that happened, or its effects change: mutations-outer.test.ts. */
export const OUTER_BREAKS = [
  broken('a claim that lost is taken for won', 'oneMaster', 2),
  broken('no suffix fetched by a new master', 'neverTakenBack', 14),
  broken('one follower never gets a message', 'settles', 2),
  broken('nobody asks again for what is missing', 'outboxEmpties', 30),
  broken('a delivery is forgotten', 'noGap', 3),
  broken('the first node counts wrongly', 'noSkip', 1),
  broken('messages swap their contents', 'contents', 2),
  broken('a claim does not raise the term', 'storeTermRises', 1),
  broken('a renewal does not raise the version', 'storeVersionRises', 1),
  broken('links are closed twice', 'deadLink', 1),
  broken('dials have even numbers', 'linkNumbers', 1),
  broken('the store is asked twice', 'oneStoreRequest', 1),
  broken('messages are accepted twice', 'oneAnswer', 1),
  broken('a receipt counts one too many', 'receiptTrue', 1),
  broken('a receipt names somebody missing who is not', 'calmReceipts', 1),
  broken('the outbox has no bound', 'limits', 4),
  broken('a node tells its standing again and again', 'staysSettled', 1),
  broken('newcomers deliver nothing', 'everywhere', 2),
  broken('a view is written without one of its members', 'viewHeals', 1),
  broken('a living member is removed from the pool', 'poolHeals', 1),
  broken('what was missed is skipped', 'noNeedlessLoss', 1),
  broken('nodes answer whatever they hear', 'quiet', 1),
  broken('a question names no node', 'codec', 16),
] as const
