import {formatDuration} from '../util/duration.js'
import {type Check, error, NOT_USED, type Problem, type Verdict, warning} from './check.js'
import type {OutboxFacts} from './facts.js'

/** Rows leave within a second: one that is older waits for something. */
const OLDEST_MAX_MS = 60_000

export const APPLICATION_CHECKS: readonly Check[] = [
  {
    id: 'outbox',
    title: 'rows of the outbox are sent, none is set aside',
    judge: ({application}) => judgeOutbox(application.outbox),
  },
  {
    id: 'sessions',
    title: 'the database or page that knows the sessions answers',
    judge: ({application}) => application.sources.length === 0 ? NOT_USED
      : application.sources.flatMap(({flag, told}) =>
        told === undefined ? [] : [error(
          `${flag}: ${told.message}`,
          'nobody can say who clients are: they are sent away with 4007, and come back',
          ...told.suggestions,
        )]),
  },
  {
    id: 'webhooks',
    title: 'the application answers where --webhook asks it',
    judge: ({application}) => application.webhooks.length === 0 ? NOT_USED
      : application.webhooks.flatMap(({told}) => told === undefined ? [] : [error(
        `--webhook: ${told.message}`,
        'actions that it is to answer are answered 502, and events wait or are dropped',
        ...told.suggestions,
      )]),
  },
]

function judgeOutbox(outbox: OutboxFacts | undefined): Verdict {
  if (outbox === undefined) return NOT_USED
  if (outbox.type === 'failed') {
    const {message, suggestions} = outbox.told
    return [error(message, 'what the application inserts is not sent', ...suggestions)]
  }
  const {waiting, aside, oldestMs} = outbox
  const problems: Problem[] = []
  if (oldestMs !== undefined && oldestMs > OLDEST_MAX_MS) {
    problems.push(error(
      `${waiting} rows wait in the outbox, the oldest for ${formatDuration(oldestMs)}`,
      'no node sends them: only nodes with --outbox do, and the master alone',
      'wsmesh outbox status', 'Start every node with --outbox',
    ))
  }
  if (aside > 0) {
    problems.push(warning(
      `${aside} rows of the outbox were set aside`,
      'they cannot be sent as they are',
      'wsmesh outbox peek --aside   (which, and why)',
    ))
  }
  return problems
}
