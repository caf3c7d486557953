/**
 * Who is connected, a page at a time: each node is asked for its own next page, in the one order
 * that all nodes have, so nobody ever holds the users of the whole mesh.
 */
import {whoJson, type WhoUserJson} from '../cli/who-view.js'
import type {OperatorConnection} from '../operator/operator-connection.js'
import type {PolledNode} from '../operator/poll-pool.js'
import {compareUsers} from '../protocol/user-order.js'
import type {WhoFilter, WhoResult} from '../protocol/who-frame.js'
import {WsmeshError} from '../util/errors.js'
import type {UserPage, UserRow, UserTab} from './wire.js'

/** Users of a page. */
const PAGE = 25
const ASK_MS = 3000
/** A session's id is often all that proves it: the page is shown its beginning. */
const SESSION_CHARACTERS = 6

export interface UserSearch {
  readonly by: 'user' | 'one' | 'group' | 'session'
  readonly text: string
  readonly after: string | null
}

/** Asks the nodes that answer; those that do not are named in the warnings. */
export async function searchUsers(
  connections: readonly OperatorConnection[],
  {by, text, after}: UserSearch,
  now: number,
): Promise<UserPage> {
  const ask = (filter: WhoFilter, from: string | null) => askPage(connections, filter, from, now)
  if (text === '') return ask({}, after)
  switch (by) {
    case 'one':
      return ask({user: text}, null)
    case 'group':
      return ask({group: text}, after)
    case 'session':
      return ask({session: text}, null)
    case 'user':
      return usersLike(text, after, ask)
    default:
      return by satisfies never
  }
}

/** Whole numbers sort by value, so those that begin alike do not stand together: only that one. */
const WHOLE_NUMBER = /^(0|[1-9]\d*)$/

async function usersLike(
  text: string,
  after: string | null,
  ask: (filter: WhoFilter, from: string | null) => Promise<UserPage>,
): Promise<UserPage> {
  if (WHOLE_NUMBER.test(text)) return ask({user: text}, null)
  const page = await ask({}, after ?? justBefore(text))
  const users = page.users.filter(({user}) => user?.startsWith(text))
  const isOver = page.users.some(({user}) => user !== null && !user.startsWith(text))
  return {
    ...page,
    users,
    next: isOver ? null : page.next,
    connections: users.reduce((total, user) => total + user.connections, 0),
  }
}

/** An id behind which, in the order of the nodes, the first that begins with the text comes. */
function justBefore(text: string): string {
  const last = text.charCodeAt(text.length - 1)
  return `${text.slice(0, -1)}${String.fromCharCode(Math.max(0, last - 1))}\uFFFF`
}

async function askPage(
  connections: readonly OperatorConnection[],
  filter: WhoFilter,
  after: string | null,
  now: number,
): Promise<UserPage> {
  const query = {filter, limit: PAGE, ...(after !== null && {after})}
  const nodes = await Promise.all(connections.map((connection) => askNode(connection, query)))
  const who = whoJson({nodes, lease: undefined, warnings: []}, 2 * PAGE * nodes.length, now)
  // Of a node that has more to say, nothing is known beyond its last: others' may have more tabs.
  const ends = nodes.flatMap(({answer}) => answer?.next ?? []).toSorted(compareUsers)
  const [end] = ends
  const named = who.users.filter(({user}) => user !== null)
  const whole = named.filter(({user}) => end === undefined || compareUsers(user ?? '', end) <= 0)
  const shown = whole.slice(0, PAGE)
  const hasMore = end !== undefined || whole.length > PAGE
  const guests = after === null ? who.users.filter(({user}) => user === null) : []
  const tabs = shown.flatMap((user) => user.tabs ?? [])
  return {
    users: [...guests, ...shown].map(rowOf),
    tabs: shown.some((user) => user.tabs !== undefined) ? tabs.map(tabOf) : null,
    connections: who.connections,
    next: hasMore ? (shown.at(-1)?.user ?? null) : null,
    warnings: who.warnings,
  }
}

async function askNode(
  connection: OperatorConnection,
  query: Parameters<OperatorConnection['who']>[0],
): Promise<PolledNode<WhoResult>> {
  const base = {known: undefined, id: connection.node, url: connection.url}
  try {
    return {...base, state: 'up', answer: await connection.who(query, ASK_MS), why: undefined}
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    return {...base, state: 'unreachable', answer: undefined, why: error.message}
  }
}

function rowOf({
  user, connections, byNode, groups, sessions, since, queueBytes,
}: WhoUserJson): UserRow {
  return {user, connections, byNode, groups, sessions: sessions.length, since, queueBytes}
}

type TabJson = NonNullable<WhoUserJson['tabs']>[number]

function tabOf({
  node, connection, session, since, queueBytes, language, userAgent,
}: TabJson): UserTab {
  const cut = session === null ? null : `${session.slice(0, SESSION_CHARACTERS)}…`
  return {node, connection, session: cut, since, queueBytes, language, userAgent}
}
