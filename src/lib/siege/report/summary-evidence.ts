/** Faults and leaks on the final screen: each with what it rests on. Pure. */
import type {ChalkInstance} from 'chalk'

import {bytes, grouped} from '../../cli/plural.js'
import {printable} from '../../cli/printable.js'
import type {FaultReport, LeakSection, RunReport} from '../run-report.js'
import {sparkline} from './sparkline.js'
import {toned, type SummaryOptions} from './summary-options.js'
import {atText} from './units.js'
import {faultSentence, leakWord} from './words.js'

export function faultLines({faults}: RunReport, {colours, widthMax}: SummaryOptions): string[] {
  return faults.flatMap((fault) => {
    const at = fault.atS === null ? '' : ` at ${atText(fault.atS)}`
    return [
      `${colours.bold('FAULT')}  ${printable(fault.name)}${at}: ${faultSentence(fault)}`,
      `  ${printable(fault.what)}`,
      ...curveLines(fault, widthMax ?? CURVE_WIDTH, colours),
      ...fault.broken.map((promise) => `  ${colours.red('broken:')} ${printable(promise)}`),
    ]
  })
}

const CURVE_WIDTH = 72
const CURVE_LABEL = '  deliveries '

/** Tenths of a second around the fault, as long as the screen is wide. */
function curveLines({curve}: FaultReport, width: number, colours: ChalkInstance): string[] {
  const room = Math.min(width, CURVE_WIDTH) - CURVE_LABEL.length
  // Half a second before it is enough to see the level that it falls from.
  const shown = curve.filter(({atMs}) => atMs >= -500).slice(0, Math.max(room, 0))
  const [first] = shown
  const last = shown.at(-1)
  if (first === undefined || last === undefined || shown.length < 8) return []
  const bars = sparkline(shown.map(({delivered}) => delivered), {from: 0})
  const scale = `${atText(first.atMs / 1000)} to ${atText((last.atMs + 100) / 1000)}`
  return [
    `${CURVE_LABEL}${colours.cyan(bars)}`,
    colours.dim(`${' '.repeat(CURVE_LABEL.length)}each tenth of a second, ${scale} after it`),
  ]
}

export function leakLines({leak}: RunReport, {colours}: SummaryOptions): string[] {
  if (leak === null) return []
  const {word, tone} = leakWord(leak.verdict)
  return [
    `${colours.bold('MEMORY')}  ${toned(tone, word, colours)}: ${printable(leak.summary)}`,
    `  ${soakSentence(leak)}`,
    ...leak.nodes.flatMap((node) => [
      `  ${printable(node.node)}  ${leakWord(node.verdict).word}: ${printable(node.summary)}`,
      ...node.findings.map(({verdict, name, evidence}) =>
        `    ${leakWord(verdict).word}  ${printable(name)}: ${printable(evidence)}`),
    ]),
  ]
}

/** "20 cycles of 1 000 connections and 2 000 messages, after 5 to warm up; …". */
export function soakSentence(leak: LeakSection): string {
  const {cycles, warmUpCycles, connectionsPerCycle, messagesPerCycle} = leak
  const limit = leak.detectionLimitBytesPerConnection
  const seen = limit === null
    ? ''
    : `; growth of less than ${bytes(limit)} a connection would not have been seen`
  return `${grouped(cycles)} cycles of ${grouped(connectionsPerCycle)} connections and `
    + `${grouped(messagesPerCycle)} messages, after ${grouped(warmUpCycles)} to warm up${seen}`
}
