import type {ChalkInstance} from 'chalk'

import {formatDuration} from '../util/duration.js'
import {bytes, grouped, plural} from './plural.js'
import {answering, type PoolJson, type PoolNodeJson} from './pool-view.js'
import {type Cell, type Column, renderTable} from './table.js'

export interface ScreenOptions {
  readonly colours: ChalkInstance
  /** Undefined: a pipe. */
  readonly widthMax: number | undefined
}

/** The pool as a table, its totals and its warnings. */
export function poolScreen(pool: PoolJson, {colours, widthMax}: ScreenOptions): string[] {
  if (pool.nodes.length === 0) {
    return ['The pool is empty: no node is running.', 'Next: wsmesh serve   (or: wsmesh demo)']
  }
  const table = renderTable(columns(colours), pool.nodes, {widthMax, headerStyle: colours.bold})
  const warnings = pool.warnings.map((text) => `${colours.yellow('warning:')} ${text}`)
  const hint = pool.nodes.some(({state}) => state === 'stale') ? [PRUNE_HINT] : []
  return [...table, '', totals(pool), ...warnings, ...hint]
}

const PRUNE_HINT = 'Next: wsmesh pool prune   (removes rows of nodes that are gone)'

function totals(pool: PoolJson): string {
  const sum = (of: (node: PoolNodeJson) => number | null) =>
    pool.nodes.reduce((total, node) => total + (of(node) ?? 0), 0)
  const up = answering(pool)
  const nodes = plural(pool.nodes.length, 'node')
  const master = pool.master === null ? 'no master' : `master ${pool.master}`
  return [
    up === pool.nodes.length ? `${nodes}, all up` : `${nodes}, ${up} up`,
    plural(sum((node) => node.clients), 'client'),
    `in ${grouped(sum((node) => node.inPerS))}/s`,
    `out ${grouped(sum((node) => node.outPerS))}/s`,
    pool.relay === 'nats' ? 'relay NATS, no master' : `${master}, term ${pool.term}`,
  ].join('; ')
}

function columns(colours: ChalkInstance): readonly Column<PoolNodeJson>[] {
  const dim = (text: string) => colours.dim(text)
  const plain = (of: (node: PoolNodeJson) => string) => (node: PoolNodeJson) =>
    isGone(node) ? {text: of(node), style: dim} : of(node)
  const number = (of: (node: PoolNodeJson) => number | null) =>
    plain((node) => formatted(of(node), String))
  return [
    {header: 'NODE', cell: plain(({id}) => id), shrinks: true},
    {header: 'ROLE', cell: (node) => roleCell(node, colours)},
    {header: 'STATE', cell: (node) => stateCell(node, colours)},
    {header: 'ADDRESS', cell: plain(({nodeUrl}) => shortAddress(nodeUrl)), shrinks: true},
    {header: 'CLIENTS', align: 'right', cell: number(({clients}) => clients)},
    {header: 'USERS', align: 'right', cell: number(({users}) => users), dropsAs: 3},
    {header: 'IN/s', align: 'right', cell: number(({inPerS}) => inPerS), dropsAs: 5},
    {header: 'OUT/s', align: 'right', cell: number(({outPerS}) => outPerS), dropsAs: 4},
    {
      header: 'RTT',
      align: 'right',
      cell: plain(({rttMs}) => formatted(rttMs, formatDuration)),
    },
    {
      header: 'UP',
      align: 'right',
      cell: plain(({uptimeS}) => formatted(uptimeS, (s) => formatDuration(Math.floor(s) * 1000))),
      dropsAs: 6,
    },
    {
      header: 'RSS',
      align: 'right',
      cell: plain(({rssBytes}) => formatted(rssBytes, bytes)),
      dropsAs: 2,
    },
    {header: 'VERSION', cell: plain(({version}) => version ?? ''), dropsAs: 1},
  ]
}

/** The master by word and by sign. */
function roleCell({role}: PoolNodeJson, colours: ChalkInstance): Cell {
  if (role === 'master') return {text: 'master*', style: colours.bold.green}
  return role === 'unknown' ? {text: '?', style: colours.dim} : {text: role}
}

function stateCell({state}: PoolNodeJson, colours: ChalkInstance): Cell {
  switch (state) {
    case 'up':
      return {text: state, style: colours.green}
    case 'isolated':
    case 'draining':
      return {text: state, style: colours.yellow}
    case 'stale':
    case 'unreachable':
      return {text: state, style: colours.red}
    default:
      return state satisfies never
  }
}

/** Without blanks inside, so that `awk` counts columns right. */
function formatted(value: number | null, format: (value: number) => string): string {
  return value === null ? '' : format(value).replaceAll(' ', '')
}

/** What `--node` takes: the usual scheme and path go without saying. */
function shortAddress(url: string): string {
  return url.replace(/^ws:\/\//, '').replace(/^ws\+/, '').replace(/:?\/mesh$/, '')
}

function isGone({state}: PoolNodeJson): boolean {
  return state === 'stale' || state === 'unreachable'
}
