/** What a proof says of a client, whoever says it: checked in one place. */
import {describeJson} from '../protocol/json-text.js'
import {LIMITS} from '../protocol/limits.js'
import {idFromJson} from '../protocol/target.js'

export interface Claims {
  readonly user: string
  readonly groups: readonly string[]
  readonly session: string | undefined
  readonly language: string | undefined
  /** Whatever else filters may ask for. */
  readonly properties: Readonly<Record<string, string>>
}

/** The same before anybody has looked at it; undefined and null are absent. */
export interface RawClaims {
  readonly user?: unknown
  readonly groups?: unknown
  readonly session?: unknown
  readonly language?: unknown
  readonly properties?: Readonly<Record<string, unknown>>
}

export type ClaimsRead =
  | {readonly ok: true; readonly claims: Claims}
  /** Which field, and what is wrong with it; the value only where it is not the user's own. */
  | {readonly ok: false; readonly field: string; readonly reason: string}

/** What nobody but the node says of a connection. */
const OWN_PROPERTIES: readonly string[] = ['user', 'session', 'group', 'address', 'connection']

export function readClaims(raw: RawClaims): ClaimsRead {
  const user = idFromJson(raw.user)
  if (user === undefined) {
    return wrong('user', isAbsent(raw.user) ? 'is missing' : 'is no id')
  }
  const groups = readGroups(raw.groups)
  if (groups === undefined) {
    return wrong('groups', `are no list of at most ${LIMITS.identityGroups} ids`)
  }
  const session = idFromJson(raw.session)
  if (session === undefined && !isAbsent(raw.session)) return wrong('session', 'is no id')
  const language = idFromJson(raw.language)
  if (language === undefined && !isAbsent(raw.language)) return wrong('language', 'is no text')
  const properties = readProperties(raw.properties ?? {})
  if (typeof properties === 'string') return wrong('properties', properties)
  return {ok: true, claims: {user, groups, session, language, properties}}
}

function readGroups(raw: unknown): readonly string[] | undefined {
  if (isAbsent(raw)) return []
  if (!Array.isArray(raw) || raw.length > LIMITS.identityGroups) return undefined
  const ids = new Set<string>()
  for (const item of raw) {
    const id = idFromJson(item)
    if (id === undefined) return undefined
    ids.add(id)
  }
  return [...ids]
}

function readProperties(raw: Readonly<Record<string, unknown>>): Record<string, string> | string {
  // Without a prototype: a property may be called __proto__.
  const properties: Record<string, string> = Object.create(null)
  let count = 0
  for (const [key, value] of Object.entries(raw)) {
    if (isAbsent(value)) continue
    const text = typeof value === 'boolean' ? String(value) : idFromJson(value)
    const problem = whatIsWrongWithProperty(key, text)
    if (problem !== undefined) return problem
    properties[key] = text ?? ''
    count += 1
  }
  if (count > LIMITS.properties) return `are ${count}, ${LIMITS.properties} are allowed`
  return properties
}

/** Why a connection can have no such property, for people; undefined when it can. */
export function whatIsWrongWithProperty(key: string, value: unknown): string | undefined {
  if (idFromJson(key) === undefined) return `${describeJson(key)}: a name has 1 to 255 bytes`
  if (OWN_PROPERTIES.includes(key)) return `${key}: that is the node's own to say`
  if (typeof value === 'string' && idFromJson(value) !== undefined) return undefined
  return `${describeJson(key)}: a value is text of 1 to ${LIMITS.idBytes} bytes`
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function wrong(field: string, reason: string): ClaimsRead {
  return {ok: false, field, reason}
}
