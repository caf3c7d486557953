/** One open page: it is told a snapshot a second while it looks, and its questions are answered. */
import type {AcceptedSocket, SocketHandler} from '../transport/transport.js'
import {WsmeshError} from '../util/errors.js'
import type {Acts} from './acts.js'
import {readRequest} from './requests.js'
import type {Visitor} from './visitors.js'
import type {SnapshotCore} from './watch.js'
import type {EventRow, Failure, Hello, Request, ServerMessage} from './wire.js'

/** A page that does not read is sent no more snapshots until it has. */
const BUFFERED_BYTES_MAX = 1024 * 1024
/** Questions of one page that wait for their answers. */
const WAITING_MAX = 20
const CLOSE_BAD_FRAME = 1008
const FOR_OTHERS = 'The link for operators is where wsmesh admin was started'

export interface PageSessionOptions {
  readonly socket: AcceptedSocket
  readonly visitor: Visitor
  readonly acts: Acts
  readonly hello: Hello
  /** The snapshot of now, once it exists. */
  readonly last: () => SnapshotCore | undefined
  readonly eventsAfter: (seq: number) => readonly EventRow[]
  readonly pages: () => number
  readonly onClose: () => void
  /** A fault of ours, as a line for people. */
  readonly notice: (line: string) => void
}

export class PageSession implements SocketHandler {
  readonly #options: PageSessionOptions
  #isLooking = true
  #lastSeq = 0
  #waiting = 0
  #trace: AbortController | undefined
  #isOver = false

  constructor(options: PageSessionOptions) {
    this.#options = options
    this.#say(options.hello)
    const last = options.last()
    if (last !== undefined) this.tell(JSON.stringify(last))
  }

  /** The snapshot as JSON, which is made once for all pages. */
  tell(text: string): void {
    const {socket, eventsAfter, pages} = this.#options
    if (!this.#isLooking || this.#isOver || socket.bufferedBytes > BUFFERED_BYTES_MAX) return
    const events = eventsAfter(this.#lastSeq)
    this.#lastSeq = events.at(-1)?.seq ?? this.#lastSeq
    const own = JSON.stringify({pages: pages(), events})
    socket.send(`${text.slice(0, -1)},${own.slice(1)}`)
  }

  onMessage(data: Uint8Array): void {
    const read = readRequest(data)
    if (!read.ok) {
      if (read.id === undefined) this.#options.socket.close(CLOSE_BAD_FRAME, read.why.slice(0, 100))
      else this.#refuse(read.id, {code: 'REQUEST_INVALID', message: read.why, hint: null})
      return
    }
    void this.#answer(read.request)
  }

  onClose(): void {
    this.#isOver = true
    this.#trace?.abort()
    this.#options.onClose()
  }

  async #answer(request: Request): Promise<void> {
    const {id, ask} = request
    const {visitor, notice} = this.#options
    if (!this.#options.hello.may.includes(ask)) {
      const message = `This is not for ${visitor.role}s`
      this.#refuse(id, {code: 'NOT_ALLOWED', message, hint: FOR_OTHERS})
      return
    }
    if (this.#waiting >= WAITING_MAX) {
      this.#refuse(id, {code: 'REQUEST_INVALID', message: 'Too many questions at once', hint: null})
      return
    }
    this.#waiting += 1
    try {
      const result = await this.#done(request)
      this.#say({type: 'answer', id, ok: true, result})
    } catch (error) {
      if (!(error instanceof WsmeshError)) {
        notice(`admin: a bug in ${ask}: ${error instanceof Error ? error.stack : String(error)}`)
      }
      this.#refuse(id, failureOf(error))
    } finally {
      this.#waiting -= 1
    }
  }

  async #done(request: Request): Promise<unknown> {
    const {acts, visitor} = this.#options
    switch (request.ask) {
      case 'look': {
        this.#isLooking = request.isOn
        const last = this.#options.last()
        if (request.isOn && last !== undefined) this.tell(JSON.stringify(last))
        return null
      }
      case 'trace':
        this.#follow(request.user)
        return null
      default:
        return acts.perform(request, visitor)
    }
  }

  #follow(user: string | null): void {
    this.#trace?.abort()
    this.#trace = undefined
    if (user === null) return
    const trace = new AbortController()
    this.#trace = trace
    void this.#followUntil(user, trace)
  }

  async #followUntil(user: string, trace: AbortController): Promise<void> {
    const {acts, visitor} = this.#options
    const why = await acts.trace(user, visitor, trace.signal, (row) => {
      this.#say({type: 'trace', user, row})
    })
    if (this.#trace === trace) this.#trace = undefined
    this.#say({type: 'trace-ended', user, why})
  }

  #refuse(id: number, error: Failure): void {
    this.#say({type: 'answer', id, ok: false, error})
  }

  #say(message: ServerMessage): void {
    if (!this.#isOver) this.#options.socket.send(JSON.stringify(message))
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof WsmeshError) {
    const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
    return {
      code: error.code,
      message: `${error.message}${cause}`.slice(0, 600),
      hint: error.suggestions[0] ?? null,
    }
  }
  return {code: 'BUG', message: 'This is a bug in wsmesh: its log says more', hint: null}
}
