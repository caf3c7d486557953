/** Runs side by side on a terminal. Pure. */
import type {ChalkInstance} from 'chalk'

import {printable} from '../../cli/printable.js'
import {type Column, renderTable} from '../../cli/table.js'
import type {MetricCompared, RunNamed, RunsCompared} from './compare-runs.js'
import {toned, type SummaryOptions} from './summary-options.js'
import {verdictWord} from './words.js'

export function compareScreen(compared: RunsCompared, options: SummaryOptions): string[] {
  const {colours, widthMax} = options
  const {runs, metrics} = compared
  const columns: readonly Column<MetricCompared>[] = [
    {header: 'METRIC', cell: ({name}) => name},
    ...runs.map((_, index): Column<MetricCompared> => ({
      header: letterOf(index),
      align: 'right',
      cell: ({texts}) => texts[index] ?? '',
      // The first and the last are what is compared.
      ...(index === 0 || index === runs.length - 1 ? {} : {dropsAs: index}),
    })),
    {header: 'CHANGE', align: 'right', cell: ({ratio}) => ratioText(ratio)},
    {header: ' ', cell: (metric) => changeCell(metric, colours)},
  ]
  return [
    ...runs.map((run, index) => runLine(run, index, colours)),
    '',
    ...renderTable(columns, metrics, {widthMax, headerStyle: colours.bold}),
    ...differenceLines(compared, colours),
  ]
}

function letterOf(index: number): string {
  return index < 26 ? String.fromCodePoint(65 + index) : `RUN ${index + 1}`
}

function runLine({file, verdict, startedAt}: RunNamed, index: number, colours: ChalkInstance) {
  const {word, tone} = verdictWord(verdict)
  return `${colours.bold(letterOf(index))}  ${printable(file)}  `
    + `${toned(tone, word, colours)}  ${colours.dim(printable(startedAt))}`
}

/** "+12 %", "-50 %", "x 3.4". */
export function ratioText(ratio: number | null): string {
  if (ratio === null) return ''
  if (ratio >= 2) return `x ${Number(ratio.toPrecision(2))}`
  const percent = Math.round((ratio - 1) * 100)
  return percent === 0 ? '0 %' : `${percent > 0 ? '+' : ''}${percent} %`
}

function changeCell({change}: MetricCompared, colours: ChalkInstance) {
  switch (change) {
    case 'better':
      return {text: 'better', style: colours.green}
    case 'worse':
      return {text: 'worse', style: colours.red}
    case 'same':
      return {text: 'same', style: colours.dim}
    case 'unknown':
      return ''
    default:
      return change satisfies never
  }
}

function differenceLines({differences}: RunsCompared, colours: ChalkInstance): string[] {
  if (differences.length === 0) return []
  return [
    '',
    colours.yellow('These runs are not alike:'),
    ...differences.map(({name, values}) => `  ${name}: ${values.map(printable).join(', ')}`),
  ]
}
