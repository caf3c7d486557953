import type {CloseName} from '../protocol/close-code.js'

/**
 * Sockets as the rest of wsmesh sees them. `ws-transport.ts` is the one file that imports `ws`;
 * whoever holds a Socket never learns what is under it.
 */
export interface Socket {
  /** Text goes out as a text frame, bytes as a binary frame. Nothing happens after the close. */
  send(data: string | Uint8Array): void
  /** Asks for an onPong with this payload (125 bytes at most); goes out behind what was sent. */
  ping(payload?: string): void
  /** Starts the closing handshake; the socket is destroyed if the peer does not answer in time. */
  close(code: number, reason: string): void
  /** At once, without a closing handshake. */
  destroy(): void
  /** Bytes handed to send that the operating system has not taken. */
  readonly bufferedBytes: number
}

/** A socket that a listener accepted. What is sent in one turn of the event loop is one write. */
export interface AcceptedSocket extends Socket {
  /**
   * A frame made by buildFrame: many sockets share its bytes. Bulk, which many sockets are sent at
   * once, may wait a few turns of the event loop; in its order, with what comes behind it.
   */
  sendFrame(frame: WireFrame, isBulk?: boolean): void
  /** Hands what was gathered to the operating system now: bufferedBytes is then its backlog. */
  flush(): void
  /**
   * Nothing of the peer is read until `resume`, its pongs neither; what was read already may still
   * come. onDrain is called when the operating system has taken all that waits now.
   */
  pause(): void
  resume(): void
  /**
   * After `close`, for a peer that sends too much: nothing more of it is read, not even to be
   * thrown away, since everybody pays for the collection of that garbage. Our side ends after the
   * close frame; the peer has CLOSE_TIMEOUT_MS to read it.
   */
  turnAway(): void
  /** The peer proved who it is: the limit on bytes before that is lifted. */
  liftProofLimit(): void
  /** The peer's address as the operating system tells it; a proxy's, where there is one. */
  readonly remoteAddress: string
}

/** One whole WebSocket frame, or several, as a server sends it: unmasked, header included. */
export interface WireFrame {
  readonly bytes: Uint8Array
  /** The bytes are those of these frames: see joinFrames. */
  readonly parts?: readonly WireFrame[]
}

/** What a socket's owner is told. Nothing is called after onClose. */
export interface SocketHandler {
  onMessage(data: Uint8Array, isBinary: boolean): void
  onPong?(payload: string): void
  /** A ping came and was answered. */
  onPing?(bytes: number): void
  /** After a pause: all that waited is taken. It is not read yet. */
  onDrain?(): void
  /** The peer broke RFC 6455 or a limit of its kind: the transport is closing it. */
  onViolation?(close: CloseName): void
  onClose(code: number, reason: string): void
}

/** PEM. */
export interface TlsParts {
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
}

/**
 * Why a dial failed. `refused`: the operating system said that nobody listens there, which proves
 * that the process that did is gone. `rejected`: somebody answered, but not with a WebSocket.
 * `untrusted`: one side does not believe the other's certificate; it stays so until people act.
 */
export type DialFailure = 'refused' | 'rejected' | 'timeout' | 'unreachable' | 'untrusted'

export type DialResult =
  | {readonly ok: true; readonly socket: Socket}
  | {readonly ok: false; readonly failure: DialFailure; readonly detail: string}

export interface DialOptions {
  readonly subprotocol?: string
  /** For connecting and the WebSocket handshake together. */
  readonly timeoutMs: number
  readonly maxFrameBytes: number
  readonly signal?: AbortSignal
  /** As a page says where it is from. */
  readonly origin?: string | undefined
  /** What a browser would send along: `name=value; …`. */
  readonly cookie?: string | undefined
  /** For wss: whom to believe, and what to show; without it, those that Node believes. */
  readonly tls?: TlsParts | undefined
}

/** A GET with `Upgrade: websocket`, before anything is decided. */
export interface UpgradeRequest {
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly subprotocols: readonly string[]
  readonly remoteAddress: string
}

export type UpgradeDecision = SettledUpgrade | LaterUpgrade

/** The request stays unanswered until `settle` is called. */
export interface LaterUpgrade {
  readonly accept: 'later'
  /** Called once; what it returns is called instead of `settle` when the peer has gone. */
  readonly wait: (settle: (decision: SettledUpgrade) => void) => () => void
}

export type SettledUpgrade =
  | {
      readonly accept: true
      /** One of ListenOptions.kinds. */
      readonly kind: string
      readonly subprotocol: string | undefined
      /** Called once the WebSocket is open; what it returns hears all from the first frame. */
      readonly handler: (socket: AcceptedSocket) => SocketHandler
    }
  | {readonly accept: false; readonly status: number; readonly text: string}

export interface PlainRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Empty where the peer is a process of this machine at a unix socket. */
  readonly remoteAddress: string
  /**
   * Asks the peer for the body, where there is one; once, and never rejects. Requests of one
   * connection get theirs in their order: what is done in the same turn keeps it.
   */
  readBody(bytesMax: number): Promise<BodyRead>
}

export type BodyRead =
  | {readonly ok: true; readonly bytes: Uint8Array}
  /** `cut off`: the peer has gone, no answer reaches it. */
  | {readonly ok: false; readonly why: 'too big' | 'cut off'}

export type ResponseType =
  | 'application/json'
  | 'image/svg+xml'
  | 'text/css; charset=utf-8'
  | 'text/html; charset=utf-8'
  | 'text/javascript; charset=utf-8'
  | 'text/plain; charset=utf-8'
  | 'text/plain; version=0.0.4; charset=utf-8'

export interface PlainResponse {
  readonly status: number
  readonly type: ResponseType
  readonly body: string | Uint8Array
  /** Beside those that all answers have; nobody keeps an answer that does not say so. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Limits of one kind of WebSocket. */
export interface SocketKind {
  readonly maxFrameBytes: number
  /** More raw bytes than this before liftProofLimit end the connection. */
  readonly proofBytes?: number
  /** Pieces that one message may come in: fragments, and reads of the network. */
  readonly fragmentsMax?: number
  readonly chunksMax?: number
  /** Messages may be deflated (RFC 7692), without memory from one to the next. */
  readonly deflates?: boolean
}

/** Why a connection ended before it was anything: it is counted by its owner. */
export type RefusedRequest = 'too-many' | 'headers-too-big' | 'timed-out'

export interface ListenOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** A unix socket instead of both. */
  readonly socketPath?: string
  /** A socket that is bound already, instead of all three: whoever opened it keeps it. */
  readonly fd?: number | undefined
  /** wss and https instead of ws and http. */
  readonly tls?: ServerTls
  readonly kinds: Readonly<Record<string, SocketKind>>
  /** TCP connections at once, of every sort; more are closed as they come. */
  readonly connectionsMax: number
  /** Those that have not sent a whole request; for the next one the oldest is destroyed. */
  readonly pendingMax?: number
  readonly headerBytesMax?: number
  /** A request that takes longer is answered 408. */
  readonly handshakeMs?: number
  /** How long a connection may idle between requests. */
  readonly keepAliveMs?: number
  onUpgrade(request: UpgradeRequest): UpgradeDecision
  /** A body that it does not read ends the connection after the answer. */
  onRequest(request: PlainRequest): PlainResponse | Promise<PlainResponse>
  onRefused?(why: RefusedRequest): void
  /** Somebody began a TLS handshake that failed. */
  onTlsFailure?(remoteAddress: string, why: string): void
  /** Something a listener did not expect and lived through. */
  onFault?(error: Error): void
}

export interface ServerTls extends TlsParts {
  /** Who connects must show a certificate that `ca` signed. */
  readonly asksForCertificate: boolean
}

export interface Listener {
  readonly port: number
  /** Open TCP connections, upgraded or not. */
  connectionCount(): Promise<number>
  /** Another certificate from the next connection on; only of a listener that has one. */
  setTls(tls: TlsParts): void
  /**
   * Hands what all sockets gathered to the operating system now, or begins to: bulk goes on.
   * `done` is called, in this turn or a later one, when it was offered all of that.
   */
  flush(done?: () => void): void
  /** The same for what is no broadcast, and that alone. */
  flushPrompt(): void
  /** No new connection from now on; those that are there stay. */
  stopAccepting(): void
  /** Stops listening and destroys every connection that is left. */
  close(): Promise<void>
}
