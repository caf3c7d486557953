import {askWho, type WhoOptions} from '../operator/ask-who.js'
import {idFromJson} from '../protocol/target.js'
import type {WhoFilter} from '../protocol/who-frame.js'
import {WsmeshError} from '../util/errors.js'
import {nodesMissing} from './pool-list.js'
import {type ReachFlagValues, withMesh} from './reach.js'
import {whoJson, type WhoJson} from './who-view.js'

interface WhoFlagValues {
  readonly user?: string | undefined
  readonly group?: string | undefined
  readonly session?: string | undefined
}

/** Throws USAGE for what can be nobody's id. */
export function whoFilterOf({user, group, session}: WhoFlagValues): WhoFilter {
  return {
    ...(user !== undefined && {user: checkedId('--user', user)}),
    ...(group !== undefined && {group: checkedId('--group', group)}),
    ...(session !== undefined && {session: checkedId('--session', session)}),
  }
}

/** Throws USAGE. */
export function checkedId(name: string, text: string): string {
  if (idFromJson(text) !== undefined) return text
  throw new WsmeshError('USAGE', `${name} ${JSON.stringify(text)} is no id: 1 to 255 bytes of text`)
}

/** Asks all nodes of the pool, or the one that is named, within `--timeout`. */
export function listWho(flags: ReachFlagValues, options: WhoOptions): Promise<WhoJson> {
  return withMesh(flags, async (access) =>
    whoJson(await askWho(access, options), options.limit, Date.now()),
  )
}

/** What --expect asks for; undefined when enough nodes answer. */
export function askedNodes(
  {nodes}: {readonly nodes: readonly {readonly state: string}[]},
  expected: number,
): WsmeshError | undefined {
  return nodesMissing(nodes.filter(({state}) => state === 'up').length, expected)
}
