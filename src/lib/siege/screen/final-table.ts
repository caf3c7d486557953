/** The end of a siege on a terminal: the verdict first, then what it rests on. */
import type {ChalkInstance} from 'chalk'
import {bytes, grouped, plural} from '../../cli/plural.js'
import {renderTable} from '../../cli/table.js'
import type {Column} from '../../cli/table.js'
import type {LatencyKind, LatencySummary, NodeReport, RunReport, RunVerdict} from '../run-report.js'
import {latencyText, rateText} from '../verdict/in-words.js'

export interface FinalScreen {
  readonly colours: ChalkInstance
  readonly widthMax: number | undefined
}

export function finalTable(report: RunReport, {colours, widthMax}: FinalScreen): readonly string[] {
  const style = {widthMax, headerStyle: colours.bold}
  const blocks: readonly (readonly string[])[] = [
    verdictLines(report, colours),
    thresholdLines(report, colours),
    latencyLines(report, style),
    countLines(report),
    faultLines(report, style),
    nodeLines(report, style),
    troubleLines(report, colours),
    report.notes.map((text) => `note: ${text}`),
  ]
  return blocks.filter((lines) => lines.length > 0).flatMap((lines) => [...lines, ''])
}

const WORDS: Readonly<Record<RunVerdict, readonly [sign: string, word: string]>> = {
  pass: ['✓', 'PASS'],
  fail: ['✗', 'FAIL'],
  leak: ['✗', 'LEAK'],
  'promise-broken': ['✗', 'PROMISE BROKEN'],
  invalid: ['?', 'INVALID'],
  inconclusive: ['?', 'INCONCLUSIVE'],
  interrupted: ['!', 'INTERRUPTED'],
  unreachable: ['✗', 'UNREACHABLE'],
}

function verdictLines({verdict, reasons, counts, durationS}: RunReport, colours: ChalkInstance) {
  const [sign, word] = WORDS[verdict]
  const style = verdict === 'pass' ? colours.green.bold
    : sign === '✗' ? colours.red.bold : colours.yellow.bold
  const summary = verdict === 'pass'
    ? `: ${grouped(counts.delivered)} deliveries of ${plural(counts.sent, 'message')} in ${
      rateText(durationS)} s, none lost`
    : reasons.length > 0 ? `: ${reasons[0]}` : ''
  return [
    `${style(`${sign} ${word}`)}${summary}`,
    ...reasons.slice(1).map((reason) => `  ${reason}`),
  ]
}

function thresholdLines({thresholds}: RunReport, colours: ChalkInstance): readonly string[] {
  const width = Math.max(0, ...thresholds.map(({text}) => text.length))
  return thresholds.map(({text, ok, valueText}) => {
    const sign = ok ? colours.green('✓') : colours.red('✗ failed')
    return `  ${sign} ${text.padEnd(width)}  ${valueText}`
  })
}

const LATENCY_ROWS: readonly (readonly [LatencyKind, string])[] = [
  ['message', 'message'],
  ['local', '  local'],
  ['relayed', '  relayed'],
  ['user', '  to one user'],
  ['service', 'service time'],
  ['accept', 'receipt'],
  ['connect', 'connect'],
]

interface TableStyle {
  readonly widthMax: number | undefined
  readonly headerStyle: (text: string) => string
}

type LatencyRow = LatencySummary & {readonly name: string}

function latencyLines({latency}: RunReport, style: TableStyle): readonly string[] {
  const rows: readonly LatencyRow[] = LATENCY_ROWS.flatMap(([kind, name]) => {
    const summary = latency[kind]
    return summary === null ? [] : [{...summary, name}]
  })
  if (rows.length === 0) return []
  const time = (header: string, of: (row: LatencyRow) => number): Column<LatencyRow> => ({
    header, align: 'right', cell: (row) => latencyText(of(row)),
  })
  return renderTable<LatencyRow>([
    {header: 'LATENCY', cell: ({name}) => name},
    time('P50', ({p50Us}) => p50Us),
    time('P90', ({p90Us}) => p90Us),
    time('P99', ({p99Us}) => p99Us),
    time('P99.9', ({p999Us}) => p999Us),
    time('MAX', ({maxUs}) => maxUs),
    {header: 'COUNT', align: 'right', cell: ({count}) => grouped(count), dropsAs: 1},
  ], rows, style)
}

function countLines({counts, rates, generator, latency}: RunReport): readonly string[] {
  const {sent, accepted, refused, unanswered, dropped} = counts
  const {expected, delivered, lost, duplicated, reordered, misdelivered} = counts
  const extras = [
    [refused, 'refused'], [unanswered, 'unanswered'], [dropped, 'never sent'],
  ] as const
  const more = extras.filter(([count]) => count > 0).map(([count, what]) => `, ${count} ${what}`)
  const nodesCpu = generator.nodesCpuPercent
  const against = nodesCpu === null || nodesCpu === 0 ? ''
    : `, ${(generator.cpuPercent / nodesCpu).toFixed(2)} times the ${nodesCpu} % of the nodes`
  const service = latency.message === null ? [] : [
    'latency: from when a message should have been sent; service time: from when it was',
  ]
  return [
    `messages     ${grouped(sent)} sent, ${rateText(rates.sentPerS)}/s of ${
      rateText(rates.offeredPerS)}/s due; ${grouped(accepted)} accepted${more.join('')}`,
    `deliveries   ${grouped(delivered)} of ${grouped(expected)}, ${
      rateText(rates.deliveredPerS)}/s; ${lost} lost, ${duplicated} duplicated, ${
      reordered} reordered, ${misdelivered} misdelivered`,
    `connections  ${grouped(counts.connected)} open at the end; ${counts.connectsFailed} failed, ${
      counts.closedByServer} closed by the server, ${counts.reconnects} came back, ${
      counts.notRecovered} of them not recovered`,
    `generator    ${generator.cpuPercent} % of a core${against}; ${
      generator.cpuUsPerMessage} us a message; loop delay p99 ${
      generator.loopDelayP99Ms} ms; late p99 ${latencyText(generator.lateP99Us)}; ${
      bytes(generator.rssBytes)}${generator.processes > 1
      ? `; clocks agree to ${latencyText(generator.clockSkewUs)}` : ''}`,
    ...service,
  ]
}

function faultLines({faults}: RunReport, style: TableStyle): readonly string[] {
  if (faults.length === 0) return []
  return renderTable<RunReport['faults'][number]>([
    {header: 'FAULT', cell: ({name}) => name},
    {header: 'AT', align: 'right', cell: ({atS}) => seconds(atS)},
    {header: 'SILENCE', align: 'right', cell: ({gapMs}) => ms(gapMs)},
    {header: 'RECOVERED AFTER', align: 'right', cell: ({recoveredAfterMs}) => ms(recoveredAfterMs)},
    {header: 'HEALED AT', align: 'right', cell: ({healedAtS}) => seconds(healedAtS)},
  ], faults, style)
}

function nodeLines({nodes}: RunReport, style: TableStyle): readonly string[] {
  if (nodes.length === 0) return []
  return renderTable<NodeReport>([
    {header: 'NODE', cell: ({node}) => node, shrinks: true},
    {header: 'ROLE', cell: ({role}) => role},
    {header: 'CPU', align: 'right', cell: ({cpuPercent}) => percent(cpuPercent)},
    {header: 'RSS', align: 'right', cell: (node) => size(lastRss(node))},
    {header: 'RSS MAX', align: 'right', cell: (node) => size(mostRss(node))},
    {header: 'ADDRESS', cell: ({url}) => url, shrinks: true, dropsAs: 1},
  ], nodes, style)
}

function seconds(atS: number | null): string {
  return atS === null ? '' : `${atS.toFixed(2)}s`
}

function ms(value: number | null): string {
  return value === null ? '' : latencyText(value * 1000)
}

function percent(value: number | null): string {
  return value === null ? '' : `${value}%`
}

function lastRss({samples}: NodeReport): number {
  return samples.findLast(({rssBytes}) => rssBytes !== null)?.rssBytes ?? 0
}

function mostRss({samples}: NodeReport): number {
  return Math.max(0, ...samples.map(({rssBytes}) => rssBytes ?? 0))
}

/** Without a blank, so that columns can be counted. */
function size(count: number): string {
  return count === 0 ? '' : bytes(count).replace(' ', '')
}

const TROUBLES_MAX = 8

function troubleLines(report: RunReport, colours: ChalkInstance): readonly string[] {
  const {errors, closeCodes, connections} = report
  const lines = [
    ...closeCodes.map(({code, reason, count}) =>
      `${grouped(count)} x closed by the server with ${code}${reason === '' ? '' : ` ${reason}`}${
        code === 1006 ? ' (without a close frame)' : ''}`),
    ...errors.map(({text, count, firstAtS, lastAtS}) =>
      `${grouped(count)} x ${text} (${firstAtS < 0 ? 'before the load' : `${firstAtS} s to ${
        lastAtS} s`})`),
    ...connections.slice(0, 3).map(({connection, user, node, lost, duplicated, misdelivered}) =>
      `connection ${connection} (user ${user}, ${node}): ${lost} lost, ${duplicated} duplicated, ${
        misdelivered} misdelivered`),
  ]
  const shown = lines.slice(0, TROUBLES_MAX)
  const rest = lines.length - shown.length
  return [
    ...shown.map((line) => `${colours.yellow('!')} ${line}`),
    ...(rest > 0 ? [`  and ${rest} more: --json has all`] : []),
  ]
}
