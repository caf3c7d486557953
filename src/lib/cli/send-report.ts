import type {ChalkInstance} from 'chalk'

import type {MeshAccess} from '../operator/mesh-access.js'
import {formatDuration} from '../util/duration.js'
import {EXIT, worseExit} from './exit-code.js'
import {failureJson, failureOf, renderFailure} from './failure.js'
import {grouped, plural} from './plural.js'
import {exitOfSent} from './send-result.js'
import {type LineOutcome, sendStream, type StreamTotals} from './send-stream.js'

export interface StreamPrint {
  line(text: string): void
  notice(text: string): void
  readonly asJson: boolean
  readonly colours: ChalkInstance
}

/** Sends a stream and says what became of it; resolves with the worst exit status of its lines. */
export async function reportStream(
  access: MeshAccess,
  input: AsyncIterable<unknown>,
  print: StreamPrint,
): Promise<number> {
  const startMs = performance.now()
  let exit: number = EXIT.ok.code
  const totals = await sendStream(access, input, (outcome) => {
    exit = worseExit(exit, reportLine(outcome, print))
  })
  if (!print.asJson) print.line(describeTotals(totals, performance.now() - startMs))
  return exit
}

function reportLine(outcome: LineOutcome, print: StreamPrint): number {
  if (outcome.ok) {
    if (print.asJson) print.line(JSON.stringify(outcome.sent))
    return exitOfSent(outcome.sent)
  }
  const failure = failureOf(outcome.error, 'wsmesh send')
  if (print.asJson) {
    print.line(JSON.stringify({error: failureJson(failure), line: outcome.line}))
  } else {
    const named = failure.message.startsWith('Line ') ? '' : `Line ${outcome.line}: `
    const shown = {...failure, message: named + failure.message}
    print.notice(renderFailure(shown, print.colours).trimEnd())
  }
  return failure.exit
}

function describeTotals(totals: StreamTotals, ms: number): string {
  const parts = [
    `sent ${plural(totals.messages, 'message')} in ${formatDuration(ms)}`,
    `delivered to ${plural(totals.connections, 'connection')}`,
    ...(totals.toNobody > 0 ? [`${grouped(totals.toNobody)} to nobody`] : []),
    ...(totals.failed > 0 ? [`${grouped(totals.failed)} failed`] : []),
  ]
  return parts.join(', ')
}
