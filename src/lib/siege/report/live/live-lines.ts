/** The live view: a state as lines that fit the screen, however small it is. Pure. */
import {stripVTControlCharacters} from 'node:util'

import type {ChalkInstance} from 'chalk'

import {bytes, grouped, plural} from '../../../cli/plural.js'
import {printable, truncate} from '../../../cli/printable.js'
import {type Column, renderTable} from '../../../cli/table.js'
import type {NodeSecond, SecondSample} from '../../second-sample.js'
import {sparkline} from '../sparkline.js'
import {atText, latencyText, msText, percentText, rateText, secondsText} from '../units.js'
import type {LiveState} from './live-state.js'

export interface Frame {
  readonly colours: ChalkInstance
  /** Columns and rows that may be filled. */
  readonly width: number
  readonly height: number
}

/** At most `height` lines, none wider than `width`; the most important first. */
export function liveLines(state: LiveState, frame: Frame): string[] {
  const {colours, width, height} = frame
  const latest = state.samples.at(-1)
  const startLine = colours.dim(truncate(printable(state.startLine), width))
  const head = [startLine, progressLine(state, frame)]
  if (latest === undefined) return head.slice(0, height)
  const lines = [
    ...head,
    ...loadLines(state, latest, frame),
    troubleLine(state, latest, frame),
    ...markLines(state, frame),
  ]
  const generator = generatorLine(latest, frame)
  const nodes = nodeLines(latest, frame, height - lines.length - 1)
  return [...lines, ...nodes, generator].slice(0, height)
}

const BAR_MAX = 40
const BAR_MIN = 6

/** "load  ━━━━━━──────  12 s of 30 s, 18 s left". */
function progressLine({phase, timeS, samples}: LiveState, {colours, width}: Frame): string {
  const atS = samples.at(-1)?.atS ?? 0
  const label = labelOf(printable(phase), width)
  if (atS <= 0 || timeS <= 0) return truncate(`${label}opening connections`, width)
  // A run that was ended drains before its time.
  if (phase === 'drain' || atS >= timeS) {
    return truncate(`${label}waiting for the last deliveries`, width)
  }
  const left = `${secondsText(timeS - atS)} left`
  const text = `  ${secondsText(atS)} of ${secondsText(timeS)}, ${left}`
  const room = Math.min(BAR_MAX, width - label.length - text.length)
  if (room < BAR_MIN) return truncate(`${label}${left}`, width)
  const done = Math.round((room * atS) / timeS)
  return `${label}${colours.green('━'.repeat(done))}${colours.dim('─'.repeat(room - done))}${text}`
}

const LABEL_WIDTH = 13
const NARROW = 50

/** A column of labels; a narrow screen has no room to align them. */
function labelOf(text: string, width: number): string {
  const label = truncate(text, LABEL_WIDTH - 1)
  return width < NARROW ? `${label} ` : label.padEnd(LABEL_WIDTH)
}

function loadLines(
  {samples}: LiveState,
  latest: SecondSample,
  frame: Frame,
): readonly string[] {
  const {connected, connecting, sent, offered, delivered, bytesIn, p50Us, p90Us, p99Us, maxUs}
    = latest
  const p99s = samples.map((sample) => sample.p99Us)
  const known = p99s.flatMap((value) => value ?? [])
  return [
    factLine('connections', [
      `${grouped(connected)} open`,
      ...(connecting > 0 ? [`${grouped(connecting)} being opened`] : []),
    ], frame),
    factLine('messages', [
      `${rateText(delivered)}/s delivered`,
      `${rateText(sent)}/s sent${sent < offered ? ` of ${rateText(offered)}/s due` : ''}`,
      `${bytes(bytesIn)}/s in`,
    ], frame),
    sparkLine('delivered', samples.map((sample) => sample.delivered), {from: 0}, frame),
    factLine('latency', [
      `p99 ${latencyText(p99Us)}`, `p50 ${latencyText(p50Us)}`, `max ${latencyText(maxUs)}`,
      `p90 ${latencyText(p90Us)}`,
    ], frame),
    ...(known.length === 0
      ? []
      : [sparkLine('p99', p99s, {isLogarithmic: true}, frame, ` ${scaleText(known)}`)]),
  ]
}

function scaleText(values: readonly number[]): string {
  return `${msText(Math.min(...values))} to ${latencyText(Math.max(...values))}`
}

const SPARK_MAX = 60

function sparkLine(
  name: string,
  values: readonly (number | null)[],
  options: Parameters<typeof sparkline>[1],
  {colours, width}: Frame,
  after = '',
): string {
  const label = labelOf(name, width)
  const room = width - label.length
  const scale = room - after.length >= 10 ? after : ''
  const count = Math.min(SPARK_MAX, room - scale.length)
  if (count <= 0) return truncate(label, width)
  const shown = values.slice(-count)
  return `${label}${colours.cyan(sparkline(shown, options))}${colours.dim(scale)}`
}

/** As many facts as there is room for, from the left; the first one in any case. */
function factLine(name: string, facts: readonly string[], {width}: Frame): string {
  let line = labelOf(name, width)
  for (const [index, fact] of facts.entries()) {
    const longer = `${line}${index === 0 ? '' : '  '}${fact}`
    if (index > 0 && Array.from(longer).length > width) break
    line = longer
  }
  return truncate(line, width)
}

/** What goes wrong: the line that one looks at when it turns red. */
function troubleLine({totals}: LiveState, latest: SecondSample, frame: Frame): string {
  const bad = [
    [latest.misdelivered, 'misdelivered'], [latest.duplicated, 'doubled'],
    [latest.corrupted, 'corrupted'],
  ] as const
  const unsure = [
    [latest.missing, 'missing so far'], [totals.dropped, 'slots dropped'],
    [totals.closedByServer, 'closed by the server'],
  ] as const
  const facts = [...bad, ...unsure]
    .flatMap(([count, text]) => count > 0 ? [`${grouped(count)} ${text}`] : [])
  if (totals.errors > 0) facts.push(plural(totals.errors, 'error'))
  if (facts.length === 0) return factLine('trouble', ['none'], frame)
  const line = factLine('trouble', facts, frame)
  return bad.some(([count]) => count > 0) ? frame.colours.red(line) : frame.colours.yellow(line)
}

function markLines({marks}: LiveState, frame: Frame): readonly string[] {
  if (marks.length === 0) return []
  const facts = marks.toReversed().map(({atS, text}) => `${printable(text)} at ${atText(atS)}`)
  return [frame.colours.magenta(factLine('faults', facts, frame))]
}

function generatorLine({generator}: SecondSample, frame: Frame): string {
  const {cpuPercent, loopDelayMs, rssBytes} = generator
  return frame.colours.dim(factLine('generator', [
    `cpu ${percentText(cpuPercent)}`, `loop delay ${latencyText(loopDelayMs * 1000)}`,
    bytes(rssBytes),
  ], frame))
}

/** A row for each node, as many as fit, with a word about the others. */
function nodeLines({nodes}: SecondSample, {colours, width}: Frame, room: number): string[] {
  const fits = nodes.length + 1 <= room
  // The header, a node and how many more there are; or nothing.
  if (nodes.length === 0 || (!fits && room < 3)) return []
  const rows = fits ? nodes : nodes.slice(0, room - 2)
  const more = fits ? [] : [colours.dim(truncate(`and ${nodes.length - rows.length} more`, width))]
  const options = {widthMax: width, headerStyle: colours.bold}
  const columns = nodeColumns(colours).filter(({cell}) => rows.some((row) => cell(row) !== ''))
  const lines = renderTable(columns, rows, options)
  // A screen on which not even the names fit gets none of them.
  const widest = Math.max(...lines.map((line) => Array.from(stripVTControlCharacters(line)).length))
  return widest > width ? [] : [...lines, ...more]
}

function figure(of: (node: NodeSecond) => number | null, format: (value: number) => string) {
  return (node: NodeSecond): string => {
    const value = of(node)
    return value === null ? '' : format(value).replaceAll(' ', '')
  }
}

function nodeColumns(colours: ChalkInstance): readonly Column<NodeSecond>[] {
  return [
    {header: 'NODE', cell: ({node}) => node, shrinks: true},
    {
      header: 'ROLE', dropsAs: 3,
      cell: ({role}) => role === 'master'
        ? {text: 'master*', style: colours.bold.green}
        : role === 'away' ? {text: role, style: colours.red} : role ?? '',
    },
    {
      header: 'CLIENTS', align: 'right', dropsAs: 2,
      cell: figure(({connections}) => connections, grouped),
    },
    {
      header: 'CPU', align: 'right', dropsAs: 1,
      cell: figure(({cpuPercent}) => cpuPercent, percentText),
    },
    {header: 'RSS', align: 'right', cell: figure(({rssBytes}) => rssBytes, bytes)},
    {
      header: 'LOOP', align: 'right',
      cell: figure(({loopDelayMs}) => loopDelayMs, (ms) => latencyText(ms * 1000)),
    },
  ]
}
