/** The end of a siege on a terminal: the verdict first, what it rests on, then the rest. Pure. */
import type {ChalkInstance} from 'chalk'

import {printable} from '../../cli/printable.js'
import {type Column, renderTable} from '../../cli/table.js'
import type {RunReport} from '../run-report.js'
import {countLines} from './summary-counts.js'
import {faultLines, leakLines} from './summary-evidence.js'
import {toned, type SummaryOptions} from './summary-options.js'
import {errorTable, latencyTable, nodeTable, phaseTable, worstTable} from './summary-tables.js'
import {
  generatorSentences, isSoakAlone, setUpSentence, verdictSentence, verdictWord,
} from './words.js'

/** Lines for stdout. Sections of which there is nothing to say are not there. */
export function summaryScreen(report: RunReport, options: SummaryOptions): string[] {
  const {colours} = options
  const sections = [
    verdictLines(report, colours),
    thresholdLines(report, options),
    leakLines(report, options),
    countLines(report, colours),
    latencyTable(report, options),
    phaseTable(report, options),
    nodeTable(report, options),
    faultLines(report, options),
    errorTable(report, options),
    worstTable(report, options),
    generatorLines(report, colours),
    report.notes.map((note) => `note: ${printable(note)}`),
  ]
  return sections.filter((lines) => lines.length > 0).flatMap((lines, index) =>
    index === 0 ? lines : ['', ...lines])
}

function verdictLines(report: RunReport, colours: ChalkInstance): string[] {
  const {word, tone} = verdictWord(report.verdict)
  return [
    `${toned(tone, colours.bold(word), colours)}  ${printable(verdictSentence(report))}`,
    ...report.reasons.slice(1).map((reason) => `  also: ${printable(reason)}`),
    `  ${printable(setUpSentence(report))}`,
    colours.dim(`  ${printable(report.config.command)}`),
  ]
}

function thresholdLines({thresholds}: RunReport, {colours, widthMax}: SummaryOptions): string[] {
  const columns: readonly Column<RunReport['thresholds'][number]>[] = [
    {
      header: ' ',
      cell: ({ok}) => ({text: ok ? '✓' : '✗', style: ok ? colours.green : colours.red}),
    },
    {header: 'THRESHOLD', cell: ({text}) => text, shrinks: true},
    {
      header: 'MEASURED',
      align: 'right',
      cell: ({ok, valueText}) => ok ? valueText : {text: valueText, style: colours.red.bold},
    },
  ]
  if (thresholds.length === 0) return []
  // What failed first, then what was asked for, then what is always asked for.
  const rows = thresholds.toSorted((a, b) =>
    Number(a.ok) - Number(b.ok) || Number(a.isBuiltIn) - Number(b.isBuiltIn))
  return renderTable(columns, rows, {widthMax, headerStyle: colours.bold})
}

function generatorLines(report: RunReport, colours: ChalkInstance): string[] {
  const {isValid, why} = report.generator
  if (isSoakAlone(report)) return why.map((text) => `GENERATOR  ${printable(text)}`)
  const [cost, quality] = generatorSentences(report)
  const warnings = isValid ? [] : [colours.yellow('  it was the bottleneck: latencies are its own')]
  return [
    `${colours.bold('GENERATOR')}  ${cost}`,
    `  ${quality}`,
    ...warnings,
    ...why.map((text) => `  ${printable(text)}`),
  ]
}
