/** The tables of the page. A phone leaves out columns of class "wide". Pure. */
import {bytes, grouped} from '../../../cli/plural.js'
import {LATENCY_KINDS, type LatencySummary, type RunReport} from '../../run-report.js'
import {nodeFacts} from '../node-facts.js'
import {closeText, isWronged} from '../summary-tables.js'
import {atText, msText, rateText, secondsText} from '../units.js'
import {generatorSentences, isSoakAlone, LATENCY_WORDS} from '../words.js'
import {nodeHue} from './chart.js'
import {html, type Html, type HtmlPart} from './html.js'

interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row, index: number) => HtmlPart
  readonly isNumber?: boolean
  readonly isWide?: boolean
}

function table<Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): Html[] {
  if (rows.length === 0) return []
  const told = columns.filter(({cell}) => rows.some((row, index) => cell(row, index) !== '-'))
  const classes = ({isNumber = false, isWide = false}: Column<Row>) =>
    [...(isNumber ? ['number'] : []), ...(isWide ? ['wide'] : [])].join(' ')
  return [html`<section>
<h2>${title}</h2>
<div class="scroll"><table>
<thead><tr>${told.map((column) =>
    html`<th class="${classes(column)}">${column.head}</th>`)}</tr></thead>
<tbody>${rows.map((row, index) => html`<tr>${told.map((column) =>
    html`<td class="${classes(column)}">${column.cell(row, index)}</td>`)}</tr>`)}</tbody>
</table></div>
</section>`]
}

type Figure = 'minUs' | 'p50Us' | 'p90Us' | 'p95Us' | 'p99Us' | 'p999Us' | 'maxUs'

const FIGURES: readonly (readonly [string, Figure, boolean])[] = [
  ['min', 'minUs', true], ['p50', 'p50Us', false], ['p90', 'p90Us', true], ['p95', 'p95Us', true],
  ['p99', 'p99Us', false], ['p99.9', 'p999Us', true], ['max', 'maxUs', false],
]

export function latencySection({latency}: RunReport): Html[] {
  const rows = LATENCY_KINDS.flatMap((kind) => {
    const summary = latency[kind]
    return summary === null ? [] : [{kind, summary}]
  })
  return table('Latency, in milliseconds', [
    {
      head: 'kind',
      cell: ({kind}) => html`<b>${kind}</b> <small class="wide">${LATENCY_WORDS[kind]}</small>`,
    },
    ...FIGURES.map(([head, figure, isWide]) => ({
      head, isWide, isNumber: true,
      cell: ({summary}: {summary: LatencySummary}) => msText(summary[figure]),
    })),
    {head: 'count', isNumber: true, isWide: true, cell: ({summary}) => grouped(summary.count)},
  ], rows)
}

function ms(us: number | undefined): string {
  return us === undefined ? '-' : msText(us)
}

export function phaseSection({phases}: RunReport): Html[] {
  const rows = phases.filter(({latency}) => latency !== undefined && latency !== null)
  return table('Steps', [
    {head: 'phase', cell: ({name}) => html`<b>${name}</b>`},
    {head: 'from', isNumber: true, isWide: true, cell: ({fromS}) => atText(fromS)},
    {head: 'for', isNumber: true, isWide: true, cell: ({fromS, toS}) => secondsText(toS - fromS)},
    {
      head: 'messages/s', isNumber: true,
      cell: ({ratePerS}) => ratePerS === null ? '-' : rateText(ratePerS),
    },
    {head: 'p50 ms', isNumber: true, cell: ({latency}) => ms(latency?.p50Us)},
    {head: 'p99 ms', isNumber: true, cell: ({latency}) => ms(latency?.p99Us)},
    {head: 'max ms', isNumber: true, isWide: true, cell: ({latency}) => ms(latency?.maxUs)},
    {head: 'lost', isNumber: true, cell: ({lost}) => lost === undefined ? '-' : grouped(lost)},
  ], rows.length < 2 ? [] : rows)
}

function size(value: number | null): string {
  return value === null ? '-' : bytes(value)
}

export function nodeSection({nodes}: RunReport): Html[] {
  const rows = nodes.map((node) => ({...nodeFacts(node), url: node.url, pid: node.pid}))
  return table('Nodes', [
    {
      head: 'node',
      cell: ({node, url, roles}, index) => html`<div class="node ${nodeHue(index)}">
<b>${node}</b> <small>${roles.join(' → ')}</small>
${url === node ? [] : [html`<small class="url">${url}</small>`]}</div>`,
    },
    {
      head: 'clients', isNumber: true, isWide: true,
      cell: ({connectionsMax}) => connectionsMax === null ? '-' : grouped(connectionsMax),
    },
    {
      head: 'CPU', isNumber: true, isWide: true,
      cell: ({cpuPercent}) => cpuPercent === null ? '-' : `${cpuPercent.toFixed(0)} %`,
    },
    {head: 'RSS first', isNumber: true, isWide: true, cell: (facts) => size(facts.rssFirstBytes)},
    {head: 'RSS last', isNumber: true, cell: (facts) => size(facts.rssLastBytes)},
    {head: 'RSS most', isNumber: true, isWide: true, cell: (facts) => size(facts.rssMaxBytes)},
    {
      head: 'loop ms', isNumber: true,
      cell: ({loopDelayMaxMs}) => loopDelayMaxMs === null ? '-' : msText(loopDelayMaxMs * 1000),
    },
    {head: 'queued', isNumber: true, isWide: true, cell: (facts) => size(facts.queueMaxBytes)},
  ], rows)
}

export function errorSection({errors, closeCodes}: RunReport): Html[] {
  const rows = [
    ...errors.map(({text, count, firstAtS, lastAtS}) =>
      ({text, count, when: `${atText(firstAtS)} to ${atText(lastAtS)}`})),
    ...closeCodes.map(({code, reason, count}) =>
      ({text: closeText(code, reason), count, when: ''})),
  ]
  return table('Errors', [
    {head: 'times', isNumber: true, cell: ({count}) => grouped(count)},
    {head: 'error', cell: ({text}) => text},
    {head: 'from, to', isWide: true, cell: ({when}) => when},
  ], rows)
}

export function connectionSection({connections}: RunReport): Html[] {
  return table('Connections with most wrong', [
    {head: 'connection', cell: ({connection}) => String(connection)},
    {head: 'user', cell: ({user}) => user},
    {head: 'node', isWide: true, cell: ({node}) => node},
    {head: 'delivered', isNumber: true, isWide: true, cell: (row) => grouped(row.delivered)},
    {head: 'lost', isNumber: true, cell: ({lost}) => grouped(lost)},
    {head: 'doubled', isNumber: true, cell: ({duplicated}) => grouped(duplicated)},
    {head: 'order', isNumber: true, isWide: true, cell: ({reordered}) => grouped(reordered)},
    {head: 'astray', isNumber: true, cell: ({misdelivered}) => grouped(misdelivered)},
    {head: 'corrupted', isNumber: true, isWide: true, cell: (row) => grouped(row.corrupted)},
    {head: 'closes', isNumber: true, isWide: true, cell: ({closes}) => grouped(closes)},
  ], connections.filter(isWronged))
}

/** What made the load, where, and how to do it again. */
export function setUpSection(report: RunReport): Html {
  const {generator, environment, config, notes} = report
  const {os, node, cpu, cpus, memoryBytes, openFilesMax} = environment
  const rows: readonly (readonly [string, string])[] = [
    ...(isSoakAlone(report)
      ? []
      : [['Generator', generatorSentences(report).join('; ')]] as const),
    ['Machine', `${cpus} × ${cpu}, ${bytes(memoryBytes)}, ${os}, Node ${node}`],
    ['Open files', openFilesMax === null ? 'unknown' : `at most ${grouped(openFilesMax)}`],
    ['Targets', config.targets.join(', ')],
    ['Connecting', `${rateText(config.connectPerS)}/s; ${rateText(config.churnPerMinute)} % `
      + `leave and come back each minute; ${config.slowReadersPercent} % read slowly`],
  ]
  return html`<section>
<h2>How it was done</h2>
<dl class="facts">${rows.map(([name, text]) =>
    html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>
${[...generator.why, ...notes].map((text) => html`<p class="soft">${text}</p>`)}
</section>`
}
