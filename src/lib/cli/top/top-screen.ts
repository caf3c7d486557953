import type {ChalkInstance} from 'chalk'

import {formatDuration} from '../../util/duration.js'
import {bytes, grouped, plural} from '../plural.js'
import {answering} from '../pool-view.js'
import {type Cell, type Column, renderTable} from '../table.js'
import {clip} from './clip.js'
import {TOP_HELP, type TopState} from './top-keys.js'
import {sorted, type TopJson, type TopNodeJson, type TopSort} from './top-view.js'

export interface TableOptions {
  readonly colours: ChalkInstance
  /** Undefined: a pipe. */
  readonly widthMax: number | undefined
}

/** Totals, table and warnings: a snapshot. */
export function topLines(
  top: TopJson,
  {sort, isReversed}: Pick<TopState, 'sort' | 'isReversed'>,
  options: TableOptions,
): string[] {
  const {colours, widthMax} = options
  if (top.nodes.length === 0) {
    return ['The pool is empty: no node is running.', 'Next: wsmesh serve   (or: wsmesh demo)']
  }
  const rows = sorted(top.nodes, sort, isReversed)
  return [
    totals(top),
    ...top.warnings.map((text) => `${colours.yellow('warning:')} ${text}`),
    '',
    ...renderTable(columns(colours, sort), rows, {widthMax, headerStyle: colours.bold}),
  ]
}

export interface ScreenOptions extends TableOptions {
  readonly width: number
  readonly height: number
  /** "mysql://wsmesh@db/app", and in which context. */
  readonly title: string
  readonly time: string
}

/** A whole screen: exactly as many lines as fit, none of them wider. */
export function topScreen(
  top: TopJson | undefined,
  /** Of a round that failed: the numbers below it are old. */
  failure: string | undefined,
  state: TopState,
  options: ScreenOptions,
): string[] {
  const {colours, width, height, title, time} = options
  const pace = `every ${formatDuration(state.intervalMs)}`
  const every = state.isPaused ? colours.yellow('paused') : pace
  const head = `${title}  ${colours.dim(`${time}, ${every}`)}`
  const failed = failure === undefined ? [] : failure.split('\n')
  const table = top === undefined ? [] : topLines(top, state, options)
  const body = state.isHelp ? TOP_HELP : [...failed, ...table]
  const order = `${state.sort}${state.isReversed ? ', reversed' : ''}`
  const foot = colours.dim(`s sort (${order})  r reverse  p pause  + - pace  ? help  q quit`)
  const room = Math.max(0, height - 3)
  const shown = body.length <= room ? body : [
    ...body.slice(0, Math.max(0, room - 1)), colours.dim(`… ${body.length - room + 1} more lines`),
  ]
  const blank = Array.from({length: Math.max(0, room - shown.length)}, () => '')
  return [head, '', ...shown, ...blank, foot].slice(0, height).map((line) => clip(line, width))
}

function totals(top: TopJson): string {
  const sum = (of: (node: TopNodeJson) => number | null) =>
    top.nodes.reduce((total, node) => total + (of(node) ?? 0), 0)
  const up = answering({...top, nodes: top.nodes})
  const nodes = plural(top.nodes.length, 'node')
  return [
    up === top.nodes.length ? `${nodes}, all up` : `${nodes}, ${up} up`,
    `${top.master === null ? 'no master' : `master ${top.master}`}, term ${top.term}`,
    plural(sum(({clients}) => clients), 'client'),
    `in ${grouped(sum(({inPerS}) => inPerS))}/s`,
    `out ${grouped(sum(({outPerS}) => outPerS))}/s`,
  ].join('; ')
}

function columns(colours: ChalkInstance, sort: TopSort): readonly Column<TopNodeJson>[] {
  const number = (
    header: string, by: TopSort | undefined, cell: (node: TopNodeJson) => Cell | string,
    dropsAs?: number,
  ): Column<TopNodeJson> => ({
    header: by !== undefined && by === sort ? `${header}▾` : header,
    align: 'right',
    cell,
    ...(dropsAs === undefined ? {} : {dropsAs}),
  })
  const warn = (text: string, isBad: boolean): Cell =>
    isBad ? {text, style: colours.yellow} : {text}
  return [
    {header: 'NODE', cell: ({id}) => id, shrinks: true},
    {header: 'ROLE', cell: (node) => roleCell(node, colours)},
    {header: 'STATE', cell: (node) => stateCell(node, colours)},
    number('CLIENTS', 'clients', ({clients}) => count(clients)),
    number('USERS', undefined, ({users}) => count(users), 5),
    number('IN/s', 'in', ({inPerS}) => count(inPerS)),
    number('OUT/s', 'out', ({outPerS}) => count(outPerS)),
    number('P99', 'delivery', ({deliveryP99Ms}) => time(deliveryP99Ms)),
    number('RECEIPT', undefined, ({receiptP99Ms}) => time(receiptP99Ms), 9),
    number('QUEUE', 'queue', ({queueBytes}) => size(queueBytes), 8),
    number('SLOW', 'slow', ({slowConsumers, slowConsumersNew: more}) =>
      warn(`${count(slowConsumers)}${more ? `+${more}` : ''}`, (more ?? 0) > 0), 10),
    number('LOOP', undefined, ({loopDelayMs: ms}) => warn(time(ms), (ms ?? 0) > STALL_MS), 7),
    number('CPU', 'cpu', ({cpuShare}) => percent(cpuShare)),
    number('RSS', 'rss', ({rssBytes}) => size(rssBytes), 6),
    number('LAG', 'lag', ({lagMessages}) => count(lagMessages), 4),
    number('RTT', undefined, ({rttMs}) => time(rttMs), 3),
    number('UP', undefined, ({uptimeS}) => (uptimeS === null ? '' : whole(uptimeS)), 2),
    {header: 'VERSION', cell: ({version}) => version ?? '', dropsAs: 1},
  ]
}

/** Clients notice it. */
const STALL_MS = 100

function roleCell({role}: TopNodeJson, colours: ChalkInstance): Cell {
  if (role === 'master') return {text: 'master*', style: colours.bold.green}
  return role === 'unknown' ? {text: '?', style: colours.dim} : {text: role}
}

function stateCell({state, isDraining}: TopNodeJson, colours: ChalkInstance): Cell {
  if (isDraining) return {text: 'draining', style: colours.yellow}
  if (state === 'up') return {text: state, style: colours.green}
  return {text: state, style: state === 'isolated' ? colours.yellow : colours.red}
}

/** Without blanks inside, so that `awk` counts columns right. */
function count(value: number | null): string {
  return value === null ? '' : String(Math.round(value))
}

function time(ms: number | null): string {
  return ms === null ? '' : formatDuration(ms).replaceAll(' ', '')
}

function size(value: number | null): string {
  return value === null ? '' : bytes(value).replaceAll(' ', '')
}

function percent(share: number | null): string {
  return share === null ? '' : `${Math.round(share * 100)}%`
}

function whole(seconds: number): string {
  return formatDuration(Math.floor(seconds) * 1000).replaceAll(' ', '')
}
