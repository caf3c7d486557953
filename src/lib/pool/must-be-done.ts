import type {DoneOutcome, Outcome} from '../sql/statement.js'
import {WsmeshError} from '../util/errors.js'

/** For a statement that can only miss a table that was there a moment ago. */
export function mustBeDone(outcome: Outcome, label: string): DoneOutcome {
  if (outcome.type === 'done') return outcome
  throw new WsmeshError(
    'POOL_UNREACHABLE',
    `The tables of the pool ${label} vanished while they were used (${outcome.type}).`,
    {suggestions: ['Look for what drops tables or deletes files; the next call makes them again']},
  )
}
