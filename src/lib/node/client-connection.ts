/**
 * One client, as the registry and the session handling see it. There are tens of thousands of
 * these: fields only, no closures.
 */
import type {Proof} from '../auth/authenticator.js'
import {ARRAY_CLOSE_CODE, ARRAY_STOP, formOfFirst} from '../protocol/array-form.js'
import {CLOSE} from '../protocol/close-code.js'
import type {CloseName} from '../protocol/close-code.js'
import type {Identity} from '../protocol/target.js'
import type {AcceptedSocket, SocketHandler, WireFrame} from '../transport/transport.js'
import type {NodeLimits} from './limits.js'
import type {ConnectionPace} from './pace.js'
import type {ClientOrigin} from './client-door.js'
import type {VisitStart} from './visits.js'

/**
 * `object`: {"action", "details"}; `v1`: also id and position, and answers matched by id; `array`:
 * ["action", details], as front ends of 2015 speak.
 */
export type ClientForm = 'object' | 'v1' | 'array'

/** `traced`: a v1 client that is told which trace a message is part of. */
export type FrameForm = ClientForm | 'traced'

export type ClientState =
  | {readonly type: 'hello'}
  /** A proof is being checked; frames that come meanwhile wait, in order. */
  | {readonly type: 'authenticating'; readonly held: Uint8Array[]}
  | {readonly type: 'authenticated'}
  | {readonly type: 'closed'}

/** Of what may wait for a client: with more than that, it is not heard until it has read. */
const HEARD_SHARE = 0.5

const HELLO: ClientState = {type: 'hello'}
const AUTHENTICATED: ClientState = {type: 'authenticated'}
const CLOSED: ClientState = {type: 'closed'}
const NO_PROPERTIES: Readonly<Record<string, string>> = {}

/** What a connection tells whoever keeps it. */
export interface ConnectionOwner {
  received(connection: ClientConnection, data: Uint8Array, isBinary: boolean): void
  /** The socket is closed; after `closing`, or because the peer left. Called once, last. */
  ended(connection: ClientConnection, code: number, reason: string): void
  /** A ping of the peer, which the transport has answered. */
  pinged(connection: ClientConnection, bytes: number): void
  /** The transport is closing it, for what the peer sent. */
  violated(connection: ClientConnection, close: CloseName): void
  /** We are closing it: from now on it is for nobody. */
  closing(connection: ClientConnection, close: CloseName): void
}

export interface ConnectionOptions {
  readonly id: string
  readonly socket: AcceptedSocket
  /** Undefined: its first frame will say. */
  readonly form: ClientForm | undefined
  readonly limits: Pick<NodeLimits, 'clientQueueBytes' | 'pingMs'>
  readonly origin: ClientOrigin
  readonly nowMs: number
}

export class ClientConnection implements SocketHandler {
  /** Unique in the mesh. */
  readonly id: string
  readonly socket: AcceptedSocket
  /** What its upgrade request said. */
  readonly origin: ClientOrigin
  /** When it connected, by the node's monotonic clock. */
  readonly sinceMs: number
  readonly #owner: ConnectionOwner
  readonly #queueBytesMax: number
  #form: ClientForm | undefined
  /** Why we closed it. */
  #closedAs: CloseName | undefined
  #replayBytes = 0
  /** Frames that came while it is not heard: no more than were read in one piece. */
  #unheard: {readonly data: Uint8Array; readonly isBinary: boolean}[] | undefined
  state: ClientState = HELLO
  /** Stays while a later proof is checked. Undefined: nobody knows who this is yet. */
  identity: Identity | undefined
  /** Since when it is this identity's. */
  visit: VisitStart | undefined
  /** What its identity is asked about again with; undefined where the answer would be the same. */
  liveProof: Proof | undefined
  /** When the identity has to be proved again. */
  provedUntilMs = Number.POSITIVE_INFINITY
  /** What handlers have set; they outlive a change of identity. */
  ownProperties: Readonly<Record<string, string>> = NO_PROPERTIES
  nextPingMs: number
  unansweredPings = 0
  /** Undefined: it has not said anything lately. */
  pace: ConnectionPace | undefined
  handlersRunning = 0
  /** The last seq that it was told of, and when: by a message, its authentication or by itself. */
  toldSeq = 0
  toldAtMs: number
  /** Asked to be told which trace a message is part of. */
  wantsTrace = false
  /** The last delivery that it was part of: a list of groups may name it twice. */
  mark = 0

  constructor(owner: ConnectionOwner, options: ConnectionOptions) {
    this.#owner = owner
    this.#queueBytesMax = options.limits.clientQueueBytes
    this.id = options.id
    this.socket = options.socket
    this.#form = options.form
    this.origin = options.origin
    this.sinceMs = options.nowMs
    this.toldAtMs = options.nowMs
    this.nextPingMs = options.nowMs + options.limits.pingMs
  }

  get form(): ClientForm {
    return this.#form ?? 'object'
  }

  get frameForm(): FrameForm {
    return this.wantsTrace ? 'traced' : this.form
  }

  /** The first frame says which form the connection speaks: true when it is heard and said so. */
  learnsForm(data: Uint8Array): boolean {
    if (this.#form !== undefined) return false
    this.#form = formOfFirst(data)
    return true
  }

  /** The client's own, not that of a proxy that is trusted. */
  get address(): string {
    return this.origin.address
  }

  get isClosed(): boolean {
    return this.state.type === 'closed'
  }

  /** Queues a text; false when the connection is closed or is now, being too slow. */
  send(text: string): boolean {
    if (this.isClosed || !this.#hasRoomFor(Buffer.byteLength(text))) return false
    this.socket.send(text)
    return true
  }

  /** Bulk is for many connections at once. */
  sendFrame(frame: WireFrame, isBulk: boolean): boolean {
    if (this.isClosed || !this.#hasRoomFor(frame.bytes.byteLength)) return false
    this.socket.sendFrame(frame, isBulk)
    return true
  }

  /** The same where there is room for it as things are; else nothing happens. */
  sendIfRoom(frame: WireFrame, isBulk: boolean): boolean {
    const bytes = this.socket.bufferedBytes + frame.bytes.byteLength
    if (this.isClosed || bytes > this.#queueBytesMax) return false
    this.socket.sendFrame(frame, isBulk)
    return true
  }

  /**
   * What it missed, however much: the history bounds it. As long as that waits, so much more may
   * wait for this client.
   */
  replay(frames: readonly WireFrame[]): void {
    let bytes = this.replayBytes
    for (const frame of frames) {
      if (this.isClosed) return
      this.socket.sendFrame(frame)
      bytes += frame.bytes.byteLength
    }
    this.#replayBytes = bytes
  }

  /** Of what it missed, bytes that its socket has not taken; live messages may count as such. */
  get replayBytes(): number {
    if (this.#replayBytes > 0) {
      this.#replayBytes = Math.min(this.#replayBytes, this.socket.bufferedBytes)
    }
    return this.#replayBytes
  }

  /** Everything for this client up to the seq is queued. */
  told(seq: number, nowMs: number): void {
    this.toldSeq = seq
    this.toldAtMs = nowMs
  }

  /**
   * A message larger than the whole bound may still pass when nothing else waits. What was gathered
   * in this turn is offered to the operating system first: a burst is no slowness.
   */
  #hasRoomFor(bytes: number): boolean {
    if (this.socket.bufferedBytes + bytes <= this.#queueBytesMax) return true
    this.socket.flush()
    const left = this.socket.bufferedBytes
    if (left === 0 || left + bytes <= this.#queueBytesMax + this.replayBytes) return true
    this.close('slowConsumer')
    return false
  }

  beginAuthentication(): void {
    this.state = {type: 'authenticating', held: []}
  }

  /** A proof was checked: frames that waited for it are returned. */
  endAuthentication(): readonly Uint8Array[] {
    const held = this.state.type === 'authenticating' ? this.state.held : []
    this.state = this.identity === undefined ? HELLO : AUTHENTICATED
    return held
  }

  /** `detail`: what else there is to say, at most as long as whatIsWrongWithReason allows. */
  close(close: CloseName, detail?: string): void {
    if (this.isClosed) return
    this.state = CLOSED
    this.#closedAs = close
    this.#owner.closing(this, close)
    const {code, reason} = CLOSE[close]
    const isArray = this.form === 'array'
    if (isArray && close === 'kicked') this.socket.send(ARRAY_STOP)
    const text = detail === undefined ? reason : `${reason}: ${detail}`
    this.socket.close(isArray ? ARRAY_CLOSE_CODE : code, text)
    if (close === 'tooMany') this.socket.turnAway()
  }

  /**
   * A client whose own answers pile up since it reads slower than it asks is not heard until it has
   * read them, rather than closed: it is asked to do what TCP asks of everybody.
   */
  onMessage(data: Uint8Array, isBinary: boolean): void {
    if (this.isClosed) return
    if (this.#unheard === undefined && this.#isFarBehind()) {
      this.#unheard = []
      this.socket.pause()
    }
    if (this.#unheard === undefined) this.#owner.received(this, data, isBinary)
    else this.#unheard.push({data, isBinary})
  }

  onDrain(): void {
    this.hearAgain()
  }

  /** If it is not heard and has read enough since. Expected now and then. */
  hearAgain(): void {
    if (this.#unheard === undefined || this.isClosed || this.#isFarBehind()) return
    const unheard = this.#unheard
    this.#unheard = undefined
    this.socket.resume()
    for (const {data, isBinary} of unheard) this.onMessage(data, isBinary)
  }

  #isFarBehind(): boolean {
    const far = this.#queueBytesMax * HEARD_SHARE
    if (this.socket.bufferedBytes <= far) return false
    this.socket.flush()
    return this.socket.bufferedBytes > far
  }

  onPong(): void {
    this.unansweredPings = 0
  }

  onPing(bytes: number): void {
    if (!this.isClosed) this.#owner.pinged(this, bytes)
  }

  onViolation(close: CloseName): void {
    if (!this.isClosed) this.#owner.violated(this, close)
  }

  onClose(code: number, reason: string): void {
    this.state = CLOSED
    // Why it ended is what we said first, whatever the peer, or a form's one code, made of it.
    const close = this.#closedAs === undefined ? {code, reason} : CLOSE[this.#closedAs]
    this.#owner.ended(this, close.code, close.reason)
  }
}
