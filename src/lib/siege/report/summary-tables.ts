/** The tables of the final screen. Each is empty when there is nothing in it. Pure. */
import {bytes, grouped} from '../../cli/plural.js'
import {type Column, renderTable} from '../../cli/table.js'
import {
  LATENCY_KINDS, type ConnectionReport, type LatencySummary, type PhaseReport, type RunReport,
} from '../run-report.js'
import {nodeFacts, type NodeFacts} from './node-facts.js'
import type {SummaryOptions} from './summary-options.js'
import {atText, msText, rateText, secondsText} from './units.js'

type Figure = 'minUs' | 'p50Us' | 'p90Us' | 'p95Us' | 'p99Us' | 'p999Us' | 'maxUs'

const FIGURES: readonly (readonly [string, Figure, number | undefined])[] = [
  ['MIN', 'minUs', 2], ['P50', 'p50Us', undefined], ['P90', 'p90Us', 4], ['P95', 'p95Us', 3],
  ['P99', 'p99Us', undefined], ['P99.9', 'p999Us', 5], ['MAX', 'maxUs', undefined],
]

interface LatencyRow extends LatencySummary {
  readonly kind: string
}

export function latencyTable({latency}: RunReport, options: SummaryOptions): string[] {
  const rows = LATENCY_KINDS.flatMap((kind) => {
    const summary = latency[kind]
    return summary === null ? [] : [{kind, ...summary}]
  })
  const columns: readonly Column<LatencyRow>[] = [
    {header: 'LATENCY ms', cell: ({kind}) => kind},
    ...FIGURES.map(([header, figure, dropsAs]): Column<LatencyRow> => ({
      header,
      align: 'right',
      cell: (row) => msText(row[figure]),
      ...(dropsAs === undefined ? {} : {dropsAs}),
    })),
    {header: 'COUNT', align: 'right', cell: ({count}) => grouped(count), dropsAs: 1},
  ]
  return table(columns, rows, options)
}

function msCell(of: (summary: LatencySummary) => number) {
  return ({latency}: PhaseReport): string =>
    latency === undefined || latency === null ? '' : msText(of(latency))
}

/** Only where the load changed: of one phase all is said above. */
export function phaseTable({phases}: RunReport, options: SummaryOptions): string[] {
  const rows = phases.filter(({latency}) => latency !== undefined && latency !== null)
  const columns: readonly Column<PhaseReport>[] = [
    {header: 'PHASE', cell: ({name}) => name, shrinks: true},
    {header: 'FROM', align: 'right', cell: ({fromS}) => atText(fromS), dropsAs: 2},
    {header: 'FOR', align: 'right', cell: ({fromS, toS}) => secondsText(toS - fromS)},
    {
      header: 'RATE/s', align: 'right',
      cell: ({ratePerS}) => ratePerS === null ? '' : rateText(ratePerS),
    },
    {header: 'P50 ms', align: 'right', cell: msCell(({p50Us}) => p50Us), dropsAs: 1},
    {header: 'P99 ms', align: 'right', cell: msCell(({p99Us}) => p99Us)},
    {header: 'MAX ms', align: 'right', cell: msCell(({maxUs}) => maxUs), dropsAs: 3},
    {
      header: 'LOST', align: 'right',
      cell: ({lost}) => lost === undefined ? '' : grouped(lost),
    },
  ]
  return rows.length < 2 ? [] : table(columns, rows, options)
}

function sizeCell(of: (facts: NodeFacts) => number | null) {
  return (facts: NodeFacts): string => {
    const value = of(facts)
    return value === null ? '' : bytes(value).replace(' ', '')
  }
}

export function nodeTable({nodes}: RunReport, options: SummaryOptions): string[] {
  const {colours} = options
  const columns: readonly Column<NodeFacts>[] = [
    {header: 'NODE', cell: ({node}) => node, shrinks: true},
    {
      header: 'ROLE',
      cell: ({roles}) => {
        const text = roles.join('>')
        return roles.includes('away') ? {text, style: colours.yellow} : text
      },
      dropsAs: 6,
    },
    {
      header: 'CLIENTS', align: 'right', dropsAs: 4,
      cell: ({connectionsMax}) => connectionsMax === null ? '' : grouped(connectionsMax),
    },
    {
      header: 'CPU %', align: 'right', dropsAs: 3,
      cell: ({cpuPercent}) => cpuPercent === null ? '' : cpuPercent.toFixed(0),
    },
    {
      header: 'RSS FIRST', align: 'right', dropsAs: 5,
      cell: sizeCell(({rssFirstBytes}) => rssFirstBytes),
    },
    {header: 'LAST', align: 'right', cell: sizeCell(({rssLastBytes}) => rssLastBytes)},
    {header: 'MOST', align: 'right', cell: sizeCell(({rssMaxBytes}) => rssMaxBytes), dropsAs: 2},
    {
      header: 'LOOP ms', align: 'right',
      cell: ({loopDelayMaxMs}) => loopDelayMaxMs === null ? '' : msText(loopDelayMaxMs * 1000),
    },
    {
      header: 'QUEUED', align: 'right', dropsAs: 1,
      cell: sizeCell(({queueMaxBytes}) => queueMaxBytes),
    },
  ]
  const facts = nodes.map(nodeFacts)
  const [, ...known] = columns
  // Of a plain server nothing may be known but its name.
  const isKnown = known.some(({cell}) => facts.some((one) => cell(one) !== ''))
  return isKnown ? table(columns, facts, options) : []
}

interface ErrorRow {
  readonly text: string
  readonly count: number
  readonly when: string
}

/** Errors and closes in one: both say how connections fared. */
export function errorTable({errors, closeCodes}: RunReport, options: SummaryOptions): string[] {
  const rows: readonly ErrorRow[] = [
    ...errors.map(({text, count, firstAtS, lastAtS}) => ({
      text, count, when: `${atText(firstAtS)} to ${atText(lastAtS)}`,
    })),
    ...closeCodes.map(({code, reason, count}) => ({
      text: closeText(code, reason), count, when: '',
    })),
  ]
  const columns: readonly Column<ErrorRow>[] = [
    {header: 'TIMES', align: 'right', cell: ({count}) => grouped(count)},
    {header: 'ERROR', cell: ({text}) => text, shrinks: true},
    {header: 'FROM, TO', cell: ({when}) => when, dropsAs: 1},
  ]
  return [
    ...table(columns, rows.slice(0, ROWS_MAX), options),
    ...(rows.length > ROWS_MAX ? [`and ${rows.length - ROWS_MAX} more: --json has all`] : []),
  ]
}

/** What goes wrong a hundred ways must not push the verdict off the screen. */
const ROWS_MAX = 10

export function closeText(code: number, reason: string): string {
  if (reason !== '') return `closed with ${code}: ${reason}`
  return code === 1006 ? 'closed without a close frame (1006)' : `closed with ${code}`
}

function countCell(of: (row: ConnectionReport) => number) {
  return (row: ConnectionReport): string => grouped(of(row))
}

/** Closed by a fault, and all was recovered: nothing is wrong with it. */
export function isWronged(row: ConnectionReport): boolean {
  const {lost, duplicated, reordered, misdelivered, corrupted} = row
  return lost + duplicated + reordered + misdelivered + corrupted > 0
}

export function worstTable({connections}: RunReport, options: SummaryOptions): string[] {
  const columns: readonly Column<ConnectionReport>[] = [
    {header: 'CONNECTION', align: 'right', cell: ({connection}) => String(connection)},
    {header: 'USER', cell: ({user}) => user, shrinks: true},
    {header: 'NODE', cell: ({node}) => node, shrinks: true, dropsAs: 1},
    {header: 'DELIVERED', align: 'right', cell: countCell(({delivered}) => delivered), dropsAs: 3},
    {header: 'LOST', align: 'right', cell: countCell(({lost}) => lost)},
    {header: 'DOUBLED', align: 'right', cell: countCell(({duplicated}) => duplicated)},
    {
      header: 'OUT OF ORDER', align: 'right', dropsAs: 4,
      cell: countCell(({reordered}) => reordered),
    },
    {header: 'MISDELIVERED', align: 'right', cell: countCell(({misdelivered}) => misdelivered)},
    {header: 'CORRUPTED', align: 'right', cell: countCell(({corrupted}) => corrupted), dropsAs: 5},
    {header: 'CLOSES', align: 'right', cell: countCell(({closes}) => closes), dropsAs: 2},
  ]
  return table(columns, connections.filter(isWronged).slice(0, ROWS_MAX), options)
}

function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  {colours, widthMax}: SummaryOptions,
): string[] {
  if (rows.length === 0) return []
  // A column that nothing is known of says nothing.
  const told = columns.filter(({cell}) => rows.some((row) => cell(row) !== ''))
  return renderTable(told, rows, {widthMax, headerStyle: colours.bold})
}
