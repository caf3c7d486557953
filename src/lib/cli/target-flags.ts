import {Flags} from '@oclif/core'

import {targetFromJson, type TargetJson} from '../protocol/target.js'
import {WsmeshError} from '../util/errors.js'
import {repeatable} from './flags.js'

/** Who a message is for: exactly one kind. */
export function targetFlags() {
  return {
    user: repeatable({
      char: 'u',
      aliases: ['to-user'],
      helpValue: 'ID',
      summary: 'every connection of this user (repeatable)',
    }),
    group: repeatable({
      char: 'g',
      helpValue: 'NAME',
      summary: 'every connection of users in this group (repeatable)',
    }),
    session: repeatable({helpValue: 'ID', summary: 'every connection of a session (repeatable)'}),
    filter: repeatable({
      helpValue: 'KEY=VALUE',
      summary: 'by language, address, or what handlers set: language=en (repeatable: all must fit)',
    }),
    registered: Flags.boolean({summary: 'everyone who is logged in'}),
    everyone: Flags.boolean({summary: 'everyone, guests too'}),
  }
}

export interface TargetFlagValues {
  readonly user?: readonly string[] | undefined
  readonly group?: readonly string[] | undefined
  readonly session?: readonly string[] | undefined
  readonly filter?: readonly string[] | undefined
  readonly registered?: boolean | undefined
  readonly everyone?: boolean | undefined
}

const KINDS = ['user', 'group', 'session', 'filter', 'registered', 'everyone'] as const

const NAMES = '--user, --group, --session, --filter, --registered or --everyone'

/** The kinds of target that were given. */
export function givenTargets(flags: TargetFlagValues): readonly string[] {
  return KINDS.filter((kind) => flags[kind] !== undefined && flags[kind] !== false)
}

/** Throws USAGE unless there is exactly one kind, TARGET_INVALID for what is no id. */
export function targetOf(flags: TargetFlagValues): TargetJson {
  const given = givenTargets(flags)
  if (given.length !== 1) throw wrongCount(given)
  const target = jsonOf(flags)
  const read = targetFromJson(target)
  if (!read.ok) throw new WsmeshError('TARGET_INVALID', `Wrong target: ${read.reason}`)
  return target
}

/** What nodes themselves know of connections; an application may have set more. */
const FILTER_KEYS: readonly string[] = [
  'language', 'user_agent', 'user', 'session', 'address', 'connection',
]

/** Why a target may have reached nobody: keys of its filter that only an application can set. */
export function unknownKeysHint(target: TargetJson): string | undefined {
  const keys = 'filter' in target ? Object.keys(target.filter) : []
  const unknown = keys.filter((key) => !FILTER_KEYS.includes(key))
  if (unknown.length === 0) return undefined
  const named = unknown.map((key) => JSON.stringify(key)).join(' or ')
  const own = FILTER_KEYS.join(', ')
  return `Nodes know ${own}; ${named} is there if your application or a handler has set it`
}

/** As people say it: "user 42", "users 42 and 7", "everyone". */
export function describeTarget(target: TargetJson): string {
  if ('everyone' in target) return 'everyone'
  if ('registered' in target) return 'everyone registered'
  if ('filter' in target) {
    const pairs = Object.entries(target.filter).map(([key, value]) => `${key}=${value}`)
    return `filter ${pairs.join(' ')}`
  }
  const [kind = '', ids = []] = Object.entries(target)[0] ?? []
  const list = Array.isArray(ids) ? ids.map(String) : [String(ids)]
  return list.length === 1 ? `${kind} ${list[0]}` : `${kind}s ${list.join(', ')}`
}

function jsonOf(flags: TargetFlagValues): TargetJson {
  if (flags.user) return {user: flags.user}
  if (flags.group) return {group: flags.group}
  if (flags.session) return {session: flags.session}
  if (flags.filter) return {filter: Object.fromEntries(flags.filter.map(pairOf))}
  return flags.registered ? {registered: true} : {everyone: true}
}

function pairOf(text: string): [key: string, value: string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new WsmeshError('USAGE', `--filter ${JSON.stringify(text)} is not KEY=VALUE`, {
    suggestions: ['--filter language=en'],
  })
}

function wrongCount(given: readonly string[]): WsmeshError {
  if (given.length === 0) {
    return new WsmeshError('USAGE', `Who is it for? Give one of ${NAMES}`, {
      suggestions: ['wsmesh send hello Hi --user 42', 'wsmesh send --help'],
    })
  }
  const names = given.map((kind) => `--${kind}`).join(' and ')
  return new WsmeshError('USAGE', `${names} together: a message has one kind of target`, {
    suggestions: ['one send for each', 'several of one kind: --user 42 --user 7'],
  })
}
