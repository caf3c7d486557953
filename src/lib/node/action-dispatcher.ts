/**
 * Runs handlers for what clients send, and answers for those that throw, hang or do not exist. The
 * handlers of one connection start in the order of its frames; they may end in any.
 */
import type {ClientFrame} from '../protocol/client-frame.js'
import {AssertionFailed} from '../util/assert.js'
import {WsmeshError} from '../util/errors.js'
import type {ActionCall, ActionHandler, SendMessage} from './action-api.js'
import type {ActionRegistry} from './action-registry.js'
import {say, sayError} from './answers.js'
import {CalmWarning} from './calm-warning.js'
import {setProperty} from './own-properties.js'
import type {ClientConnection} from './client-connection.js'
import type {Counters} from './counters.js'
import type {NodeLimits} from './limits.js'
import {describeError} from './log.js'
import type {Log} from './log.js'

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
  #running = 0

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#hanging = new CalmWarning(options.log)
    this.#failing = new CalmWarning(options.log)
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
      result = handler(callOf(connection, frame, this.#options.send))
    } catch (error) {
      this.#failed(connection, frame, error)
      return
    }
    if (!isPromiseLike(result)) return
    this.#began(connection)
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#ended(connection)
      this.#options.counters.add('handlerTimeouts')
      this.#hanging.warn('An action handler does not end', {action: frame.action})
      fail(connection, frame, [504, 'The answer takes too long'])
    }, this.#options.limits.handlerTimeoutMs)
    const ended = (): void => {
      clearTimeout(timer)
      if (!isLate) this.#ended(connection)
    }
    void Promise.resolve(result).then(ended, (error: unknown) => {
      ended()
      this.#failed(connection, frame, error, isLate)
    })
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

function callOf(connection: ClientConnection, frame: ClientFrame, send: SendMessage): ActionCall {
  const {identity} = connection
  return {
    action: frame.action,
    details: frame.details,
    user: identity?.user,
    groups: identity?.groups ?? [],
    session: identity?.session,
    language: identity?.properties['language'],
    connection: {
      id: connection.id,
      userAgent: identity?.properties['user_agent'],
      address: connection.address,
      get properties() {
        return connection.identity?.properties ?? {}
      },
      set: (name, value) => setProperty(connection, name, value),
      send: (action, details) => say(connection, action, details),
      close: () => connection.close('kicked'),
    },
    reply(details) {
      say(connection, frame.action, details, frame.id)
    },
    error(code, text) {
      if (!Number.isInteger(code) || code < 400 || code > 599 || text === '') {
        throw new TypeError(`error(${code}, ${JSON.stringify(text)}): code 400 to 599 and a text`)
      }
      sayError(connection, frame, code, text)
    },
    send,
  }
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
