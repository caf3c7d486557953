import type {NodeUsers} from '../operator/ask-who.js'
import type {Poll, PolledNode} from '../operator/poll-pool.js'
import type {WhoFilter, WhoGuests, WhoTab, WhoUser} from '../protocol/who-frame.js'
import {compareUsers} from '../protocol/user-order.js'
import {EXIT} from './exit-code.js'

/** What `who --json` prints; an API. */
export interface WhoJson {
  readonly users: readonly WhoUserJson[]
  /** Connections that the filter means, on all nodes that answered; guests too. */
  readonly connections: number
  /** Connections that have not said who they are. */
  readonly unproved: number
  /** More users are connected than --limit shows. */
  readonly truncated: boolean
  /** False: a node that may be alive did not answer, and its users are missing here. */
  readonly complete: boolean
  readonly nodes: readonly WhoNodeJson[]
  readonly warnings: readonly string[]
}

export interface WhoUserJson {
  /** Null: all guests together. */
  readonly user: string | null
  readonly connections: number
  /** Connections on each node that has any. */
  readonly byNode: Readonly<Record<string, number>>
  readonly sessions: readonly string[]
  readonly groups: readonly string[]
  /** When the first of these connections was made: milliseconds since 1970, by this machine. */
  readonly since: number
  readonly ageMs: number
  /** Waiting in the nodes for these connections' sockets to take them. */
  readonly queueBytes: number
  /** With --user or --session: each connection. */
  readonly tabs?: readonly WhoTabJson[]
}

export interface WhoTabJson extends WhoTab {
  readonly node: string
  readonly since: number
}

export interface WhoNodeJson {
  readonly id: string
  readonly state: PolledNode<unknown>['state']
  readonly connections: number | null
  readonly why: string | null
}

/** What all nodes said, as one list. `now`: milliseconds since 1970. */
export function whoJson(poll: Poll<NodeUsers>, limit: number, now: number): WhoJson {
  const answers = poll.nodes.flatMap(({id, answer}) => (answer ? [{node: id, answer}] : []))
  const merged = mergeUsers(answers, now)
  const users = merged.slice(0, limit)
  const sum = (of: (answer: NodeUsers) => number) =>
    answers.reduce((total, {answer}) => total + of(answer), 0)
  return {
    users: [...users, ...guestRow(answers, now)],
    connections: sum(({matching}) => matching),
    unproved: sum(({unproved}) => unproved),
    truncated: merged.length > limit || answers.some(({answer}) => answer.next !== null),
    complete: poll.nodes.every(({state}) => state !== 'unreachable'),
    nodes: poll.nodes.map(({id, state, answer, why}) => ({
      id, state, connections: answer?.matching ?? null, why: why ?? null,
    })),
    warnings: [...poll.warnings, ...poll.nodes.flatMap(warningOf)],
  }
}

/**
 * Who asks for somebody wants to know whether he is there: 5 if nobody is, 3 if that is not known.
 */
export function exitOfWho(who: WhoJson, filter: WhoFilter): number {
  if (Object.keys(filter).length === 0 || who.connections > 0) return EXIT.ok.code
  return who.complete ? EXIT.notDelivered.code : EXIT.unreachable.code
}

interface Answered {
  readonly node: string
  readonly answer: NodeUsers
}

interface Seen {
  readonly node: string
  readonly row: WhoUser
}

function mergeUsers(answers: readonly Answered[], now: number): WhoUserJson[] {
  const seen = new Map<string, Seen[]>()
  for (const {node, answer} of answers) {
    for (const row of answer.users) {
      const list = seen.get(row.user)
      if (list === undefined) seen.set(row.user, [{node, row}])
      else list.push({node, row})
    }
  }
  return [...seen]
    .toSorted(([a], [b]) => compareUsers(a, b))
    .map(([user, rows]) => userJson(user, rows, now))
}

function userJson(user: string, seen: readonly Seen[], now: number): WhoUserJson {
  const tabs = seen.flatMap(({node, row}) =>
    (row.tabs ?? []).map((tab) => ({node, ...tab, since: now - tab.ageMs})),
  )
  return {
    user,
    ...totals(seen.map(({node, row}) => ({node, counted: row})), now),
    sessions: [...new Set(seen.flatMap(({row}) => row.sessions))],
    groups: [...new Set(seen.flatMap(({row}) => row.groups))],
    ...(seen.some(({row}) => row.tabs) ? {tabs} : {}),
  }
}

function guestRow(answers: readonly Answered[], now: number): WhoUserJson[] {
  const counted = answers.flatMap(({node, answer}) =>
    answer.guests && answer.guests.connections > 0 ? [{node, counted: answer.guests}] : [],
  )
  if (counted.length === 0) return []
  return [{user: null, ...totals(counted, now), sessions: [], groups: []}]
}

function totals(
  parts: readonly {readonly node: string; readonly counted: WhoGuests}[],
  now: number,
): Pick<WhoUserJson, 'connections' | 'byNode' | 'since' | 'ageMs' | 'queueBytes'> {
  const ageMs = Math.max(...parts.map(({counted}) => counted.ageMs))
  return {
    connections: parts.reduce((total, {counted}) => total + counted.connections, 0),
    byNode: Object.fromEntries(parts.map(({node, counted}) => [node, counted.connections])),
    since: now - ageMs,
    ageMs,
    queueBytes: parts.reduce((total, {counted}) => total + counted.queueBytes, 0),
  }
}

function warningOf({id, state, why}: PolledNode<unknown>): string[] {
  switch (state) {
    case 'up':
      return []
    case 'stale':
      return [`${id} is in the pool, but it is gone, and its connections with it: ${why}`]
    case 'unreachable':
      return [`incomplete: ${id} does not answer, its users are not shown: ${why}`]
    default:
      return state satisfies never
  }
}
