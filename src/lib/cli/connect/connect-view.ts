import type {ChalkInstance} from 'chalk'

import {AUTHENTICATION, ERROR_SUFFIX, POSITION} from '../../protocol/client-frame.js'
import {formatDuration} from '../../util/duration.js'
import {printable, truncate} from '../printable.js'
import {timeOf} from '../time-of-day.js'
import {frameOf, type NodeFrame} from '../wire/client-wire.js'
import type {Session, SessionEvent} from './session.js'
import {describeClose} from './why-closed.js'

export interface ViewOptions {
  readonly colours: ChalkInstance
  /** Frames as they come, those of the protocol too. */
  readonly isRaw: boolean
  /** Nobody saw it being typed. */
  readonly isScript: boolean
}

/** A line for a person; undefined for what only /raw shows. */
export function eventLine(
  event: SessionEvent,
  at: number,
  {colours, isRaw, isScript}: ViewOptions,
): string | undefined {
  const time = colours.dim(timeOf(at))
  switch (event.type) {
    case 'connected':
      return colours.green(connectedText(event))
    case 'received':
      return receivedLine(event, time, colours, isRaw)
    case 'pinged':
      return isRaw ? `${time} ${colours.dim('< ping of WebSocket, answered')}` : undefined
    case 'pong':
      return `${time} ${colours.dim('<')} to the node and back in ${ms(event.ms)}`
    case 'sent': {
      const wait = event.waits ? colours.yellow('  waits for a connection') : ''
      const text = isRaw ? printable(event.text) : sentText(event.text)
      const isShown = isRaw || isScript || event.waits
      return isShown ? `${time} ${colours.cyan('>')} ${text}${wait}` : undefined
    }
    case 'lost': {
      const why = describeClose(event.code, printable(event.reason))
      return colours.yellow(`! closed with ${why} (again in ${formatDuration(event.delayMs)})`)
    }
    case 'failed': {
      const again = event.delayMs === 0 ? '' : ` (again in ${formatDuration(event.delayMs)})`
      return colours.yellow(`! ${event.url}: ${printable(event.why)}${again}`)
    }
    default:
      return event satisfies never
  }
}

/** One line of NDJSON; an API. */
export function eventJson(event: SessionEvent, at: number): string {
  switch (event.type) {
    case 'connected': {
      const {url, letIn, tookMs, isAgain} = event
      return JSON.stringify({type: 'connected', at, url, ms: rounded(tookMs), again: isAgain,
        node: letIn?.node ?? null, user: letIn?.user ?? null, position: letIn?.position ?? null,
        recovered: letIn?.recovered ?? null})
    }
    case 'received': {
      const {frame, text, answerMs} = event
      if (frame === undefined) return JSON.stringify({type: 'received', at, text})
      const answer = answerMs === undefined ? {} : {ms: rounded(answerMs)}
      return JSON.stringify({type: 'received', at, ...frame, ...answer})
    }
    case 'pinged':
      return JSON.stringify({type: 'pinged', at})
    case 'pong':
      return JSON.stringify({type: 'pong', at, ms: rounded(event.ms)})
    case 'sent':
      return JSON.stringify({type: 'sent', at, text: event.text, waits: event.waits})
    case 'lost': {
      const {code, reason, delayMs} = event
      return JSON.stringify({type: 'closed', at, code, reason, againInMs: delayMs})
    }
    case 'failed': {
      const {url, why, delayMs} = event
      return JSON.stringify({type: 'failed', at, url, why, againInMs: delayMs})
    }
    default:
      return event satisfies never
  }
}

/** What /state prints. */
export function stateLines(state: Session['state']): readonly string[] {
  const {url, isOpen, letIn, position, waiting} = state
  const who = letIn === undefined ? 'not authenticated' : describeUser(letIn.user)
  const ends = letIn?.expiresInMs ?? null
  return [
    `${isOpen ? 'open' : 'not connected'}  ${url}`,
    `node      ${letIn === undefined ? '-' : printable(letIn.node)}`,
    `who       ${who}${ends === null ? '' : `, proved for ${formatDuration(ends)}`}`,
    `position  ${position === undefined ? '-' : printable(position)}`,
    ...(waiting === 0 ? [] : [`waiting   ${waiting}`]),
  ]
}

function connectedText(event: Extract<SessionEvent, {type: 'connected'}>): string {
  const {url, label, letIn, tookMs, isAgain} = event
  const head = isAgain ? 'connected again' : 'connected'
  if (letIn === undefined) return `${head} to ${url} in ${ms(tookMs)}, not authenticated`
  const who = letIn.user === null ? label : describeUser(letIn.user)
  const missed = !isAgain ? '' : letIn.recovered
    ? '; what was missed follows' : '; what was missed is NOT known (recovered: false)'
  return `${head} to node ${printable(letIn.node)} at ${url} as ${who} in ${ms(tookMs)}${missed}`
}

function describeUser(user: string | null): string {
  return user === null ? 'a guest' : `user ${printable(user)}`
}

function receivedLine(
  {frame, text, answerMs}: Extract<SessionEvent, {type: 'received'}>,
  time: string,
  colours: ChalkInstance,
  isRaw: boolean,
): string | undefined {
  if (isRaw) return `${time} ${colours.dim('<')} ${printable(text)}`
  if (frame === undefined) return `${time} < ${printable(text)}  ${colours.red('no frame')}`
  const {action, details} = frame
  if (action === POSITION || action.startsWith(AUTHENTICATION)) return undefined
  const isError = action.endsWith(ERROR_SUFFIX)
  const name = isError ? colours.red(printable(action)) : colours.bold(printable(action))
  const shown = [time, colours.dim('<'), name, ...details.map(shownDetail)].join(' ')
  const notes = notesOf(frame, answerMs)
  return notes === '' ? shown : `${shown}  ${colours.dim(notes)}`
}

/** Whether it answers, or else where in the order it is, and its id, which begins with its node. */
function notesOf({id, position, re}: NodeFrame, answerMs: number | undefined): string {
  return [
    ...(re === undefined ? [] : [`answer${answerMs === undefined ? '' : ` in ${ms(answerMs)}`}`]),
    ...(position === undefined ? [] : [`at ${printable(position)}`]),
    ...(id === undefined ? [] : [`id ${printable(id)}`]),
  ].join(', ')
}

function shownDetail(value: unknown): string {
  return printable(JSON.stringify(value) ?? '')
}

/** An action as it would be typed, or whatever else it is. */
function sentText(text: string): string {
  const frame = frameOf(text)
  const shown = frame === undefined
    ? text : [frame.action, ...frame.details.map((value) => JSON.stringify(value) ?? '')].join(' ')
  return printable(truncate(shown, SENT_MAX))
}

const SENT_MAX = 500

function ms(value: number): string {
  return formatDuration(value)
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
