import {asItCame} from '../protocol/array-form.js'
import type {ClientFrame} from '../protocol/client-frame.js'
import type {Identity} from '../protocol/target.js'
import type {TraceContext} from '../protocol/trace-context.js'
import type {ActionCall, ActionConnection, SendMessage} from './action-api.js'
import {say, sayError} from './answers.js'
import type {ClientConnection} from './client-connection.js'
import {setProperty} from './own-properties.js'

const NO_GROUPS: readonly string[] = []

/**
 * What a handler is called with. Who the client is was read when the call began; what most handlers
 * do not ask for is made when they do, since this is made for every message.
 */
export class RunningCall implements ActionCall {
  readonly action: string
  readonly details: readonly unknown[]
  readonly send: SendMessage
  readonly trace: TraceContext | undefined
  readonly #frame: ClientFrame
  readonly #connection: ClientConnection
  readonly #identity: Identity | undefined

  constructor(connection: ClientConnection, frame: ClientFrame, send: SendMessage) {
    this.action = frame.action
    this.details = frame.details
    const {trace} = frame
    this.trace = trace ?? undefined
    const own = frame.given === undefined ? send : sendAsItCame(frame, send)
    this.send = trace === undefined || trace === null ? own : sendIn(trace, own)
    this.#frame = frame
    this.#connection = connection
    this.#identity = connection.identity
  }

  get user(): string | undefined {
    return this.#identity?.user
  }

  get groups(): readonly string[] {
    return this.#identity?.groups ?? NO_GROUPS
  }

  get session(): string | undefined {
    return this.#identity?.session
  }

  get language(): string | undefined {
    return this.#identity?.properties['language']
  }

  get connection(): ActionConnection {
    return connectionOf(this.#connection, this.#identity)
  }

  get reply(): ActionCall['reply'] {
    return (details) => {
      say(this.#connection, this.action, asItCame(this.#frame, details), this.#frame.id)
    }
  }

  get error(): ActionCall['error'] {
    return (code, text) => {
      if (!Number.isInteger(code) || code < 400 || code > 599 || text === '') {
        throw new TypeError(`error(${code}, ${JSON.stringify(text)}): code 400 to 599 and a text`)
      }
      sayError(this.#connection, this.#frame, code, text)
    }
  }
}

/** What is sent for a call is part of the trace that the call is. */
function sendIn(trace: TraceContext, send: SendMessage): SendMessage {
  return (action, details, target, options) => send(action, details, target, {trace, ...options})
}

function sendAsItCame(frame: ClientFrame, send: SendMessage): SendMessage {
  return (action, details, ...rest) => send(action, asItCame(frame, details), ...rest)
}

function connectionOf(
  connection: ClientConnection, identity: Identity | undefined,
): ActionConnection {
  return {
    id: connection.id,
    userAgent: identity?.properties['user_agent'],
    address: connection.address,
    get properties() {
      return connection.identity?.properties ?? {}
    },
    set: (name, value) => setProperty(connection, name, value),
    send: (action, details) => say(connection, action, details),
    close: () => connection.close('kicked'),
  }
}
