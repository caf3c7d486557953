import {createInterface, clearLine, cursorTo, type Interface} from 'node:readline'
import {setTimeout as delay} from 'node:timers/promises'

import type {ChalkInstance} from 'chalk'

import {ERROR_SUFFIX} from '../../protocol/client-frame.js'
import {CLOSE} from '../../protocol/close-code.js'
import {LIMITS} from '../../protocol/limits.js'
import {withResolvers} from '../../operator/resolvers.js'
import {type ErrorCode, WsmeshError} from '../../util/errors.js'
import {EXIT} from '../exit-code.js'
import {linesOf} from '../lines.js'
import {eventJson, eventLine, stateLines} from './connect-view.js'
import {Session, type SessionEnd, type SessionEvent, type SessionOptions} from './session.js'
import {CONNECT_HELP, readTypedLine} from './typed-line.js'
import {describeClose} from './why-closed.js'

export interface ConnectOptions extends Omit<SessionOptions, 'onEvent' | 'signal'> {
  readonly signal: AbortSignal
  /** Ends everything: /quit, or the end of the script. */
  readonly quit: () => void
  /** Lines that come before those of stdin. */
  readonly lines: readonly string[]
  readonly isRaw: boolean
  readonly asJson: boolean
  /** After the last line of a script: for answers and messages. */
  readonly waitMs: number
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly colours: ChalkInstance
  /** The beginning of the prompt. */
  readonly name: string
}

/** Until /quit, the end of stdin or a signal. Returns the exit status; rejects when refused. */
export async function runConnect(options: ConnectOptions): Promise<number> {
  return new Talk(options).run()
}

class Talk {
  readonly #options: ConnectOptions
  readonly #session: Session
  /** Undefined: nobody types. */
  readonly #prompt: Interface | undefined
  readonly #connected = withResolvers<undefined>()
  #isRaw: boolean
  #failed = false

  constructor(options: ConnectOptions) {
    const {stdin, stdout, asJson} = options
    this.#options = options
    this.#isRaw = options.isRaw
    this.#session = new Session({...options, onEvent: (event) => this.#told(event)})
    if (stdin.isTTY && stdout.isTTY && !asJson) {
      this.#prompt = createInterface({input: stdin, output: stdout, historySize: 500})
      this.#prompt.setPrompt(`${options.name}> `)
    }
  }

  async run(): Promise<number> {
    const {signal, quit} = this.#options
    const typed = this.#read().catch((error: unknown) => {
      quit()
      throw error
    })
    let end: SessionEnd
    try {
      end = await this.#session.run()
    } finally {
      quit()
      this.#connected.resolve(undefined)
      if (this.#prompt !== undefined) this.#options.stdout.write('\n')
      this.#prompt?.close()
      // Whoever types nothing more must not hold up the end.
      this.#options.stdin.destroy()
    }
    if (signal.aborted) await typed.catch(() => undefined)
    if (end.type !== 'ended') throw refusal(end)
    return this.#failed ? EXIT.error.code : EXIT.ok.code
  }

  async #read(): Promise<void> {
    await this.#connected.promise
    for (const line of this.#options.lines) this.#typed(line)
    if (this.#prompt !== undefined) await this.#readPrompt(this.#prompt)
    else await this.#readScript()
  }

  async #readPrompt(prompt: Interface): Promise<void> {
    const {quit, signal} = this.#options
    prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
    prompt.on('line', (line) => {
      this.#typed(line)
      if (!signal.aborted) prompt.prompt()
    })
    prompt.on('close', quit)
  }

  async #readScript(): Promise<void> {
    const {stdin, quit, waitMs, signal, lines} = this.#options
    // With lines of its own a terminal is not waited for.
    if (!stdin.isTTY) {
      for await (const {text} of linesOf(stdin, LIMITS.operatorFrameBytes)) {
        if (signal.aborted) return
        if (text === undefined) this.#wrong('a line is too long')
        else this.#typed(text)
      }
    } else if (lines.length === 0) {
      return
    }
    await delay(waitMs, undefined, {signal}).catch(() => undefined)
    quit()
  }

  #typed(line: string): void {
    const typed = readTypedLine(line)
    switch (typed.type) {
      case 'nothing':
        return
      case 'action':
        return this.#session.send(typed.action, typed.details)
      case 'text':
        return this.#session.sendText(typed.text)
      case 'raw':
        this.#isRaw = typed.isOn ?? !this.#isRaw
        return this.#say(this.#isRaw ? 'frames are shown as they come' : 'frames are shown short')
      case 'ping':
        return this.#session.ping()
      case 'state':
        return stateLines(this.#session.state).forEach((text) => this.#say(text))
      case 'reconnect':
        return this.#session.reconnect()
      case 'help':
        return CONNECT_HELP.forEach((text) => this.#say(text))
      case 'quit':
        return this.#options.quit()
      case 'wrong':
        return this.#wrong(typed.why)
      default:
        return typed satisfies never
    }
  }

  #wrong(why: string): void {
    this.#failed ||= this.#prompt === undefined
    if (this.#options.asJson) this.#line(JSON.stringify({type: 'wrong', at: Date.now(), why}))
    else this.#line(this.#options.colours.red(`? ${why}`))
  }

  #told(event: SessionEvent): void {
    const {asJson, colours} = this.#options
    const isAnswered = event.type === 'received' && event.answerMs !== undefined
    if (isAnswered && event.frame?.action.endsWith(ERROR_SUFFIX)) {
      this.#failed ||= this.#prompt === undefined
    }
    const at = Date.now()
    const text = asJson ? eventJson(event, at) : eventLine(event, at, {
      colours, isRaw: this.#isRaw, isScript: this.#prompt === undefined,
    })
    if (text !== undefined) this.#line(text)
    if (event.type !== 'connected' || event.isAgain) return
    this.#connected.resolve(undefined)
    if (this.#prompt === undefined) return
    this.#say('type an action and its details: hello "Hi"; /help says what else')
    this.#prompt.prompt()
  }

  /** For a person alone. */
  #say(text: string): void {
    if (!this.#options.asJson) this.#line(this.#options.colours.dim(text))
  }

  /** Above what is being typed, which stays. */
  #line(text: string): void {
    const {stdout} = this.#options
    if (this.#prompt === undefined) {
      stdout.write(`${text}\n`)
      return
    }
    cursorTo(stdout, 0)
    clearLine(stdout, 0)
    stdout.write(`${text}\n`)
    if (this.#session.state.url !== '') this.#prompt.prompt(true)
  }
}

function refusal(end: Exclude<SessionEnd, {type: 'ended'}>): WsmeshError {
  if (end.type === 'closed') {
    return new WsmeshError(codeOfClose(end.code),
      `Closed for good with ${describeClose(end.code, end.reason)}`,
      {suggestions: [`wsmesh errors lookup ${end.code}`]})
  }
  const {url, refusal: {why, failure}} = end
  if (failure === 'not-let-in') {
    return new WsmeshError('AUTH_REJECTED', `${url} does not let this client in: ${why}`, {
      suggestions: ['--user 42   (a token is made with the mesh secret)',
        '--token-file FILE, --session-file FILE or --cookie-file FILE',
        '--no-auth   (authenticate by hand, or not at all)'],
    })
  }
  return new WsmeshError('NODE_UNREACHABLE', `No WebSocket at ${url}`, {
    cause: new Error(why),
    suggestions: ['wsmesh pool list   (which nodes are up)',
      'wsmesh connect wss://host/path   (the path that --path of serve says)'],
  })
}

/** Who may not come back, or what was not said as it has to be. */
function codeOfClose(code: number): ErrorCode {
  const isRefusal = code === CLOSE.unauthenticated.code || code === CLOSE.kicked.code
  return isRefusal ? 'AUTH_REJECTED' : 'REQUEST_INVALID'
}
