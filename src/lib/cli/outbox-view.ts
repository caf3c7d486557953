import type {ChalkInstance} from 'chalk'

import {openOutboxStore} from '../pool/outbox/open-outbox-store.js'
import {COUNTED_MAX, type AsideRow, type OutboxStore, type WaitingRow}
  from '../pool/outbox/outbox-store.js'
import {surveyPool} from '../operator/pool-survey.js'
import {formatDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import {outboxOptionsOf, type OutboxFlagValues} from './outbox-flags.js'
import {grouped, plural} from './plural.js'
import {withMesh, type ReachFlagValues} from './reach.js'
import {renderTable, type Column} from './table.js'

/** What `outbox status --json` prints; an API. */
export interface OutboxStatusJson {
  readonly outbox: string
  /** At most COUNTED_MAX. */
  readonly waiting: number
  readonly oldestMs: number | null
  readonly aside: number
  /** The node that sends the rows. */
  readonly drainedBy: string | null
  readonly rowsPerS: number | null
  readonly warnings: readonly string[]
}

/** Opens the outbox that the flags name, and lets go of it however the work ends. */
export async function withOutbox<T>(
  flags: OutboxFlagValues,
  work: (store: OutboxStore) => Promise<T>,
): Promise<T> {
  const store = await openOutboxStore(outboxOptionsOf(flags))
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** The table as its database tells it, and who drains it as the nodes do. */
export async function outboxStatus(
  flags: OutboxFlagValues & ReachFlagValues,
): Promise<OutboxStatusJson> {
  const {counts, label} = await withOutbox(flags, async (store) => (
    {counts: await store.counts(), label: store.label}
  ))
  const drain = await whoDrains(flags)
  const {waiting, aside, oldestMs = null} = counts
  return {outbox: label, waiting, oldestMs, aside, ...drain}
}

type Drain = Pick<OutboxStatusJson, 'drainedBy' | 'rowsPerS' | 'warnings'>

/** The rows can be told of without the mesh: it may be what is away. */
async function whoDrains(flags: ReachFlagValues): Promise<Drain> {
  try {
    const {nodes} = await withMesh(flags, (access) => surveyPool(access))
    const draining = nodes.find(({stats}) => stats?.outboxRowsPerS !== undefined)
    if (draining !== undefined) {
      return {drainedBy: draining.id, rowsPerS: draining.stats?.outboxRowsPerS ?? 0, warnings: []}
    }
    if (nodes.some(({stats}) => stats?.relay === 'nats')) {
      return nobody('nobody sends the rows: no node runs with --outbox, or a lease has just ended')
    }
    const master = nodes.find(({stats}) => stats?.role === 'master')
    return nobody(master === undefined
      ? 'nobody sends the rows: no master answers'
      : `nobody sends the rows: the master ${master.id} runs without --outbox; all nodes need it`)
  } catch (error) {
    if (!(error instanceof WsmeshError)) throw error
    return nobody(`the mesh cannot be asked who sends the rows: ${error.message}`)
  }
}

function nobody(warning: string): Drain {
  return {drainedBy: null, rowsPerS: null, warnings: [warning]}
}

export function statusLines(status: OutboxStatusJson, colours: ChalkInstance): string[] {
  const {outbox, waiting, oldestMs, aside, drainedBy, rowsPerS, warnings} = status
  const age = oldestMs === null ? '' : `, the first for ${formatDuration(oldestMs)}`
  const more = waiting < COUNTED_MAX ? '' : ' or more'
  const who = drainedBy === null ? 'nobody' : `${drainedBy}, ${grouped(rowsPerS ?? 0)} rows/s`
  const look = aside === 0 ? '' : '   wsmesh outbox peek --aside'
  const rows = [
    ['outbox', outbox],
    ['waiting', `${plural(waiting, 'row')}${more}${age}`],
    ['set aside', `${plural(aside, 'row')}${colours.dim(look)}`],
    ['drained by', who],
  ]
  return [
    ...rows.map(([name = '', value]) => `${colours.dim(name.padEnd(10))}  ${value}`),
    ...warnings.map((text) => colours.yellow(`warning: ${text}`)),
  ]
}

export interface OutboxPeekJson {
  readonly rows: readonly WaitingRow[] | readonly AsideRow[]
}

export function waitingLines(rows: readonly WaitingRow[], screen: Screen): string[] {
  return linesOf(rows, [...COMMON, MESSAGE], screen)
}

export function asideLines(rows: readonly AsideRow[], screen: Screen): string[] {
  const reason: Column<AsideRow> = {header: 'WHY', cell: (row) => row.reason, shrinks: true}
  return linesOf(rows, [...COMMON, reason, MESSAGE], screen)
}

interface Screen {
  readonly colours: ChalkInstance
  readonly widthMax: number | undefined
}

function linesOf<Row>(
  rows: readonly Row[], columns: readonly Column<Row>[], {colours, widthMax}: Screen,
): string[] {
  if (rows.length === 0) return ['no rows']
  return renderTable(columns, rows, {widthMax, headerStyle: colours.bold})
}

const COMMON: readonly Column<WaitingRow>[] = [
  {header: 'ID', align: 'right', cell: (row) => row.id},
  {header: 'AGE', align: 'right', cell: (row) => formatDuration(row.ageMs)},
  {header: 'ACTION', cell: (row) => shown(row.action), shrinks: true},
  {header: 'TARGET', cell: (row) => shown(row.target), shrinks: true},
]

const MESSAGE: Column<WaitingRow> = {
  header: 'DETAILS', cell: (row) => shown(row.details), shrinks: true,
}

function shown(text: string | null): string {
  return text ?? 'NULL'
}

/** Ids as a person gives them. Throws USAGE. */
export function checkRowIds(ids: readonly string[], isAll: boolean): readonly string[] | 'all' {
  const suggestions = ['wsmesh outbox retry 7', 'wsmesh outbox retry --all']
  if (isAll && ids.length > 0) {
    throw new WsmeshError('USAGE', 'Ids and --all do not go together', {suggestions})
  }
  if (isAll) return 'all'
  if (ids.length === 0) {
    throw new WsmeshError('USAGE', 'Which rows? Name their ids, or --all', {
      suggestions: [...suggestions, 'wsmesh outbox peek --aside   (their ids)'],
    })
  }
  const wrong = ids.find((id) => !/^\d{1,20}$/.test(id))
  if (wrong === undefined) return ids
  throw new WsmeshError('USAGE', `Not a row's id: ${JSON.stringify(wrong.slice(0, 100))}`, {
    suggestions: ['wsmesh outbox peek --aside   (their ids)'],
  })
}
