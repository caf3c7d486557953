/**
 * A tab of a user as a real front end would be: it stays connected, goes to another node when its
 * connection ends, and asks there for what it missed.
 */
import {AUTHENTICATION, ERROR_SUFFIX} from '../protocol/client-frame.js'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {LIMITS} from '../protocol/limits.js'
import {SUBPROTOCOL} from '../protocol/version.js'
import {dial} from '../transport/ws-transport.js'
import type {Socket, SocketHandler} from '../transport/transport.js'
import {withResolvers} from '../operator/resolvers.js'
import type {Place} from './place.js'

export interface TabOptions {
  readonly token: string
  /** Where to try the nth time in a row; undefined: nowhere at the moment. */
  readonly choose: (tries: number) => Place | undefined
  /** The position after which it wants what it missed. */
  readonly resumeFrom: () => string | undefined
  readonly onAttached: (position: string | null, recovered: boolean) => void
  /** It was let in there, and is no more. */
  readonly onDetached: (place: Place) => void
  /** Let in again, so long after that, its own pauses not counted. */
  readonly onBack: (ms: number) => void
  readonly onDelivered: (n: number, position: string) => void
  readonly onPassed: (position: string) => void
  readonly random: () => number
  /** Of many that come at once: each waits for a part of this first, and before it comes back. */
  readonly spreadMs?: number
}

export const DRILL_ACTION = 'drill'
const DIAL_MS = 3000
/** Full jitter: a pause of at most this, more for each try in vain, up to the most. */
const PAUSE_MS = 100
const PAUSE_MS_MAX = 2000
const NORMAL = 1000

export class Tab {
  readonly #options: TabOptions
  #socket: Socket | undefined
  #place: Place | undefined
  #isClosed = false
  /** When it lost its node, moved on by its own pauses. */
  #lostMs: number | undefined
  #wake: () => void = () => {}

  constructor(options: TabOptions) {
    this.#options = options
    void this.#stay()
  }

  /** The node that let it in; undefined while it is with none. */
  get place(): Place | undefined {
    return this.#place
  }

  close(): void {
    this.#isClosed = true
    this.#socket?.close(NORMAL, '')
    this.#socket?.destroy()
    this.#wake()
  }

  /** The connection is gone, and nobody said so: what a lost network is. */
  cut(): void {
    this.#socket?.destroy()
  }

  async #stay(): Promise<void> {
    const {spreadMs, random} = this.#options
    if (spreadMs !== undefined) await this.#pause(random() * spreadMs)
    for (let tries = 0; !this.#isClosed; tries += 1) {
      const place = this.#options.choose(tries)
      const wasIn = place !== undefined && (await this.#visit(place))
      this.#place = undefined
      this.#socket = undefined
      if (wasIn) {
        tries = 0
        this.#lostMs = performance.now()
        this.#options.onDetached(place)
      }
      if (this.#isClosed) return
      const mostMs = spreadMs ?? Math.min(PAUSE_MS * 2 ** Math.min(tries, 5), PAUSE_MS_MAX)
      const beforeMs = performance.now()
      await this.#pause(random() * mostMs)
      if (this.#lostMs !== undefined) this.#lostMs += performance.now() - beforeMs
    }
  }

  #letIn(place: Place): void {
    this.#place = place
    if (this.#lostMs !== undefined) this.#options.onBack(performance.now() - this.#lostMs)
    this.#lostMs = undefined
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Resolves at the end of the connection, with whether it was let in. */
  async #visit(place: Place): Promise<boolean> {
    const url = place.ready?.clientUrl
    if (url === undefined) return false
    const end = withResolvers<void>()
    let wasIn = false
    const result = await dial(
      url,
      {
        subprotocol: SUBPROTOCOL.client,
        timeoutMs: DIAL_MS,
        maxFrameBytes: LIMITS.nodeFrameBytes,
      },
      (socket) => this.#handler(socket, () => {
        wasIn = true
        this.#letIn(place)
      }, () => end.resolve()),
    )
    if (!result.ok) return false
    // A node that takes the connection and then says nothing (stopped, cut off) is left again.
    const timer = setTimeout(() => {
      if (!wasIn) result.socket.destroy()
    }, DIAL_MS)
    await end.promise
    clearTimeout(timer)
    return wasIn
  }

  #handler(socket: Socket, onIn: () => void, onEnd: () => void): SocketHandler {
    if (this.#isClosed) socket.destroy()
    this.#socket = socket
    const {token} = this.#options
    const resume = this.#options.resumeFrom()
    const proof = resume === undefined ? {token} : {token, resume}
    socket.send(JSON.stringify({action: AUTHENTICATION, details: [proof]}))
    return {
      onMessage: (data) => this.#received(data, socket, onIn),
      onClose: onEnd,
    }
  }

  #received(data: Uint8Array, socket: Socket, onIn: () => void): void {
    const json = parseJson(Buffer.from(data.buffer, data.byteOffset, data.length).toString())
    if (!json.ok || !isRecord(json.value) || this.#isClosed) return
    const {action, details, position} = json.value
    const first: unknown = Array.isArray(details) ? details[0] : undefined
    const second: unknown = Array.isArray(details) ? details[1] : undefined
    if (action === DRILL_ACTION && typeof first === 'number' && typeof position === 'string') {
      this.#options.onDelivered(first, position)
    } else if (action === AUTHENTICATION && isRecord(second)) {
      const start = second['position']
      this.#options.onAttached(typeof start === 'string' ? start : null,
        second['recovered'] === true)
      onIn()
    } else if (action === AUTHENTICATION + ERROR_SUFFIX) {
      socket.destroy()
    } else if (action === 'Client/position') {
      const passed = typeof first === 'string' ? first : position
      if (typeof passed === 'string') this.#options.onPassed(passed)
    }
  }
}
