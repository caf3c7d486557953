import {whatIsWrongWithCallerId} from '../protocol/caller-id.js'
import {traceContextFrom} from '../protocol/trace-context.js'
import {WsmeshError} from '../util/errors.js'
import {assertPiped, type InputStream} from './details-input.js'
import {givenTargets, type TargetFlagValues} from './target-flags.js'

interface SendFlagValues extends TargetFlagValues {
  readonly stdin: boolean
  readonly details?: string | undefined
  readonly id?: string | undefined
  readonly traceparent?: string | undefined
  readonly 'json-details': boolean
}

const EXAMPLE = 'wsmesh send hello Hi --user 42'

/** What flags and arguments must agree about. Throws USAGE. */
export function checkSendUsage(
  flags: SendFlagValues,
  action: string | undefined,
  stdin: InputStream,
): void {
  const wrong = flags.id === undefined ? undefined : whatIsWrongWithCallerId(flags.id)
  if (wrong !== undefined) throw new WsmeshError('USAGE', `--id: ${wrong}`)
  checkTrace(flags.traceparent)
  if (!flags.stdin) {
    if (action !== undefined) return
    throw new WsmeshError('USAGE', 'Which action? It comes first', {
      suggestions: [EXAMPLE, 'wsmesh send --help'],
    })
  }
  const beside = [
    ...(action === undefined ? [] : ['an action']),
    ...givenTargets(flags).map((kind) => `--${kind}`),
    ...(flags.details === undefined ? [] : ['--details']),
    ...(flags['json-details'] ? ['--json-details'] : []),
    ...(flags.id === undefined ? [] : ['--id']),
    ...(flags.traceparent === undefined ? [] : ['--traceparent']),
  ]
  if (beside.length > 0) {
    throw new WsmeshError(
      'USAGE',
      `--stdin takes everything from its lines, so ${beside.join(' and ')} cannot be given too`,
      {suggestions: [`echo '{"action":"hello","details":["Hi"],"user":42}' | wsmesh send --stdin`]},
    )
  }
  assertPiped(stdin, '--stdin')
}

/** A node goes on without one that is wrong; a person wants to know. */
function checkTrace(traceparent: string | undefined): void {
  if (traceparent === undefined || traceContextFrom({traceparent}) !== undefined) return
  throw new WsmeshError('USAGE', `--traceparent ${traceparent} is none`, {
    cause: new Error('it is 00-TRACE-PARENT-FLAGS, of 32, 16 and 2 hexadecimal digits'),
    suggestions: ['--traceparent 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
  })
}

/** What a message is known by, of the flags of one. */
export function namesOf({id, traceparent}: Pick<SendFlagValues, 'id' | 'traceparent'>) {
  return {
    ...(id !== undefined && {messageId: id}),
    ...(traceparent !== undefined && {traceparent}),
  }
}

/** A message to one user is no danger, one to all of them is. */
export function dangerOfSending(flags: Readonly<Record<string, unknown>>): string | undefined {
  return flags['everyone'] === true || flags['registered'] === true
    ? 'sends a message to everybody' : undefined
}
