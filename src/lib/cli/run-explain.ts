import {askExplain} from '../operator/ask-explain.js'
import {WsmeshError} from '../util/errors.js'
import {type Asked, type ExplainJson, explainJson} from './explain-view.js'
import {checkedId} from './list-who.js'
import {type ReachFlagValues, withMesh} from './reach.js'

interface ExplainFlagValues extends ReachFlagValues {
  readonly user?: string | undefined
  readonly limit: number
}

/** What the command is asked for. Throws USAGE. */
export function askedOf(message: string | undefined, {user, limit}: ExplainFlagValues): Asked {
  if (message === undefined && user === undefined) {
    throw new WsmeshError('USAGE', 'Which message, or whose? Give a MESSAGE-ID or --user', {
      suggestions: ['wsmesh explain --user 42', 'wsmesh send … --json   (prints the id)'],
    })
  }
  return {
    ...(message !== undefined && {message: checkedId('MESSAGE-ID', message)}),
    ...(user !== undefined && {user: checkedId('--user', user)}),
    limit: message === undefined ? limit : 1,
  }
}

/** Asks all nodes of the pool, within `--timeout`. */
export function explain(flags: ReachFlagValues, asked: Asked): Promise<ExplainJson> {
  return withMesh(flags, async (access) => explainJson(await askExplain(access, asked), asked))
}
