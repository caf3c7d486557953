/** Who is connected here, a page at a time. Read when somebody asks: nothing is kept for it. */
import {LIMITS} from '../protocol/limits.js'
import type {Identity} from '../protocol/target.js'
import {firstUsersAfter} from '../protocol/user-order.js'
import type {
  WhoFilter,
  WhoGuests,
  WhoRequest,
  WhoResult,
  WhoTab,
  WhoUser,
} from '../protocol/who-frame.js'
import type {ClientConnection} from './client-connection.js'
import type {ClientRegistry} from './client-registry.js'

/** An answer ends after the user that filled it: the rest is on the next page. */
const ANSWER_CHARACTERS = 1024 * 1024

/** What clients say of themselves is cut to this: a line of a table, not a story. */
const PROPERTY_CHARACTERS = 200

/** The part of ClientRegistry that is read. */
export type WhoSource = Pick<
  ClientRegistry,
  'all' | 'size' | 'unknown' | 'guests' | 'userIds' | 'ofUser' | 'ofGroup' | 'ofSession'
>

export function answerWho(
  {filter, limit, after}: Omit<WhoRequest, 'id' | 'op'>,
  source: WhoSource,
  nowMs: number,
): WhoResult {
  const isWanted = matcherOf(filter)
  const hasTabs = filter.user !== undefined || filter.session !== undefined
  // One more than is shown: whether somebody follows.
  const ids = firstUsersAfter(candidates(filter, source), after, limit + 1)
  const users: WhoUser[] = []
  let characters = 0
  let next: string | null = null
  for (const id of ids) {
    if (users.length === limit || characters > ANSWER_CHARACTERS) {
      next = users.at(-1)?.user ?? null
      break
    }
    const connections = [...source.ofUser(id)].filter((connection) => isWanted(connection.identity))
    const row = userRow(id, connections, nowMs)
    users.push(hasTabs ? {...row, tabs: tabsOf(connections, nowMs)} : row)
    characters += JSON.stringify(users.at(-1)).length
  }
  const isFiltered = Object.keys(filter).length > 0
  return {
    users,
    next,
    ...(isFiltered
      ? {matching: countMatching(filter, source), guests: null}
      : everybody(source, nowMs)),
    unproved: source.unknown,
  }
}

type Matcher = (identity: Identity | undefined) => boolean

function matcherOf({user, group, session}: WhoFilter): Matcher {
  return (identity) =>
    identity?.user !== undefined &&
    (user === undefined || identity.user === user) &&
    (group === undefined || identity.groups.includes(group)) &&
    (session === undefined || identity.session === session)
}

/** Users of whom a connection may match; each of them has one that does. */
function candidates(filter: WhoFilter, source: WhoSource): Iterable<string> {
  const {user, group, session} = filter
  if (user === undefined && group === undefined && session === undefined) return source.userIds()
  const isWanted = matcherOf(filter)
  const ids = new Set<string>()
  for (const {identity} of narrowest(filter, source)) {
    if (identity?.user !== undefined && isWanted(identity)) ids.add(identity.user)
  }
  return ids
}

function narrowest(
  {user, group, session}: WhoFilter,
  source: WhoSource,
): Iterable<ClientConnection> {
  if (user !== undefined) return source.ofUser(user)
  if (session !== undefined) return source.ofSession(session)
  return group === undefined ? source.all() : source.ofGroup(group)
}

function countMatching(filter: WhoFilter, source: WhoSource): number {
  const isWanted = matcherOf(filter)
  let count = 0
  for (const {identity} of narrowest(filter, source)) if (isWanted(identity)) count += 1
  return count
}

function everybody(source: WhoSource, nowMs: number): Pick<WhoResult, 'matching' | 'guests'> {
  const guests: ClientConnection[] = []
  for (const connection of source.guests === 0 ? [] : source.all()) {
    const {identity} = connection
    if (identity !== undefined && identity.user === undefined) guests.push(connection)
  }
  return {matching: source.size - source.unknown, guests: totals(guests, nowMs)}
}

function totals(connections: readonly ClientConnection[], nowMs: number): WhoGuests {
  let sinceMs = nowMs
  let queueBytes = 0
  for (const connection of connections) {
    sinceMs = Math.min(sinceMs, connection.sinceMs)
    queueBytes += connection.socket.bufferedBytes
  }
  return {connections: connections.length, ageMs: Math.round(nowMs - sinceMs), queueBytes}
}

function userRow(user: string, connections: readonly ClientConnection[], nowMs: number): WhoUser {
  const sessions = new Set<string>()
  const groups = new Set<string>()
  for (const {identity} of connections) {
    if (identity?.session !== undefined) sessions.add(identity.session)
    for (const group of identity?.groups ?? []) groups.add(group)
  }
  return {
    user,
    ...totals(connections, nowMs),
    sessions: [...sessions].slice(0, LIMITS.whoNames),
    groups: [...groups].slice(0, LIMITS.whoNames),
    isCut: sessions.size > LIMITS.whoNames || groups.size > LIMITS.whoNames,
  }
}

function tabsOf(connections: readonly ClientConnection[], nowMs: number): WhoTab[] {
  return connections.slice(0, LIMITS.whoTabs).map(({id, identity, sinceMs, socket}) => ({
    connection: id,
    session: identity?.session ?? null,
    ageMs: Math.round(nowMs - sinceMs),
    queueBytes: socket.bufferedBytes,
    language: property(identity, 'language'),
    userAgent: property(identity, 'user_agent'),
  }))
}

function property(identity: Identity | undefined, key: string): string | null {
  return identity?.properties[key]?.slice(0, PROPERTY_CHARACTERS) ?? null
}
