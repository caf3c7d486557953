/** A drill's result for people: the verdict first, then what was counted. Pure. */
import {plainMs} from './plain-ms.js'
import type {Spread} from './percentile.js'
import type {DrillResult} from './run-drill.js'
import {EMPTY_TAB} from './tally.js'
import type {TabTally, Tally} from './tally.js'

/** The part of chalk that is used: colour only stresses what a word says. */
export interface Colours {
  bold(text: string): string
  green(text: string): string
  red(text: string): string
}

export type RenderTable = (
  columns: readonly {readonly header: string; readonly align?: 'left' | 'right';
    readonly cell: (row: readonly string[]) => string}[],
  rows: readonly (readonly string[])[],
) => readonly string[]

export function renderVerdict(result: DrillResult, colours: Colours): string {
  const {drill, verdict, reasons} = result
  if (verdict === 'skip') {
    return `${colours.bold('SKIP')} ${drill}: ${reasons.join(', ')}`
  }
  if (verdict === 'pass') {
    return `${colours.green(colours.bold('PASS'))} ${drill}: ${inShort(result)}`
  }
  const [first = '', ...more] = reasons
  const others = more.length === 0 ? '' : ` (and ${more.length} more)`
  return `${colours.red(colours.bold('FAIL'))} ${drill}: ${first}${others}`
}

/** Below the verdict. */
export function renderDetails(result: DrillResult, renderTable: RenderTable): readonly string[] {
  const {reasons, troubles, pool, nodes, ratePerS, rounds, masterChanges, stallMs} = result
  if (result.verdict === 'skip') return []
  const columns = [
    {header: 'COUNT', cell: (row: readonly string[]) => row[0] ?? ''},
    {header: 'ALL', align: 'right', cell: (row: readonly string[]) => row[1] ?? ''},
    {header: 'WORST CONNECTION', align: 'right', cell: (row: readonly string[]) => row[2] ?? ''},
  ] as const
  const times = `${rounds} time${rounds === 1 ? '' : 's'}`
  return [
    `  ${nodes} nodes, ${ratePerS} messages/s, ${times}, pool ${pool}`,
    ...howBroken(result),
    `  latency before the fault        ${spread(result.latencyMs)}`,
    `  first delivery after the fault  ${spread(result.firstMs)}`,
    `  longest gap                     ${spread(result.gapMs)}`,
    `  whole again after               ${spread(result.wholeMs)}`,
    `  clients without a node          ${spread(result.backMs)}`,
    `  changes of master               ${masterChanges}`,
    `  longest stall of this machine   ${plainMs(stallMs)}`,
    ...reasons.map((reason) => `  broken: ${reason}`),
    ...troubles.map((trouble) => `  trouble: ${trouble}`),
    '',
    ...renderTable(columns, COUNTS.map((name) => countRow(name, result))).map((l) => `  ${l}`),
  ]
}

/** With what the fault was made, where there is more than one way. */
function howBroken({network, clocks}: DrillResult): readonly string[] {
  const ways: Readonly<Record<DrillResult['network'], readonly string[]>> = {
    loopback: [],
    proxies: ['  links cut by proxies before the nodes'],
    namespaces: ['  links cut between network namespaces'],
  }
  return [...ways[network], ...(clocks === null ? [] : [`  clocks shifted by ${clocks}`])]
}

const COUNTS = ['sent', 'accepted', 'receipted', 'repeated', 'refused', 'unanswered',
  'wrongReceipts', 'delivered', 'duplicated', 'reordered', 'lost', 'misdelivered', 'notRecovered',
  'reconnects'] as const satisfies readonly (keyof Tally)[]

const WORDS: Readonly<Partial<Record<keyof Tally, string>>> = {
  wrongReceipts: 'wrong receipts', notRecovered: 'not recovered',
}

function countRow(name: (typeof COUNTS)[number], {tally, connections}: DrillResult) {
  const worst = isTabCount(name) ? String(Math.max(...connections.map((tab) => tab[name]))) : ''
  return [WORDS[name] ?? name, String(tally[name]), worst]
}

function isTabCount(name: keyof Tally): name is keyof TabTally {
  return name in EMPTY_TAB
}

function inShort({tally, firstMs}: DrillResult): string {
  const first = firstMs === null ? '' : `, first delivery after ${plainMs(firstMs.max)} at most`
  return `${tally.delivered} deliveries of ${tally.sent} messages, `
    + `none lost, doubled or out of order${first}`
}

function spread(values: Spread | null): string {
  if (values === null) return '-'
  const {p50, p99, max} = values
  return `p50 ${plainMs(p50)}, p99 ${plainMs(p99)}, most ${plainMs(max)}`
}
