import type {ChalkInstance} from 'chalk'

import {formatDuration} from '../../util/duration.js'
import {plural} from '../plural.js'
import {printable} from '../printable.js'
import {type Column, renderTable} from '../table.js'
import {rounded} from './ping-book.js'
import type {PingEvent, PingResult, TargetSummary} from './run-ping.js'

/** "n-1  seq=3  0.62 ms": as ping(8) has it, so that nobody has to learn it. */
export function pingLine(
  {target, seq, outcome}: PingEvent,
  nameWidth: number,
  colours: ChalkInstance,
): string {
  const name = printable(target).padEnd(nameWidth)
  switch (outcome.type) {
    case 'connected': {
      const {node, tookMs} = outcome
      const to = node === target ? '' : ` to ${printable(node)}`
      return colours.dim(`${name}  connected${to} in ${time(tookMs)}`)
    }
    case 'reply':
      return `${name}  seq=${seq}  ${time(outcome.ms)}`
    case 'lost':
      return colours.yellow(`${name}  seq=${seq}  lost: ${printable(outcome.why)}`)
    default:
      return outcome satisfies never
  }
}

/** One line of NDJSON; an API. */
export function pingJson({target, url, seq, outcome}: PingEvent, at: number): string {
  switch (outcome.type) {
    case 'connected': {
      const {node, tookMs} = outcome
      return JSON.stringify({type: 'connected', at, target, url, node, ms: rounded(tookMs)})
    }
    case 'reply':
      return JSON.stringify({type: 'reply', at, target, url, seq, ms: rounded(outcome.ms)})
    case 'lost':
      return JSON.stringify({type: 'lost', at, target, url, seq, why: outcome.why})
    default:
      return outcome satisfies never
  }
}

/** The last line of NDJSON; an API. */
export function summaryJson({targets, all}: PingResult): string {
  return JSON.stringify({type: 'summary', ...all, targets})
}

/** What remains at the end. */
export function summaryScreen(
  {targets, all, tookMs}: PingResult,
  {colours, widthMax}: {readonly colours: ChalkInstance; readonly widthMax: number | undefined},
): string[] {
  const lost = `${all.lost} lost (${percent(all.lost, all.sent)})`
  const head = [
    `${plural(all.sent, 'ping')} in ${formatDuration(tookMs)}`,
    `${all.answered} answered`,
    all.lost > 0 ? colours.red(lost) : lost,
  ].join(', ')
  return [
    head, ...renderTable(columns(colours), targets, {widthMax, headerStyle: colours.bold}),
  ]
}

function columns(colours: ChalkInstance): readonly Column<TargetSummary>[] {
  return [
    {header: 'TARGET', cell: ({target}) => target, shrinks: true},
    {header: 'SENT', align: 'right', cell: ({sent}) => String(sent), dropsAs: 1},
    {
      header: 'LOST',
      align: 'right',
      cell: ({lost, sent}) => {
        const text = lost === 0 ? '0' : `${lost}(${percent(lost, sent).replace(' ', '')})`
        return lost === 0 ? text : {text, style: colours.red}
      },
    },
    {header: 'MIN', align: 'right', cell: ({minMs}) => timeCell(minMs), dropsAs: 2},
    {header: 'AVG', align: 'right', cell: ({avgMs}) => timeCell(avgMs)},
    {header: 'P99', align: 'right', cell: ({p99Ms}) => timeCell(p99Ms)},
    {header: 'MAX', align: 'right', cell: ({maxMs}) => timeCell(maxMs), dropsAs: 3},
  ]
}

/** Without a blank inside, so that `awk` counts columns right. */
function timeCell(ms: number | null): string {
  return ms === null ? '' : time(ms).replace(' ', '')
}

/** Two digits where there are few: nodes of one rack are tenths of a millisecond apart. */
function time(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)} ms` : ms < 1000 ? `${ms.toFixed(0)} ms` : formatDuration(ms)
}

function percent(part: number, whole: number): string {
  if (part === 0 || whole === 0) return '0 %'
  const share = (part / whole) * 100
  // What is lost is never "0 %".
  return share < 1 ? '< 1 %' : `${Math.floor(share)} %`
}
