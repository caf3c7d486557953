import type {OperatorAnswer, OperatorRequest} from '../protocol/operator-frame.js'
import type {OperatorError, OperatorResult} from '../protocol/operator-frame.js'
import type {NodeId} from '../util/brand.js'
import {formatDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import {Numbered} from '../util/numbered.js'

interface Waiting {
  readonly id: number
  readonly resolve: (result: OperatorResult) => void
  readonly reject: (error: WsmeshError) => void
  readonly timer: NodeJS.Timeout
  readonly op: OperatorRequest['op']
  readonly node: NodeId
}

/** Requests of one connection that have no answer yet, by id. */
export class PendingRequests {
  readonly #waiting = new Numbered<Waiting>()
  #lastId = 0
  #hasRefused = false

  /** A publish was answered 503, though its promise may not have said so yet. */
  get hasRefused(): boolean {
    return this.#hasRefused
  }

  add(
    op: OperatorRequest['op'],
    node: NodeId,
    timeoutMs: number,
  ): {readonly id: number; readonly promise: Promise<OperatorResult>} {
    this.#lastId += 1
    const id = this.#lastId
    const promise = new Promise<OperatorResult>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#take(id)?.reject(timedOut(op, node, timeoutMs))
      }, timeoutMs)
      this.#waiting.add(id, {id, resolve, reject, timer, op, node})
    })
    return {id, promise}
  }

  /** An answer to no request of ours, or to one given up, says nothing to anybody. */
  answer(answer: OperatorAnswer): void {
    const waiting = this.#take(answer.id)
    if (waiting === undefined) return
    if (!answer.ok && answer.error.status === 503) this.#hasRefused = true
    if (answer.ok) waiting.resolve(answer.result)
    else waiting.reject(refused(answer.error, waiting.node))
  }

  failAll(error: WsmeshError): void {
    for (const {id, op, node} of this.#waiting.above(0)) {
      this.#take(id)?.reject(hasReceipt(op) ? unknownOutcome(node, error) : error)
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.take(id)
    clearTimeout(waiting?.timer)
    return waiting
  }
}

function timedOut(op: OperatorRequest['op'], node: NodeId, timeoutMs: number): WsmeshError {
  const time = formatDuration(timeoutMs)
  if (hasReceipt(op)) {
    return new WsmeshError(
      'RECEIPT_TIMED_OUT',
      `No receipt within ${time}: the message may still be delivered`,
      {suggestions: ['wsmesh pool list   (is there a master?)', '--timeout 30s']},
    )
  }
  return new WsmeshError('TIMED_OUT', `Node ${node} did not answer within ${time}`)
}

function unknownOutcome(node: NodeId, cause: WsmeshError): WsmeshError {
  return new WsmeshError(
    'NODE_UNREACHABLE',
    `Node ${node} went away before its receipt: the message may have been delivered, or not`,
    {cause: cause.cause ?? cause, suggestions: ['wsmesh pool list']},
  )
}

/** The node's refusal, as HTTP's statuses say it. */
function refused({status, message, messageId}: OperatorError, node: NodeId): WsmeshError {
  switch (status) {
    case 400:
      return new WsmeshError('REQUEST_INVALID', `Node ${node} refused: ${message}`)
    case 403:
      return new WsmeshError('NOT_ALLOWED', `Node ${node} refused: ${message}`, {
        suggestions: ["--secret-file FILE   (the mesh's own secret, not a viewer's)"],
      })
    case 409:
      return new WsmeshError('NODE_REFUSED', `Node ${node} refused: ${message}`)
    case 413:
      return new WsmeshError('DETAILS_INVALID', `Node ${node} refused: ${message}`)
    case 503:
      return new WsmeshError('OUTBOX_FULL', `Node ${node} takes no messages now: ${message}`, {
        suggestions: ['wsmesh pool list   (is there a master?)'],
      })
    case 504:
      return new WsmeshError(
        'RECEIPT_TIMED_OUT',
        `No receipt from the mesh yet: message ${messageId ?? ''} waits at node ${node}`,
        {cause: new Error(message), suggestions: ['wsmesh pool list   (is there a master?)']},
      )
    default:
      return new WsmeshError('REQUEST_INVALID', `Node ${node} answered ${status}: ${message}`)
  }
}

/** Requests that become messages: what has no receipt may still come true. */
function hasReceipt(op: OperatorRequest['op']): boolean {
  return op === 'publish' || op === 'kick' || op === 'refresh'
}
