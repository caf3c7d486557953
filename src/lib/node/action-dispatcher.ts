/**
 * Runs handlers for what clients send, and answers for those that throw, hang or do not exist. The
 * handlers of one connection start in the order of its frames; they may end in any.
 */
import type {ClientFrame} from '../protocol/client-frame.js'
import {AssertionFailed} from '../util/assert.js'
import {WsmeshError} from '../util/errors.js'
import type {ActionHandler, SendMessage} from './action-api.js'
import type {ActionRegistry} from './action-registry.js'
import {sayError} from './answers.js'
import {CalmWarning} from './calm-warning.js'
import type {ClientConnection} from './client-connection.js'
import type {Counters} from './counters.js'
import {HandlerClock} from './handler-clock.js'
import type {NodeLimits} from './limits.js'
import {describeError} from './log.js'
import type {Log} from './log.js'
import {RunningCall} from './running-call.js'

export interface DispatcherOptions {
  readonly registry: ActionRegistry
  readonly send: SendMessage
  readonly counters: Counters
  readonly log: Log
  readonly limits: Pick<NodeLimits, 'handlersPerClient' | 'handlersPerNode' | 'handlerTimeoutMs'>
}

type Failure = readonly [status: number, text: string]

export class ActionDispatcher {
  readonly #options: DispatcherOptions
  readonly #hanging: CalmWarning
  readonly #failing: CalmWarning
  readonly #clock: HandlerClock
  #running = 0

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#hanging = new CalmWarning(options.log)
    this.#failing = new CalmWarning(options.log)
    this.#clock = new HandlerClock(options.limits.handlerTimeoutMs)
  }

  /** A frame of a client that is known. */
  dispatch(connection: ClientConnection, frame: ClientFrame): void {
    const {registry, counters, limits} = this.#options
    const handlers = registry.handlersOf(frame.action)
    if (handlers.length === 0) {
      counters.add('actionsUnknown')
      fail(connection, frame, [404, `No such action: ${frame.action}`])
      return
    }
    if (connection.handlersRunning >= limits.handlersPerClient) {
      counters.add('handlersBusy')
      fail(connection, frame, [429, 'Too many actions at once: wait for the answers'])
      return
    }
    if (this.#running >= limits.handlersPerNode) {
      counters.add('handlersBusyTotal')
      fail(connection, frame, [503, 'Too many actions at this node: try again later'])
      return
    }
    counters.add('actionsHandled')
    for (const handler of handlers) this.#run(connection, frame, handler)
  }

  /** An event of the node's own; nobody waits for an answer. */
  announce(connection: ClientConnection, action: string, details: readonly unknown[]): void {
    for (const handler of this.#options.registry.handlersOf(action)) {
      this.#run(connection, {action, details}, handler)
    }
  }

  #run(connection: ClientConnection, frame: ClientFrame, handler: ActionHandler): void {
    let result: unknown
    try {
      result = handler(new RunningCall(connection, frame, this.#options.send))
    } catch (error) {
      this.#failed(connection, frame, error)
      return
    }
    if (!isPromiseLike(result)) return
    this.#began(connection)
    const running = this.#clock.began(() => this.#expired(connection, frame))
    /** False: it was told that it is late. */
    const ended = (): boolean => {
      const isInTime = this.#clock.ended(running)
      if (isInTime) this.#ended(connection)
      return isInTime
    }
    void Promise.resolve(result).then(ended, (error: unknown) => {
      this.#failed(connection, frame, error, !ended())
    })
  }

  #expired(connection: ClientConnection, frame: ClientFrame): void {
    this.#ended(connection)
    this.#options.counters.add('handlerTimeouts')
    this.#hanging.warn('An action handler does not end', {action: frame.action, ...frame.trace})
    fail(connection, frame, [504, 'The answer takes too long'])
  }

  #began(connection: ClientConnection): void {
    connection.handlersRunning += 1
    this.#running += 1
  }

  #ended(connection: ClientConnection): void {
    connection.handlersRunning -= 1
    this.#running -= 1
  }

  #failed(connection: ClientConnection, frame: ClientFrame, error: unknown, isLate = false): void {
    if (error instanceof AssertionFailed) throw error
    this.#options.counters.add('handlerErrors')
    this.#failing.error('An action handler failed', {
      action: frame.action,
      ...frame.trace,
      error: describeError(error),
      stack: error instanceof Error ? error.stack : undefined,
    })
    if (!isLate) fail(connection, frame, failureOf(error))
  }
}

/** What a client may know of an error: nothing of what is inside. */
function failureOf(error: unknown): Failure {
  if (error instanceof WsmeshError) {
    if (error.code === 'OUTBOX_FULL') return [503, 'Too busy: try again later']
    if (error.code === 'RECEIPT_TIMED_OUT') return [504, 'Sent, but not confirmed in time']
  }
  return [500, 'Internal error']
}

/** Events of the node's own are not answered: their errors are in the log. */
function fail(connection: ClientConnection, frame: ClientFrame, [status, text]: Failure): void {
  if (frame.action.startsWith('Client/')) return
  sayError(connection, frame, status, text)
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
