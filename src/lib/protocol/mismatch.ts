import {unreachable} from '../util/assert.js'
import type {Identity, Target} from './target.js'

/** Why a target does not mean a connection, for people; undefined when it does (matchesTarget). */
export function mismatchOf(target: Target, identity: Identity): string | undefined {
  if (target.kind === 'everyone') return undefined
  if (identity.user === undefined) return 'a guest'
  switch (target.kind) {
    case 'user':
      return target.ids.includes(identity.user) ? undefined : `user ${identity.user}`
    case 'group':
      return target.ids.some((id) => identity.groups.includes(id))
        ? undefined
        : `not in group ${some(target.ids)}`
    case 'session':
      return sessionMismatch(target.ids, identity.session)
    case 'filter':
      return filterMismatch(target.pairs, identity)
    case 'registered':
      return undefined
    default:
      return unreachable(target)
  }
}

function sessionMismatch(ids: readonly string[], session: string | undefined): string | undefined {
  if (session === undefined) return 'no session'
  return ids.includes(session) ? undefined : `session ${session}`
}

function filterMismatch(
  pairs: readonly (readonly [key: string, value: string])[],
  {user, session, properties}: Identity,
): string | undefined {
  for (const [key, wanted] of pairs) {
    const own = Object.hasOwn(properties, key) ? properties[key] : undefined
    const value = key === 'user' ? user : key === 'session' ? session : own
    if (value === undefined) return `no ${key}, where ${key}=${wanted} is needed`
    if (value !== wanted) return `${key} is ${value}, not ${wanted}`
  }
  return undefined
}

function some(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(' or ') : `${ids.slice(0, 3).join(', ')}, …`
}
