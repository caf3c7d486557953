import type {ChalkInstance} from 'chalk'

import type {TailNotice} from '../operator/tail-mesh.js'
import type {MessageEvent} from '../protocol/operator-frame.js'
import {WsmeshError} from '../util/errors.js'
import {plural} from './plural.js'
import {printable} from './printable.js'
import {describeTarget} from './target-flags.js'
import {timeOf} from './time-of-day.js'

/** What `tail --json` prints for each message, one a line; an API. */
export function tailJson(message: MessageEvent): string {
  const {at, position, id, origin, target, action, details} = message
  return JSON.stringify({at, position, id, origin, target, action, details})
}

/** "14:02:11.123  a1b2  user 42  hello  ["Hi"]". */
export function tailLine(message: MessageEvent, colours: ChalkInstance): string {
  const {at, origin, target, action, details} = message
  return [
    colours.dim(timeOf(at)),
    colours.cyan(origin),
    printable(describeTarget(target)),
    colours.bold(printable(action)),
    printable(JSON.stringify(details) ?? ''),
  ].join('  ')
}

/** What happens beside the messages, for stderr. */
export function tailNotice(
  event: TailNotice,
  colours: ChalkInstance,
): string {
  switch (event.event) {
    case 'master':
      return event.master === null
        ? colours.yellow(`! no master at the moment (term ${event.term})`)
        : `* ${event.master} is master (term ${event.term})`
    case 'member':
      return event.change === 'joined'
        ? colours.green(`+ ${event.node} joined`)
        : colours.yellow(`- ${event.node} left`)
    case 'dropped':
      return colours.yellow(
        `! ${plural(event.messages, 'message')} not shown: this tail is too slow`,
      )
    default:
      return event satisfies never
  }
}

/** Messages that were left out because nobody took what was on stdout. */
export function tailUnread(dropped: number, colours: ChalkInstance): string {
  return colours.yellow(`! ${plural(dropped, 'message')} not shown: stdout was not read`)
}

/** A test of what `--grep` looks at: action, target and details. Throws USAGE. */
export function grepOf(pattern: string | undefined): (message: MessageEvent) => boolean {
  if (pattern === undefined) return () => true
  let expression: RegExp
  try {
    expression = new RegExp(pattern, 'u')
  } catch (error) {
    throw new WsmeshError('USAGE', `--grep is no regular expression: ${pattern}`, {cause: error})
  }
  return ({action, target, details}) =>
    expression.test(`${action} ${describeTarget(target)} ${JSON.stringify(details)}`)
}
