import type {ChalkInstance} from 'chalk'

import {isGot, type ConnectionFinding} from '../protocol/explain-frame.js'
import {
  ageText,
  describeAbsence,
  describeAfterwards,
  describeConnection,
  describeVerdict,
} from './explain-text.js'
import type {Asked, ExplainJson, MessageAtNode, MessageJson} from './explain-view.js'
import {bytes, plural} from './plural.js'
import type {ScreenOptions} from './pool-screen.js'
import {printable} from './printable.js'
import {type Cell, type Column, renderTable} from './table.js'
import {describeTarget} from './target-flags.js'
import {askedText} from './who-screen.js'

/** One message with each connection, or the last ones of a user, a line each. */
export function explainScreen(
  explained: ExplainJson,
  asked: Asked,
  options: ScreenOptions,
): string[] {
  const {colours} = options
  const [message] = explained.messages
  const body =
    asked.message === undefined
      ? listScreen(explained, asked.user ?? '', options)
      : message === undefined
        ? []
        : messageScreen(message, asked, options)
  const warnings = explained.warnings.map((text) => `${colours.yellow('warning:')} ${text}`)
  return [...body, askedText(explained.nodes), ...warnings]
}

interface Line {
  readonly at: MessageAtNode
  readonly finding: ConnectionFinding | undefined
  readonly text: string
}

function messageScreen(
  message: MessageJson,
  asked: Asked,
  {colours, widthMax}: ScreenOptions,
): string[] {
  const {id, action, target, origin, ageMs} = message
  const head = [
    `${colours.bold(printable(id))}: ${verdictText(message, asked, colours)}`,
    ...(action === null
      ? []
      : [printable(`  ${action}, ${bytes(message.bytes ?? 0)}, for ${forWhom(target)}`)]),
    ...(origin === null
      ? []
      : [`  published at ${origin} ${ageText(ageMs ?? 0)} ago; ${placeText(message)}`]),
  ]
  const lines = message.byNode.flatMap((at) => linesOf(at, message, asked))
  const table = renderTable(lineColumns(colours), lines, {widthMax, headerStyle: colours.bold})
  return [...head, '', ...table, '']
}

function verdictText(message: MessageJson, {user}: Asked, colours: ChalkInstance): string {
  const text = printable(describeVerdict(message, user))
  return message.verdict === 'queued' ? colours.green(text) : colours.yellow(text)
}

function forWhom(target: MessageJson['target']): string {
  return target === null ? '' : describeTarget(target)
}

function placeText({position, term}: MessageJson): string {
  return position === null ? 'no position yet' : `position ${position}, term ${term}`
}

function linesOf(at: MessageAtNode, {target}: MessageJson, {user}: Asked): Line[] {
  const forgotten = user === undefined ? (at.queued ?? 0) - at.reached : 0
  const notes = [
    ...(at.more > 0 ? [`and ${plural(at.more, 'connection')} more`] : []),
    ...(forgotten > 0 ? [`queued to ${plural(forgotten, 'connection')} forgotten since`] : []),
  ]
  if (at.connections.length === 0 && notes.length === 0) {
    notes.push(describeAbsence(at, target, user))
  }
  return [
    ...at.connections.map((finding) => ({at, finding, text: describeConnection(finding)})),
    ...notes.map((text) => ({at, finding: undefined, text})),
  ]
}

function lineColumns(colours: ChalkInstance): readonly Column<Line>[] {
  return [
    {header: 'NODE', cell: ({at}) => at.node, shrinks: true},
    {header: 'STATE', cell: ({at}) => stateCell(at, colours), dropsAs: 3},
    {header: 'USER', cell: ({finding}) => finding?.user ?? '', shrinks: true, dropsAs: 2},
    {header: 'CONNECTION', cell: ({finding}) => finding?.connection ?? ''},
    {header: 'SESSION', cell: ({finding}) => finding?.session ?? '', shrinks: true, dropsAs: 1},
    {header: 'WHAT HAPPENED', cell: ({finding, text}) => happenedCell(finding, text, colours)},
  ]
}

function stateCell({state}: MessageAtNode, colours: ChalkInstance): Cell {
  switch (state) {
    case 'delivered':
      return {text: state, style: colours.green}
    case 'silent':
      return {text: state, style: colours.red}
    case 'not-here':
      return {text: 'delivered', style: colours.green}
    case 'waiting':
    case 'held':
    case 'committed':
    case 'behind':
    case 'expired':
    case 'unknown':
    case 'gone':
      return {text: state, style: colours.yellow}
    default:
      return state satisfies never
  }
}

function happenedCell(
  finding: ConnectionFinding | undefined,
  text: string,
  colours: ChalkInstance,
): Cell {
  if (finding === undefined) return {text, style: colours.dim}
  const isFine = isGot(finding) && finding.ended === null && finding.queueBytes === 0
  return isFine ? {text} : {text, style: colours.yellow}
}

function listScreen(
  {messages}: ExplainJson,
  user: string,
  {colours, widthMax}: ScreenOptions,
): string[] {
  if (messages.length === 0) {
    return [`no message for user ${printable(user)} is in the history of the nodes`]
  }
  const table = renderTable(listColumns(user, colours), messages, {
    widthMax, headerStyle: colours.bold,
  })
  const command = `wsmesh explain ${messages[0]?.id} --user ${printable(user)}`
  const next = `Next: ${command}   (each connection)`
  return [...table, '', next]
}

function listColumns(user: string, colours: ChalkInstance): readonly Column<MessageJson>[] {
  return [
    {header: 'AGO', align: 'right', cell: ({ageMs}) => ageText(ageMs ?? 0)},
    {header: 'MESSAGE', cell: ({id}) => id},
    {header: 'POSITION', cell: ({position}) => position ?? '', dropsAs: 1},
    {header: 'ACTION', cell: ({action}) => action ?? '', shrinks: true},
    {header: 'FOR', cell: ({target}) => forWhom(target), shrinks: true, dropsAs: 2},
    {header: 'TABS', align: 'right', cell: ({connections}) => String(connections)},
    {
      header: 'WHAT HAPPENED',
      cell: (message) => summaryCell(message, user, colours),
      shrinks: true,
    },
  ]
}

/** Where it went; or of the node that came closest, why not. */
function summaryCell(message: MessageJson, user: string, colours: ChalkInstance): Cell {
  const got = message.byNode.flatMap(({node, connections}) =>
    connections.filter(isGot).map((finding) => ({node, finding})),
  )
  if (message.verdict === 'queued') {
    const worst = got.find(({finding}) => finding.ended !== null || finding.queueBytes > 0)
    const nodes = [...new Set(got.map(({node}) => node))].join(', ')
    if (worst === undefined) return {text: `queued at ${nodes}`}
    return {text: `queued at ${nodes}; ${describeAfterwards(worst.finding)}`, style: colours.yellow}
  }
  const missed = message.byNode.flatMap(({connections}) => connections)
    .toSorted((a, b) => distance(a) - distance(b))[0]
  const text =
    missed === undefined
      ? describeVerdict(message, user)
      : `${missed.connection} ${describeConnection(missed)}`
  return {text, style: colours.yellow}
}

/** How far from the message a connection that missed it was. */
function distance({outcome, sinceMs, ended}: ConnectionFinding): number {
  if (outcome === 'too-slow' || outcome === 'not-meant') return -1
  return Math.abs(outcome === 'earlier' ? (ended?.afterMs ?? 0) : sinceMs)
}
