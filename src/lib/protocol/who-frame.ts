/** Who is connected at a node: one request for each page of users (docs/PROTOCOL.md). */
import {count, flag, listOf, literal, nullable, object, text, type Shape} from './shape.js'
import {LIMITS} from './limits.js'

/** Whom to show; all that is given must hold of a connection. Absent means everybody. */
export interface WhoFilter {
  readonly user?: string
  readonly group?: string
  readonly session?: string
}

export interface WhoRequest {
  readonly id: number
  readonly op: 'who'
  readonly filter: WhoFilter
  /** Users at most; an answer may hold fewer and name a `next`. */
  readonly limit: number
  /** `next` of the page before. */
  readonly after?: string
}

export interface WhoResult {
  /** In the order of compareUsers. */
  readonly users: readonly WhoUser[]
  /** Users follow: ask again with it as `after`. Null: this was the last page. */
  readonly next: string | null
  /** All connections at this node that the filter means, on this page or not, and guests. */
  readonly matching: number
  /** Null where a filter was given: it can mean no guest. */
  readonly guests: WhoGuests | null
  /** Connections that have not said who they are. */
  readonly unproved: number
}

export interface WhoGuests {
  readonly connections: number
  /** Since the first of them connected. */
  readonly ageMs: number
  readonly queueBytes: number
}

/** A user as one node sees him. */
export interface WhoUser extends WhoGuests {
  readonly user: string
  /** Of all these connections, each once, LIMITS.whoNames at most. */
  readonly sessions: readonly string[]
  readonly groups: readonly string[]
  /** Names were left out of these lists. */
  readonly isCut: boolean
  /** Each connection, LIMITS.whoTabs at most, where the filter names a user or a session. */
  readonly tabs?: readonly WhoTab[]
}

export interface WhoTab {
  readonly connection: string
  readonly session: string | null
  readonly ageMs: number
  /** Waiting in the node for the connection's socket to take them. */
  readonly queueBytes: number
  readonly language: string | null
  readonly userAgent: string | null
}

const limit: Shape<number> = (value) => {
  const wrong = count(value)
  if (wrong !== undefined) return wrong
  const isWithin = Number(value) >= 1 && Number(value) <= LIMITS.whoUsers
  return isWithin ? undefined : `is ${String(value)}: 1 to ${LIMITS.whoUsers} are allowed`
}

export const whoRequest = object<WhoRequest>(
  {
    id: count,
    op: literal('who'),
    filter: object<WhoFilter>(
      {user: text, group: text, session: text},
      {optional: ['user', 'group', 'session'], closed: true},
    ),
    limit,
    after: text,
  },
  {optional: ['after'], closed: true},
)

const tab = object<WhoTab>({
  connection: text,
  session: nullable(text),
  ageMs: count,
  queueBytes: count,
  language: nullable(text),
  userAgent: nullable(text),
})

const guests = object<WhoGuests>({connections: count, ageMs: count, queueBytes: count})

const user = object<WhoUser>(
  {
    user: text,
    connections: count,
    sessions: listOf(text),
    groups: listOf(text),
    isCut: flag,
    ageMs: count,
    queueBytes: count,
    tabs: listOf(tab),
  },
  {optional: ['tabs']},
)

export const whoResult = object<WhoResult>({
  users: listOf(user),
  next: nullable(text),
  matching: count,
  guests: nullable(guests),
  unproved: count,
})
