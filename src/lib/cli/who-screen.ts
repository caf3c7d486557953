import type {ChalkInstance} from 'chalk'

import type {WhoFilter} from '../protocol/who-frame.js'
import {formatDuration} from '../util/duration.js'
import type {ScreenOptions} from './pool-screen.js'
import {bytes, plural} from './plural.js'
import {type Cell, type Column, renderTable} from './table.js'
import type {WhoJson, WhoTabJson, WhoUserJson} from './who-view.js'

const GUESTS = '(guests)'

/** Who is connected as a table: of users, or of tabs where somebody is asked for. */
export function whoScreen(
  who: WhoJson,
  filter: WhoFilter,
  {colours, widthMax}: ScreenOptions,
): string[] {
  const options = {widthMax, headerStyle: colours.bold}
  const tabs = who.users.flatMap(({user, tabs = []}) => tabs.map((tab) => ({...tab, user})))
  const table =
    tabs.length > 0
      ? renderTable(tabColumns(colours), tabs, options)
      : renderTable(userColumns(colours), who.users, options)
  const warnings = who.warnings.map((text) => `${colours.yellow('warning:')} ${text}`)
  return [...(who.users.length > 0 ? [...table, ''] : []), ...totals(who, filter), ...warnings]
}

function totals(who: WhoJson, filter: WhoFilter): string[] {
  const asked = askedText(who.nodes)
  if (who.connections === 0) return [`${nobody(filter)}${unprovedOf(who)}; ${asked}`]
  const nodes = who.nodes.filter(({connections}) => (connections ?? 0) > 0).length
  const users = who.users.filter(({user}) => user !== null).length
  const guests = who.users.find(({user}) => user === null)?.connections ?? 0
  const parts = [
    who.truncated ? `the first ${plural(users, 'user')}` : plural(users, 'user'),
    ...(guests > 0 ? [plural(guests, 'guest')] : []),
    `${plural(who.connections, 'connection')} on ${plural(nodes, 'node')}${unprovedOf(who)}`,
    asked,
  ]
  const more = 'Next: --limit N shows more of them, --user or --group fewer'
  return [parts.join('; '), ...(who.truncated ? [more] : [])]
}

/** "3 nodes, all answered", "3 nodes, 2 answered". */
export function askedText(nodes: readonly {readonly state: string}[]): string {
  const up = nodes.filter(({state}) => state === 'up').length
  return `${plural(nodes.length, 'node')}, ${up === nodes.length ? 'all' : up} answered`
}

function unprovedOf({unproved}: WhoJson): string {
  return unproved === 0 ? '' : `; ${plural(unproved, 'connection')} not authenticated yet`
}

/** "no connection of user 42 in group staff". */
function nobody({user, group, session}: WhoFilter): string {
  const wanted = [
    ...(user === undefined ? [] : [`of user ${user}`]),
    ...(group === undefined ? [] : [`in group ${group}`]),
    ...(session === undefined ? [] : [`of session ${session}`]),
  ]
  return wanted.length === 0 ? 'nobody is connected' : `no connection ${wanted.join(' ')}`
}

function userColumns(colours: ChalkInstance): readonly Column<WhoUserJson>[] {
  return [
    {header: 'USER', cell: ({user}) => userCell(user, colours), shrinks: true},
    {header: 'TABS', align: 'right', cell: ({connections}) => String(connections)},
    {header: 'NODES', cell: ({byNode}) => nodesText(byNode), shrinks: true},
    {header: 'SESSIONS', cell: ({sessions}) => sessions.join(','), shrinks: true, dropsAs: 2},
    {header: 'GROUPS', cell: ({groups}) => groups.join(','), shrinks: true, dropsAs: 1},
    {header: 'SINCE', cell: ({since}) => clock(since), dropsAs: 3},
    {header: 'AGE', align: 'right', cell: ({ageMs}) => age(ageMs)},
    {header: 'QUEUED', align: 'right', cell: ({queueBytes}) => queued(queueBytes, colours)},
  ]
}

type TabRow = WhoTabJson & {readonly user: string | null}

function tabColumns(colours: ChalkInstance): readonly Column<TabRow>[] {
  return [
    {header: 'USER', cell: ({user}) => userCell(user, colours), shrinks: true},
    {header: 'NODE', cell: ({node}) => node, shrinks: true},
    {header: 'CONNECTION', cell: ({connection}) => connection},
    {header: 'SESSION', cell: ({session}) => session ?? '', shrinks: true, dropsAs: 3},
    {header: 'SINCE', cell: ({since}) => clock(since), dropsAs: 4},
    {header: 'AGE', align: 'right', cell: ({ageMs}) => age(ageMs)},
    {header: 'QUEUED', align: 'right', cell: ({queueBytes}) => queued(queueBytes, colours)},
    {header: 'LANGUAGE', cell: ({language}) => language ?? '', shrinks: true, dropsAs: 2},
    {header: 'BROWSER', cell: ({userAgent}) => userAgent ?? '', shrinks: true, dropsAs: 1},
  ]
}

function userCell(user: string | null, colours: ChalkInstance): Cell {
  return user === null ? {text: GUESTS, style: colours.dim} : {text: user}
}

/** "n1:2,n2:1": without blanks, as all cells, so that `awk` counts columns right. */
function nodesText(byNode: Readonly<Record<string, number>>): string {
  return Object.entries(byNode).map(([node, count]) => `${node}:${count}`).join(',')
}

/** What a slow reader has not taken stands out. */
function queued(count: number, colours: ChalkInstance): Cell {
  if (count === 0) return {text: '0', style: colours.dim}
  return {text: bytes(count).replaceAll(' ', ''), style: colours.yellow}
}

function age(ms: number): string {
  return formatDuration(Math.max(1000, Math.floor(ms / 1000) * 1000)).replaceAll(' ', '')
}

/** The time of day here, with the date when that is another day. */
function clock(at: number): string {
  return new Date(at).toLocaleString('sv').replace(' ', 'T')
}
