/** What `wsmesh/client` offers: docs/CLIENT.md tells how to use it. */

/**
 * The details of each action, by its name: `connect<{hello: [text: string]}>()`. Details that come
 * over the wire are what the sender made of them: the types are a promise of yours.
 */
export type ActionMap<A> = {readonly [K in keyof A]: readonly unknown[]}

export type AnyActions = Readonly<Record<string, readonly unknown[]>>

export type ActionOf<A> = keyof A & string

/** Gets the details as separate arguments. What it throws is reported as any uncaught error. */
export type Listener<D extends readonly unknown[]> = {
  // A method, so that without a map of actions a listener may still say what it expects.
  call(...details: D): void
}['call']

/** Of `<action>:error`: a code as in HTTP, and what is wrong. */
export type ErrorListener = (code: number, text: string) => void

/** A message as iteration gives it. */
export type MessageOf<A extends ActionMap<A>> = {
  [K in ActionOf<A>]: {
    readonly action: K
    readonly details: A[K]
    /** Unique for each message; undefined for what the node answered to this connection alone. */
    readonly id?: string | undefined
    readonly position?: string | undefined
    /** The trace that it is part of, where it has one and the option `trace` asked for it. */
    readonly traceparent?: string | undefined
    readonly tracestate?: string | undefined
  }
}[ActionOf<A>]

/** The context of a trace, as W3C Trace Context writes it: what propagators fill. */
export interface TraceCarrier {
  readonly traceparent?: string | undefined
  readonly tracestate?: string | undefined
}

export type MeshState =
  /** A token is fetched, a socket opened, or the proof checked. What is sent waits. */
  | {readonly type: 'connecting'}
  | {
      readonly type: 'open'
      /** Null for a guest. */
      readonly user: string | null
      readonly groups: readonly string[]
      readonly session: string | null
      readonly node: string
      /**
       * Whether everything since the last position follows. False: something may be missing, fetch
       * what the page shows again. Null: there was no position to go on from.
       */
      readonly recovered: boolean | null
    }
  /** The next attempt is `delayMs` after this state began, or at once when the network is back. */
  | {readonly type: 'waiting'; readonly delayMs: number; readonly why: string}
  /** For good. 1000: by this program; 4500 to 4999: by the node (docs/PROTOCOL.md). */
  | {readonly type: 'closed'; readonly code: number; readonly reason: string}

/** What `connect` returns: it connects, and comes back, by itself. `R` is received, `S` sent. */
export interface Mesh<R extends ActionMap<R> = AnyActions, S extends ActionMap<S> = R>
  extends AsyncIterable<MessageOf<R>> {
  readonly state: MeshState
  /** Everything up to here was handed to the listeners; opaque. Undefined: not known yet. */
  readonly position: string | undefined

  /** `success` for messages of this action, `error` for what is answered as `<action>:error`. */
  on<K extends ActionOf<R>>(action: K, success?: Listener<R[K]>, error?: ErrorListener): this
  /** The same, until the first of either came. */
  once<K extends ActionOf<R>>(action: K, success?: Listener<R[K]>, error?: ErrorListener): this
  /** Removes what was added with these callbacks; `off(action)` all of the action. */
  off<K extends ActionOf<R>>(action: K, success?: Listener<R[K]>, error?: ErrorListener): this

  /**
   * Details travel as they are now. Without a connection it waits, up to `queueMax`; it is written
   * once, in order, after the authentication. Throws MeshError: queue-full, too-big, bad-action,
   * closed. What was written when a connection broke may be lost: use `request` to know.
   */
  send<K extends ActionOf<S>>(action: K, ...details: S[K]): this
  /**
   * Resolves with the details of the answer to this very call (`reply` of an action handler),
   * rejects with a MeshError: the node's code, or timeout, lost (the connection broke before the
   * answer: it may have been done), or what `send` throws. Ignoring it is no unhandled rejection.
   */
  request<K extends ActionOf<R> & ActionOf<S>>(action: K, ...details: S[K]): Promise<R[K]>

  /**
   * Messages from now on, errors not, until the mesh is closed. Throws MeshError too-slow when 1000
   * wait. Iterating the mesh itself is the same for all actions.
   */
  messages(): AsyncIterableIterator<MessageOf<R>>
  messages<K extends ActionOf<R>>(
    action: K,
  ): AsyncIterableIterator<Extract<MessageOf<R>, {readonly action: K}>>

  /** Called at each change of state; what it returns ends that. */
  onState(listener: (state: MeshState) => void): () => void
  /**
   * Called when a connection is open again, before what was missed: true when all of it follows,
   * false when the page should fetch its state again. What it returns ends that.
   */
  onRecovered(listener: (recovered: boolean) => void): () => void

  /** For good: requests that wait are rejected, nothing is scheduled any more. */
  close(): void
}

/** Milliseconds, wherever a name ends in Ms. */
export interface ConnectOptions {
  /** A proof that stays the same; `getToken` where it ends. */
  readonly token?: string | undefined
  /**
   * Asked before the first connection, before a token ends, and when one is refused. Null: nobody
   * is logged in, the mesh is closed. After what it throws it is asked again later.
   */
  readonly getToken?: (() => Promise<string | null> | string | null) | undefined
  /** A session as the application gave it; with a cookie as the proof nothing is needed. */
  readonly session?: string | undefined
  readonly language?: string | undefined
  readonly userAgent?: string | undefined
  /** Go on from here: what `GET /position` of a node said before the page got its data. */
  readonly position?: string | null | undefined
  /** Where there is no global one: that of `ws`, on Node 20. */
  readonly WebSocket?: SocketConstructor | undefined
  /** What waits while there is no connection; 64. */
  readonly queueMax?: number | undefined
  /** Of one frame; 65536 as the nodes' `--max-message-bytes`. */
  readonly frameBytesMax?: number | undefined
  /** Until an answer to a request; 10,000. */
  readonly timeoutMs?: number | undefined
  /** The pause before an attempt is random, up to 500 after the first failure, then doubling. */
  readonly reconnectMinMs?: number | undefined
  /** And up to this; 20,000. */
  readonly reconnectMaxMs?: number | undefined
  /**
   * One connection for all tabs of this origin that say the same here (and have the same url): give
   * the user's id where several users may have tabs in one browser.
   */
  readonly shared?: boolean | string | undefined
  /**
   * Asked which trace each action is part of that is sent; with it messages say which one they are
   * part of. Where nodes carry that (--trace-context).
   */
  readonly trace?: (() => TraceCarrier | undefined) | undefined
  /** Closes the mesh. */
  readonly signal?: AbortSignalLike | undefined
}

/** The part of an AbortSignal that is used. */
export interface AbortSignalLike {
  readonly aborted: boolean
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** The part of a WebSocket that is used. */
export interface SocketLike {
  readonly readyState: number
  addEventListener(type: SocketEventName, listener: (event: SocketEvent) => void): void
  send(text: string): void
  close(code?: number): void
  /** Of `ws`: without waiting for the other side. */
  terminate?(): void
}

export type SocketEventName = 'open' | 'message' | 'close' | 'error'

/** Events of a socket have what is theirs. */
export interface SocketEvent {
  readonly type: string
  readonly data?: unknown
  readonly code?: number
  readonly reason?: string
}

export type SocketConstructor = new (url: string, protocol: string) => SocketLike

