import {CallerIds} from '../operator/caller-ids.js'
import type {MeshAccess} from '../operator/mesh-access.js'
import type {Publication} from '../operator/operator-connection.js'
import {ResendingPublisher} from '../operator/resending-publisher.js'
import {whatIsWrongWithCallerId} from '../protocol/caller-id.js'
import {isRecord} from '../protocol/json-text.js'
import {LIMITS} from '../protocol/limits.js'
import {encodePayload} from '../protocol/payload.js'
import {checkPublishedAction} from '../protocol/published-action.js'
import {targetFromJson, targetToJson} from '../protocol/target.js'
import {traceContextFrom} from '../protocol/trace-context.js'
import {WsmeshError} from '../util/errors.js'
import {type InputLine, linesOf} from './lines.js'
import {type SendJson, exitOfSent, sendJson} from './send-result.js'

/** What became of one line, in the order of the lines. */
export type LineOutcome =
  | {readonly ok: true; readonly line: number; readonly sent: SendJson}
  | {readonly ok: false; readonly line: number; readonly error: unknown}

export interface StreamTotals {
  readonly messages: number
  readonly failed: number
  readonly toNobody: number
  readonly connections: number
}

/** Messages without a receipt yet; reading stops at so many. */
const WINDOW_MESSAGES = 512
/** Bytes of them, and bytes that wait for the node to take them; reading stops at so many. */
const WINDOW_BYTES = 4 * 1024 * 1024

/**
 * Sends a stream of NDJSON through one node, in order, many messages under way at once. When its
 * node dies or is being stopped, all that has no receipt goes through another, in the same order
 * and under the same ids: nothing is dropped or doubled. `onOutcome` hears of every line, in order.
 * Rejects only when no node is in reach for the access's time: then the rest is not read.
 */
export async function sendStream(
  access: MeshAccess,
  input: AsyncIterable<unknown>,
  onOutcome: (outcome: LineOutcome) => void,
): Promise<StreamTotals> {
  const publisher = new ResendingPublisher(access)
  const ids = new CallerIds()
  const tally = new Tally(onOutcome)
  try {
    for await (const line of linesOf(input, LIMITS.operatorFrameBytes)) {
      tally.add(sendLine(line, publisher, ids), line.text?.length ?? 0)
      await tally.untilRoom(publisher.bufferedBytes > WINDOW_BYTES ? 1 : WINDOW_MESSAGES)
      if (publisher.failure !== undefined) break
    }
  } finally {
    await tally.allTold()
    publisher.close()
  }
  if (publisher.failure !== undefined) throw publisher.failure
  return tally.totals
}

/** Counts what is under way, and tells the outcomes in the order of the lines. */
class Tally {
  readonly totals = {messages: 0, failed: 0, toNobody: 0, connections: 0}
  readonly #onOutcome: (outcome: LineOutcome) => void
  #underWay = 0
  #bytes = 0
  #told: Promise<void> = Promise.resolve()
  #wake: (() => void) | undefined

  constructor(onOutcome: (outcome: LineOutcome) => void) {
    this.#onOutcome = onOutcome
  }

  add(outcome: Promise<LineOutcome>, bytes: number): void {
    this.#underWay += 1
    this.#bytes += bytes
    this.#told = this.#told.then(() => outcome).then((settled) => this.#tell(settled, bytes))
  }

  allTold(): Promise<void> {
    return this.#told
  }

  /** All of it is kept until it has a receipt: reading waits for room. */
  async untilRoom(count: number): Promise<void> {
    while (this.#underWay >= count || this.#bytes > WINDOW_BYTES) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  #tell(outcome: LineOutcome, bytes: number): void {
    this.#underWay -= 1
    this.#bytes -= bytes
    this.totals.messages += 1
    if (outcome.ok) {
      this.totals.connections += outcome.sent.connections
      if (exitOfSent(outcome.sent) !== 0) this.totals.toNobody += 1
    } else {
      this.totals.failed += 1
    }
    this.#onOutcome(outcome)
    this.#wake?.()
  }
}

async function sendLine(
  line: InputLine,
  publisher: ResendingPublisher,
  ids: CallerIds,
): Promise<LineOutcome> {
  try {
    const publication = parseLine(line)
    const startMs = performance.now()
    const {messageId = ids.next()} = publication
    const result = await publisher.publish({...publication, messageId})
    return {ok: true, line: line.number, sent: sendJson(result, performance.now() - startMs)}
  } catch (error) {
    return {ok: false, line: line.number, error}
  }
}

/** Throws INPUT_INVALID, TARGET_INVALID, DETAILS_INVALID or REQUEST_INVALID. */
export function parseLine({number, text}: InputLine): Publication {
  if (text === undefined) {
    throw new WsmeshError(
      'INPUT_INVALID',
      `Line ${number} is longer than ${LIMITS.operatorFrameBytes} characters`,
    )
  }
  const value = parseJsonLine(text, number)
  if (!isRecord(value)) throw new WsmeshError('INPUT_INVALID', `Line ${number} is no JSON object`)
  const {action, details, id, traceparent, tracestate, ...rest} = value
  const suggestions = ['{"action": "hello", "details": ["Hi"], "user": [42]}']
  if (typeof action !== 'string') {
    throw new WsmeshError('INPUT_INVALID', `Line ${number} has no action`, {suggestions})
  }
  const read = targetFromJson(rest)
  if (!read.ok) {
    throw new WsmeshError('TARGET_INVALID', `Line ${number}: ${read.reason}`, {suggestions})
  }
  encodePayload(action, details)
  checkPublishedAction(action)
  const trace = traceContextFrom({traceparent, tracestate})
  const publication = {action, details, target: targetToJson(read.value), ...trace}
  if (id === undefined || id === null) return publication
  const wrong = whatIsWrongWithCallerId(id)
  if (wrong !== undefined || typeof id !== 'string') {
    throw new WsmeshError('INPUT_INVALID', `Line ${number}: ${wrong}`)
  }
  return {...publication, messageId: id}
}

function parseJsonLine(text: string, number: number): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new WsmeshError('INPUT_INVALID', `Line ${number} is not JSON`, {cause: error})
  }
}
