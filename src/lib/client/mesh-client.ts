/** What `connect` returns: listeners, what waits to be sent, requests, its place in the order. */
import {attempt} from './environment.js'
import {encodeFrame, ERROR, isAfter, POSITION} from './frame.js'
import type {Frame} from './frame.js'
import type {Line, LineOwner} from './line.js'
import {Listeners} from './listeners.js'
import {MeshError} from './mesh-error.js'
import {MessageStream} from './message-stream.js'
import {Requests} from './requests.js'
import type {Settings} from './settings.js'
import type {AnyActions, ErrorListener, Listener, Mesh, MessageOf, MeshState} from './types.js'

type Message = MessageOf<AnyActions>
type Callback = Listener<readonly unknown[]>

/** A frame that waits for a connection. */
interface Queued {
  readonly text: string
  readonly id: string | undefined
}

interface Stream {
  /** Undefined: all. */
  readonly action: string | undefined
  readonly to: MessageStream<Message>
}

export class MeshClient implements Mesh, LineOwner {
  readonly #settings: Settings
  readonly #line: Line
  readonly #listeners = new Listeners()
  readonly #requests = new Requests()
  readonly #streams = new Set<Stream>()
  readonly #onState = new Set<(state: MeshState) => void>()
  readonly #onRecovered = new Set<(recovered: boolean) => void>()
  readonly #abort = (): void => this.close()
  #queue: Queued[] = []
  #state: MeshState = {type: 'connecting'}
  #position: string | undefined

  constructor(settings: Settings, createLine: (owner: LineOwner) => Line) {
    this.#settings = settings
    // A page may have rendered none.
    this.#position = settings.position || undefined
    this.#line = createLine(this)
    const {signal} = settings
    if (signal?.aborted === true) {
      this.close()
      return
    }
    signal?.addEventListener('abort', this.#abort)
    // Whoever called has his listeners in place by then.
    queueMicrotask(() => {
      if (this.#state.type !== 'closed') this.#line.start()
    })
  }

  get state(): MeshState {
    return this.#state
  }

  get position(): string | undefined {
    return this.#position
  }

  on(action: string, success?: Callback, error?: ErrorListener): this {
    return this.#add(action, success, error)
  }

  once(action: string, success?: Callback, error?: ErrorListener): this {
    return this.#add(action, success, error, true)
  }

  off(action: string, success?: Callback, error?: ErrorListener): this {
    this.#listeners.remove(action, success, error)
    return this
  }

  send(action: string, ...details: readonly unknown[]): this {
    this.#say(action, details, this.#line.tag)
    return this
  }

  request(action: string, ...details: readonly unknown[]): Promise<readonly unknown[]> {
    const answer = this.#ask(action, details)
    // Whoever does not wait for the answer is told nothing, and harmed by nothing.
    answer.catch(() => {})
    return answer
  }

  messages(action?: string): AsyncIterableIterator<Message> {
    const entry: Stream = {
      action,
      to: new MessageStream<Message>(() => this.#streams.delete(entry)),
    }
    if (this.#state.type === 'closed') entry.to.end()
    else this.#streams.add(entry)
    return entry.to
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Message> {
    return this.messages()
  }

  onState(listener: (state: MeshState) => void): () => void {
    this.#onState.add(listener)
    return () => this.#onState.delete(listener)
  }

  onRecovered(listener: (recovered: boolean) => void): () => void {
    this.#onRecovered.add(listener)
    return () => this.#onRecovered.delete(listener)
  }

  close(): void {
    this.changed({type: 'closed', code: 1000, reason: 'closed'})
  }

  changed(state: MeshState, position?: string): void {
    if (this.#state.type === 'closed') return
    const before = this.#state
    this.#state = state
    if (state.type === 'open') this.#opened(position)
    else if (state.type === 'closed') this.#closed(state.reason)
    else if (before.type === 'open') this.#broken()
    this.#tell(this.#onState, state, state)
    if (state.type !== 'open' || before.type === 'open' || state.recovered === null) return
    this.#tell(this.#onRecovered, state.recovered, state)
  }

  arrived(frame: Frame): void {
    const {re, ...message} = frame
    const {action, details} = message
    const position = action === POSITION ? details[0] : frame.position
    if (typeof position === 'string') {
      // What comes again, as a node or another tab sent it twice, was handed on before.
      if (!isAfter(position, this.#position)) return
      this.#position = position
    }
    if (action.startsWith('Client/')) return
    if (re !== undefined && (this.#requests.answered(frame) || re !== this.#line.tag)) return
    const isError = action.endsWith(ERROR)
    const name = isError ? action.slice(0, -ERROR.length) : action
    const isHeard = this.#listeners.call(name, isError, details)
    // An error that nobody expects is a mistake in the page: it is not hidden.
    if (isError && !isHeard) console.warn(`wsmesh: ${action}`, ...details)
    if (isError) return
    for (const {action: wanted, to} of this.#streams) {
      if (wanted === undefined || wanted === action) to.push(message)
    }
  }

  /** Until one of them changes the state: the rest has then been told of the newer one. */
  #tell<T>(listeners: ReadonlySet<(value: T) => void>, value: T, state: MeshState): void {
    for (const listener of listeners) {
      if (this.#state === state) attempt(() => listener(value))
    }
  }

  #add(action: string, success?: Callback, error?: ErrorListener, isOnce = false): this {
    this.#listeners.add(action, {success, error: error, isOnce})
    return this
  }

  async #ask(action: string, details: readonly unknown[]): Promise<readonly unknown[]> {
    const id = this.#requests.nextId(this.#line.tag)
    this.#say(action, details, id)
    return this.#requests.wait(id, this.#settings.timeoutMs, () => {
      this.#queue = this.#queue.filter((queued) => queued.id !== id)
    })
  }

  #say(action: string, details: readonly unknown[], id: string | undefined): void {
    const {queueMax, frameBytesMax, trace} = this.#settings
    if (this.#state.type === 'closed') throw new MeshError('closed', this.#state.reason)
    const text = encodeFrame(action, details, id, frameBytesMax, trace?.())
    if (this.#state.type === 'open' && this.#line.write(text)) return
    if (this.#queue.length >= queueMax) {
      throw new MeshError('queue-full', `${queueMax} wait already`)
    }
    this.#queue.push({text, id})
  }

  #opened(position: string | undefined): void {
    if (position !== undefined) this.#position = position
    while (this.#queue.length > 0 && this.#line.write(this.#queue[0]?.text ?? '')) {
      this.#queue.shift()
    }
  }

  #broken(): void {
    const isQueued = (id: string): boolean => this.#queue.some((queued) => queued.id === id)
    this.#requests.failAll('lost', 'The connection broke before the answer', isQueued)
  }

  #closed(reason: string): void {
    this.#line.close()
    this.#queue = []
    this.#settings.signal?.removeEventListener('abort', this.#abort)
    this.#requests.failAll('closed', reason, () => false)
    for (const {to} of this.#streams) to.end()
  }
}
