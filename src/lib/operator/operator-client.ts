import {hostname, userInfo} from 'node:os'
import {dialerHandshake, type Handshake, type HandshakeFailure} from '../auth/handshake.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import type {ActEvent, ActResult} from '../protocol/act-frame.js'
import {LIMITS} from '../protocol/limits.js'
import {
  decodeOperatorReply,
  encodeOperatorRequest,
  isOperatorAnswer,
} from '../protocol/operator-codec.js'
import type {
  NodeStats,
  OperatorRequest,
  OperatorResult,
  PublishResult,
  TailFilter,
} from '../protocol/operator-frame.js'
import type {ExplainResult} from '../protocol/explain-frame.js'
import type {SoakResult} from '../protocol/soak-frame.js'
import type {WhoResult} from '../protocol/who-frame.js'
import {SUBPROTOCOL} from '../protocol/version.js'
import type {DialFailure, Socket, SocketHandler, TlsParts} from '../transport/transport.js'
import {isNodeId, type NodeId} from '../util/brand.js'
import {WsmeshError} from '../util/errors.js'
import type {
  ActQuery,
  ExplainQuery,
  Kick,
  OnOperatorEvent,
  OperatorConnection,
  Publication,
  Refresh,
  SoakQuery,
  WhoQuery,
} from './operator-connection.js'
import {PendingRequests} from './pending-requests.js'
import {withResolvers, type Resolvers} from './resolvers.js'

export interface ConnectOptions {
  /** Where the node is dialled: ws://host:port/mesh. */
  readonly url: string
  readonly secret: MeshSecret
  /** For dialling and proving together. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly onEvent?: OnOperatorEvent | undefined
  /** For wss, PEM: whom to believe, and what to show where nodes ask for a certificate. */
  readonly tls?: TlsParts | undefined
}

/** A request without the id that the connection gives it. */
type RequestBody = OperatorRequest extends infer R ? (R extends R ? Omit<R, 'id'> : never) : never

/** Who this is, in the handshake: a node shows it in its log, as what was claimed. */
function operatorLabel(): string {
  const who = `${userName()}@${hostname()}`.replaceAll(/[^\w.@-]/g, '_').slice(0, 50)
  return `${who}:${process.pid}`
}

/** A user without a name (a container's) is one by number. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}

const CLOSE_NORMAL = 1000

/**
 * Dials a node and proves both sides. Rejects with NODE_UNREACHABLE, AUTH_REJECTED (another
 * secret, on either side) or PROTOCOL_VERSION_UNSUPPORTED; aborted by `signal` with
 * NODE_UNREACHABLE.
 */
export async function connectOperator(options: ConnectOptions): Promise<OperatorConnection> {
  const startMs = performance.now()
  // While a secret is being changed, the node may know only one of ours.
  for (let keyIndex = 0; ; keyIndex += 1) {
    const timeoutMs = Math.max(1, options.timeoutMs - (performance.now() - startMs))
    try {
      return await connectOnce({...options, timeoutMs, keyIndex})
    } catch (error) {
      const isRejected = error instanceof WsmeshError && error.code === 'AUTH_REJECTED'
      if (!isRejected || keyIndex + 1 >= options.secret.count) throw error
    }
  }
}

interface AttemptOptions extends ConnectOptions {
  readonly keyIndex: number
}

async function connectOnce(options: AttemptOptions): Promise<OperatorConnection> {
  const {dial} = await import('../transport/ws-transport.js')
  const startMs = performance.now()
  let session: OperatorSession | undefined
  const result = await dial(
    options.url,
    {
      subprotocol: SUBPROTOCOL.operator,
      timeoutMs: options.timeoutMs,
      maxFrameBytes: LIMITS.operatorFrameBytes,
      tls: options.tls,
      ...(options.signal ? {signal: options.signal} : {}),
    },
    (socket) => {
      session = new OperatorSession(socket, options)
      return session
    },
  )
  if (!result.ok || session === undefined) {
    throw unreachableNode(options.url, result.ok ? 'no session' : describe(result))
  }
  const leftMs = Math.max(1, options.timeoutMs - (performance.now() - startMs))
  return session.proved(leftMs, options.signal)
}

/** The dialler's side of one connection: first the handshake, then requests and events. */
class OperatorSession implements SocketHandler, OperatorConnection {
  readonly url: string
  readonly closed: Promise<string>
  readonly #socket: Socket
  readonly #handshake: Handshake
  readonly #pending = new PendingRequests()
  readonly #onEvent: OnOperatorEvent | undefined
  #onAct: (event: ActEvent) => void = () => {}
  readonly #proved: Resolvers<NodeId> = withResolvers()
  readonly #closed: Resolvers<string> = withResolvers()
  #node: NodeId | undefined
  #over = false

  constructor(socket: Socket, options: AttemptOptions) {
    this.url = options.url
    this.closed = this.#closed.promise
    this.#socket = socket
    this.#onEvent = options.onEvent
    this.#handshake = dialerHandshake({
      secret: options.secret,
      role: 'operator',
      self: operatorLabel(),
      keyIndex: options.keyIndex,
    })
    // Whoever waits hears of it in proved(); nobody may have begun to wait yet.
    this.#proved.promise.catch(() => undefined)
  }

  get node(): NodeId {
    if (this.#node === undefined) throw new WsmeshError('AUTH_REJECTED', 'Not proved yet')
    return this.#node
  }

  get isOver(): boolean {
    return this.#over
  }

  get hasRefused(): boolean {
    return this.#pending.hasRefused
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes
  }

  async proved(timeoutMs: number, signal: AbortSignal | undefined): Promise<OperatorConnection> {
    const giveUp = () => {
      this.#fail(unreachableNode(this.url, 'it accepted the connection and then said nothing'))
    }
    const timer = setTimeout(giveUp, timeoutMs)
    signal?.addEventListener('abort', giveUp)
    if (signal?.aborted) giveUp()
    try {
      await this.#proved.promise
      return this
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
    }
  }

  async publish(publication: Publication, timeoutMs: number): Promise<PublishResult> {
    const result = await this.#request({...publication, op: 'publish'}, timeoutMs)
    return 'byNode' in result ? result : this.#nonsense('publish')
  }

  async kick(kick: Kick, timeoutMs: number): Promise<PublishResult> {
    const result = await this.#request({...kick, op: 'kick'}, timeoutMs)
    return 'byNode' in result ? result : this.#nonsense('kick')
  }

  async refresh(refresh: Refresh, timeoutMs: number): Promise<PublishResult> {
    const result = await this.#request({...refresh, op: 'refresh'}, timeoutMs)
    return 'byNode' in result ? result : this.#nonsense('refresh')
  }

  async ping(timeoutMs: number): Promise<number> {
    const startMs = performance.now()
    const result = await this.#request({op: 'ping'}, timeoutMs)
    return 'pong' in result ? performance.now() - startMs : this.#nonsense('ping')
  }

  async stats(timeoutMs: number): Promise<NodeStats> {
    const result = await this.#request({op: 'stats'}, timeoutMs)
    return 'uptimeS' in result ? result : this.#nonsense('stats')
  }

  async tail(filter: TailFilter, timeoutMs: number): Promise<void> {
    const result = await this.#request({op: 'tail', filter}, timeoutMs)
    if (!('tailing' in result)) this.#nonsense('tail')
  }

  async who(query: WhoQuery, timeoutMs: number): Promise<WhoResult> {
    const result = await this.#request({...query, op: 'who'}, timeoutMs)
    return 'matching' in result ? result : this.#nonsense('who')
  }

  async explain(query: ExplainQuery, timeoutMs: number): Promise<ExplainResult> {
    const result = await this.#request({...query, op: 'explain'}, timeoutMs)
    return 'forgottenMs' in result ? result : this.#nonsense('explain')
  }

  async soak(query: SoakQuery, timeoutMs: number): Promise<SoakResult> {
    const result = await this.#request({...query, op: 'soak'}, timeoutMs)
    return 'sample' in result ? result : this.#nonsense('soak')
  }

  async act(
    query: ActQuery, timeoutMs: number, onEvent: (event: ActEvent) => void,
  ): Promise<ActResult> {
    this.#onAct = onEvent
    const result = await this.#request({...query, node: this.node, op: 'act'}, timeoutMs)
    return 'withinMs' in result ? result : this.#nonsense('act')
  }

  close(): void {
    if (this.#over) return
    this.#socket.close(CLOSE_NORMAL, '')
    this.#end('closed by this side')
  }

  #request(body: RequestBody, timeoutMs: number): Promise<OperatorResult> {
    if (this.#over) return Promise.reject(unreachableNode(this.url, 'the connection has ended'))
    const {id, promise} = this.#pending.add(body.op, this.node, timeoutMs)
    this.#socket.send(encodeOperatorRequest({...body, id}))
    return promise
  }

  /** An answer that belongs to another request: what answers there is no node to talk to. */
  #nonsense(op: OperatorRequest['op']): never {
    const error = unreachableNode(this.url, `it answered ${op} with something else`)
    this.#fail(error)
    throw error
  }

  onMessage(data: Uint8Array): void {
    if (this.#over) return
    if (this.#node === undefined) this.#shake(data)
    else this.#reply(data)
  }

  onClose(code: number, reason: string): void {
    const why = `the node closed the connection (${code}${reason === '' ? '' : ` ${reason}`})`
    this.#fail(unreachableNode(this.url, why))
  }

  #shake(data: Uint8Array): void {
    const step = this.#handshake.receive(data)
    if (step.send !== undefined) this.#socket.send(step.send)
    if (step.fail) {
      this.#fail(refusal(this.url, step.fail))
    } else if (step.done && isNodeId(step.done.peer)) {
      this.#node = step.done.peer
      this.#proved.resolve(step.done.peer)
    }
  }

  #reply(data: Uint8Array): void {
    const read = decodeOperatorReply(data)
    if (!read.ok) {
      this.#fail(unreachableNode(this.url, `it answered nonsense: ${read.violation.reason}`))
    } else if (isOperatorAnswer(read.value)) {
      this.#pending.answer(read.value)
    } else if (read.value.event === 'act') {
      this.#onAct(read.value)
    } else {
      this.#onEvent?.(read.value)
    }
  }

  #fail(error: WsmeshError): void {
    if (this.#over) return
    this.#proved.reject(error)
    this.#end(error.cause instanceof Error ? error.cause.message : error.message)
    this.#socket.destroy()
  }

  #end(why: string): void {
    this.#over = true
    this.#pending.failAll(unreachableNode(this.url, why))
    this.#closed.resolve(why)
  }
}

function refusal(url: string, {reason, text}: HandshakeFailure): WsmeshError {
  switch (reason) {
    case 'wrong-secret':
      return new WsmeshError('AUTH_REJECTED', `The node at ${url} has another mesh secret`, {
        suggestions: [
          '--secret-file FILE   (the one that the nodes were started with)',
          'wsmesh config show   (where the secret comes from)',
        ],
      })
    case 'version':
      return new WsmeshError(
        'PROTOCOL_VERSION_UNSUPPORTED',
        `The node at ${url} and this wsmesh do not understand each other: ${text}`,
        {suggestions: ['the same version of wsmesh here and on the nodes']},
      )
    case 'self':
    case 'role':
    case 'bad-frame':
      return unreachableNode(url, `what answers there is no node for operators: ${text}`)
    default:
      return reason satisfies never
  }
}

function unreachableNode(url: string, why: string): WsmeshError {
  return new WsmeshError('NODE_UNREACHABLE', `The node at ${url} is not in reach`, {
    cause: new Error(why),
  })
}

function describe(result: {readonly failure: DialFailure; readonly detail: string}): string {
  switch (result.failure) {
    case 'refused':
      return 'nothing listens there (connection refused)'
    case 'rejected':
      return `it is no wsmesh node: ${result.detail}`
    case 'timeout':
      return 'no answer'
    case 'untrusted':
    case 'unreachable':
      return result.detail
    default:
      return result.failure satisfies never
  }
}
