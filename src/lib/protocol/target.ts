import {unreachable} from '../util/assert.js'
import {describeJson, isRecord} from './json-text.js'
import {LIMITS} from './limits.js'
import {isWellFormed, utf8Length} from './utf8.js'

/**
 * Who a message is for. Ids are text everywhere: user 42 and user "42" are the same user.
 * A list means "any of these".
 */
export type Target =
  | {readonly kind: 'user'; readonly ids: readonly string[]}
  | {readonly kind: 'group'; readonly ids: readonly string[]}
  | {readonly kind: 'session'; readonly ids: readonly string[]}
  | {readonly kind: 'filter'; readonly pairs: readonly (readonly [key: string, value: string])[]}
  | {readonly kind: 'registered'}
  | {readonly kind: 'everyone'}

/** What is known of a connection; a guest has no user, and only everyone-messages reach it. */
export interface Identity {
  readonly user: string | undefined
  readonly groups: readonly string[]
  readonly session: string | undefined
  /** What a filter can ask for: language, user_agent, user, session, and claims. */
  readonly properties: Readonly<Record<string, string>>
}

type Id = string | number

/** The targets as users write them, on the command line, in NDJSON and in action handlers. */
export type TargetJson =
  | {readonly user: Id | readonly Id[]}
  | {readonly group: Id | readonly Id[]}
  | {readonly session: Id | readonly Id[]}
  | {readonly filter: Readonly<Record<string, string | number | boolean>>}
  | {readonly registered: true}
  | {readonly everyone: true}

export type TargetRead =
  | {readonly ok: true; readonly value: Target}
  | {readonly ok: false; readonly reason: string}

const KINDS = ['user', 'group', 'session', 'filter', 'registered', 'everyone'] as const

type Kind = (typeof KINDS)[number]

/** Any value to a target, or what is wrong with it, ready to show to whoever wrote it. */
export function targetFromJson(value: unknown): TargetRead {
  if (!isRecord(value)) {
    return refused(`a target is an object with one of ${KINDS.join(', ')}`)
  }
  const entries = Object.entries(value)
  const unknown = entries.find(([key]) => !isKind(key))
  if (unknown !== undefined) {
    return refused(`unknown target ${JSON.stringify(unknown[0])}: use one of ${KINDS.join(', ')}`)
  }
  const [entry, second] = entries
  if (entry === undefined) return refused(`no target: give one of ${KINDS.join(', ')}`)
  if (second !== undefined) return refused(`two targets, ${entry[0]} and ${second[0]}: give one`)
  return readKind(entry[0], entry[1])
}

function readKind(kind: string, value: unknown): TargetRead {
  switch (kind) {
    case 'user':
    case 'group':
    case 'session':
      return readIds(kind, value)
    case 'registered':
    case 'everyone':
      return value === true ? {ok: true, value: {kind}} : refused(`${kind} must be true`)
    default:
      return readFilter(value)
  }
}

function readIds(kind: 'user' | 'group' | 'session', value: unknown): TargetRead {
  if (!Array.isArray(value)) {
    const id = idFromJson(value)
    return id === undefined ? notAnId(kind, value) : {ok: true, value: {kind, ids: [id]}}
  }
  const list: readonly unknown[] = value
  if (list.length === 0) return refused(`${kind} is an empty list: name at least one`)
  if (list.length > LIMITS.targetIds) {
    return refused(`${list.length} ids in ${kind} where ${LIMITS.targetIds} are allowed`)
  }
  const ids = new Set<string>()
  for (const item of list) {
    const id = idFromJson(item)
    if (id === undefined) return notAnId(kind, item)
    ids.add(id)
  }
  return {ok: true, value: {kind, ids: [...ids]}}
}

function notAnId(kind: string, value: unknown): TargetRead {
  return refused(`${kind} ${describeJson(value)} is no id: ${ID_RULE}`)
}

function readFilter(value: unknown): TargetRead {
  if (!isRecord(value)) {
    return refused('filter is an object of keys and values, as in {"language": "en"}')
  }
  const entries = Object.entries(value)
  if (entries.length === 0) return refused('filter is empty: name at least one key')
  if (entries.length > LIMITS.filterPairs) {
    return refused(`${entries.length} keys in filter where ${LIMITS.filterPairs} are allowed`)
  }
  const pairs: [string, string][] = []
  for (const [key, item] of entries) {
    const text = typeof item === 'boolean' ? String(item) : idFromJson(item)
    if (text === undefined) return refused(`filter ${key} ${describeJson(item)}: ${ID_RULE}`)
    if (idFromJson(key) === undefined) return refused(`filter key ${describeJson(key)}: ${ID_RULE}`)
    pairs.push([key, text])
  }
  return {ok: true, value: {kind: 'filter', pairs}}
}

const ID_RULE = `text of 1 to ${LIMITS.idBytes} bytes or a whole number`

/** Text or a whole number as the text of an id; undefined for anything else. */
export function idFromJson(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  if (typeof value !== 'string' || value === '' || !isWellFormed(value)) return undefined
  return utf8Length(value) <= LIMITS.idBytes ? value : undefined
}

/** The target as JSON: what targetFromJson reads back as an equal target. */
export function targetToJson(target: Target): TargetJson {
  switch (target.kind) {
    case 'user':
      return {user: target.ids}
    case 'group':
      return {group: target.ids}
    case 'session':
      return {session: target.ids}
    case 'filter':
      return {filter: Object.fromEntries(target.pairs)}
    case 'registered':
      return {registered: true}
    case 'everyone':
      return {everyone: true}
    default:
      return unreachable(target)
  }
}

/** Whether a connection is one that the target means. Guests are in everyone and nothing else. */
export function matchesTarget(target: Target, identity: Identity): boolean {
  if (target.kind === 'everyone') return true
  if (identity.user === undefined) return false
  switch (target.kind) {
    case 'user':
      return target.ids.includes(identity.user)
    case 'group':
      return target.ids.some((id) => identity.groups.includes(id))
    case 'session':
      return identity.session !== undefined && target.ids.includes(identity.session)
    case 'filter':
      return target.pairs.every(([key, value]) => propertyOf(identity, key) === value)
    case 'registered':
      return true
    default:
      return unreachable(target)
  }
}

/** Own properties only: a filter for `constructor` asks for a claim of that name. */
function propertyOf(identity: Identity, key: string): string | undefined {
  if (key === 'user') return identity.user
  if (key === 'session') return identity.session
  return Object.hasOwn(identity.properties, key) ? identity.properties[key] : undefined
}

function isKind(key: string): key is Kind {
  return KINDS.some((kind) => kind === key)
}

function refused(reason: string): TargetRead {
  return {ok: false, reason}
}
