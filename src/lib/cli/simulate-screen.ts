/** A simulation's result for people: the verdict first, then what was counted. */
import type {ChalkInstance} from 'chalk'

import type {ChangeTimes} from '../simulation/failovers.js'
import type {Percentiles} from '../simulation/histogram.js'
import type {Traffic} from '../simulation/link-traffic.js'
import {formatDuration} from '../util/duration.js'
import {bytes, grouped, plural} from './plural.js'
import type {ScreenOptions} from './pool-screen.js'
import type {SimulationJson, ViolationJson} from './simulate-view.js'
import {type Column, renderTable} from './table.js'

export function simulateScreen(
  result: SimulationJson, {colours, widthMax}: ScreenOptions,
): string[] {
  const table = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): readonly string[] =>
    rows.length === 0
      ? []
      : ['', ...renderTable(columns, rows, {widthMax, headerStyle: colours.bold})]
  const {masterChanges, receipts, links, peaks, faults} = result
  const changes = [['all', masterChanges] as const, ...Object.entries(masterChanges.byCause)]
  return [
    verdict(result, colours),
    ...inShort(result).map((line) => `  ${line}`),
    ...table(CHANGE_COLUMNS, masterChanges.count > 0 ? changes : []),
    ...table(RECEIPT_COLUMNS, [
      ['calm', receipts.calmMs] as const,
      ['under a fault', receipts.troubledMs] as const,
    ]),
    ...table(LINK_COLUMNS, [
      ['master to follower', links.toFollower] as const,
      ['follower to master', links.toMaster] as const,
    ]),
    ...table(PEAK_COLUMNS, [
      ['outbox', peaks.outboxMessages, peaks.outboxBytes] as const,
      ['history', peaks.historyMessages, peaks.historyBytes] as const,
    ]),
    ...table(FAULT_COLUMNS, faultRows(faults)),
    ...violationLines(result.invariants.violation, colours),
  ]
}

function verdict(result: SimulationJson, colours: ChalkInstance): string {
  const {config, invariants, masterChanges, faults} = result
  const what = `${plural(config.nodes, 'node')}, ${lifetime(result)}, seed ${config.seed}`
  const begun = Object.values(faults.begun).reduce((sum, count) => sum + count, 0)
  const through = `${plural(begun, 'fault')} and ${plural(masterChanges.count, 'change')} of master`
  const {violation} = invariants
  if (violation) {
    const broken = `${violation.invariant} does not hold, after ${through}`
    return `${colours.red(colours.bold('FAIL'))} ${what}: ${broken}`
  }
  const held = `all ${invariants.count} invariants held through ${through}`
  return result.verdict === 'pass'
    ? `${colours.green(colours.bold('PASS'))} ${what}: ${held}`
    : `${colours.yellow(colours.bold('INTERRUPTED'))} ${what}: so far ${held}`
}

function lifetime({simulatedS}: SimulationJson): string {
  return formatDuration(simulatedS * 1000)
}

function inShort(result: SimulationJson): string[] {
  const {config, playedS, wallS, steps, messages, receipts} = result
  const played = config.playAll
    ? 'all of it played'
    : `${formatDuration(playedS * 1000)} of it played, around faults; calm is skipped`
  return [
    `${played}; ${grouped(steps)} steps checked in ${formatDuration(wallS * 1000)}`,
    `${config.ratePerS} messages/s: ${plural(messages.accepted, 'message')} accepted, ` +
      `${grouped(messages.refused)} refused (503), ${receipts.timeouts} without receipt in 10 s ` +
      `(504), ${receipts.incomplete} with a receipt that names a silent node`,
  ]
}

const CHANGE_COLUMNS: readonly Column<readonly [string, ChangeTimes]>[] = [
  {header: 'MASTER LOST BY', cell: ([cause]) => cause},
  {header: 'TIMES', align: 'right', cell: ([, {count}]) => String(count)},
  {header: 'NEXT LEADS P50', align: 'right', cell: ([, times]) => ms(times.toMasterMs, 'p50')},
  {header: 'P99', align: 'right', cell: ([, times]) => ms(times.toMasterMs, 'p99')},
  {header: 'MOST', align: 'right', cell: ([, times]) => ms(times.toMasterMs, 'max')},
  {header: 'DELIVERS P50', align: 'right', cell: ([, times]) => ms(times.toDeliveryMs, 'p50')},
  {header: 'P99', align: 'right', cell: ([, times]) => ms(times.toDeliveryMs, 'p99')},
  {header: 'MOST', align: 'right', cell: ([, times]) => ms(times.toDeliveryMs, 'max')},
]

const RECEIPT_COLUMNS: readonly Column<readonly [string, Percentiles | null]>[] = [
  {header: 'RECEIPTS', cell: ([when]) => when},
  {header: 'COUNT', align: 'right', cell: ([, times]) => String(times?.count ?? 0)},
  {header: 'P50', align: 'right', cell: ([, times]) => ms(times, 'p50')},
  {header: 'P99', align: 'right', cell: ([, times]) => ms(times, 'p99')},
  {header: 'MOST', align: 'right', cell: ([, times]) => ms(times, 'max')},
]

const LINK_COLUMNS: readonly Column<readonly [string, Traffic]>[] = [
  {header: 'EACH LINK', cell: ([way]) => way},
  {header: 'MESSAGES/S', align: 'right', cell: ([, {messagesPerS}]) => String(messagesPerS)},
  {header: 'FRAMES/S', align: 'right', cell: ([, {framesPerS}]) => String(framesPerS)},
  {header: 'BUSIEST', align: 'right', cell: ([, {framesPerSMax}]) => String(framesPerSMax)},
  {header: 'BYTES/S', align: 'right', cell: ([, {bytesPerS}]) => tight(bytes(bytesPerS))},
]

const PEAK_COLUMNS: readonly Column<readonly [string, number, number]>[] = [
  {header: 'MOST AT A NODE', cell: ([what]) => what},
  {header: 'MESSAGES', align: 'right', cell: ([, messages]) => String(messages)},
  {header: 'BYTES', align: 'right', cell: ([, , size]) => tight(bytes(size))},
]

type FaultRow = readonly [kind: string, begun: number, passedOver: number]

const FAULT_COLUMNS: readonly Column<FaultRow>[] = [
  {header: 'FAULT', cell: ([kind]) => kind},
  {header: 'BEGUN', align: 'right', cell: ([, begun]) => String(begun)},
  {header: 'PASSED OVER', align: 'right', cell: ([, , passedOver]) => String(passedOver)},
]

function faultRows({begun, passedOver}: SimulationJson['faults']): FaultRow[] {
  const kinds = new Set([...Object.keys(begun), ...Object.keys(passedOver)])
  return [...kinds].map((kind) => [kind, begun[kind] ?? 0, passedOver[kind] ?? 0])
}

function violationLines(violation: ViolationJson | null, colours: ChalkInstance): string[] {
  if (!violation) return []
  const {message, atS, playedAtS, replay, trace} = violation
  return [
    '',
    colours.red(message),
    `  at ${formatDuration(atS * 1000)} of the mesh's life, ${playedAtS.toFixed(3)} s played`,
    `again: ${replay}`,
    ...(trace.length > 0 ? [`the last ${trace.length} lines before it:`, ...trace] : []),
  ]
}

/** Without blanks, as all cells, so that `awk` counts columns right. */
function ms(times: Percentiles | null, which: 'p50' | 'p99' | 'max'): string {
  if (!times) return ''
  const value = times[which]
  return value < 10_000 ? `${value < 100 ? value : Math.round(value)}ms` : `${value / 1000}s`
}

function tight(text: string): string {
  return text.replaceAll(' ', '')
}
