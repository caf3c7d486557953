/** Dialling another node: the WebSocket, then the proof of both sides, within one time limit. */
import {dialerHandshake} from '../auth/handshake.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {CLOSE} from '../protocol/close-code.js'
import type {DenialReason} from '../protocol/handshake-frame.js'
import {LIMITS} from '../protocol/limits.js'
import type {NodeAddress} from '../protocol/node-frame.js'
import {SUBPROTOCOL} from '../protocol/version.js'
import type {
  DialOptions,
  DialResult,
  Socket,
  SocketHandler,
  TlsParts,
} from '../transport/transport.js'
import type {NodeId} from '../util/brand.js'

export type NodeDialResult =
  | {readonly ok: true}
  | {
      readonly ok: false
      /** Proof that the node dialled no longer runs: nobody listens, or another answers there. */
      readonly gone: boolean
      /** They disagree on secret, version or certificate: it stays so until people act. */
      readonly turnedAway?: boolean
      readonly detail: string
    }

/** Never rejects. `onProved` is called before the first frame of the link can arrive. */
export type DialNode = (
  to: NodeAddress,
  signal: AbortSignal,
  onProved: (socket: Socket) => SocketHandler,
) => Promise<NodeDialResult>

export interface NodeDialerOptions {
  readonly self: NodeId
  readonly secret: MeshSecret
  readonly timeoutMs: number
  /** For wss, as it is at the time. */
  readonly tls?: () => TlsParts | undefined
  readonly dial: (
    url: string,
    options: DialOptions,
    onOpen: (socket: Socket) => SocketHandler,
  ) => Promise<DialResult>
}

export function createNodeDialer(options: NodeDialerOptions): DialNode {
  const {timeoutMs, secret} = options
  return async (to, signal, onProved) => {
    const deadline = new AbortController()
    const abort = (): void => deadline.abort()
    const timer = setTimeout(abort, timeoutMs)
    signal.addEventListener('abort', abort)
    let verdict: NodeDialVerdict = {ok: false, gone: false, detail: 'There is no secret'}
    // While a secret is being changed, the other side may know only one of ours.
    for (let keyIndex = 0; keyIndex < secret.count; keyIndex += 1) {
      const proving = new Proving(to, {...options, keyIndex}, onProved)
      verdict = await dialOnce(to.url, options, deadline.signal, proving)
      if (verdict.ok || verdict.isWrongSecret !== true) break
    }
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    return verdict
  }
}

async function dialOnce(
  url: string,
  {timeoutMs, tls, dial}: NodeDialerOptions,
  signal: AbortSignal,
  proving: Proving,
): Promise<NodeDialVerdict> {
  const giveUp = (): void => proving.giveUp('No proof in time')
  signal.addEventListener('abort', giveUp)
  const result = await dial(
    url,
    {
      subprotocol: SUBPROTOCOL.node,
      timeoutMs,
      maxFrameBytes: LIMITS.nodeFrameBytes,
      signal,
      tls: tls?.(),
    },
    (socket) => proving.begin(socket),
  )
  const verdict: NodeDialVerdict = result.ok
    ? await proving.verdict
    : {
        ok: false,
        gone: result.failure === 'refused',
        turnedAway: result.failure === 'untrusted',
        detail: result.detail,
      }
  signal.removeEventListener('abort', giveUp)
  return verdict
}

type NodeDialVerdict = NodeDialResult & {readonly isWrongSecret?: boolean}

interface ProvingOptions extends NodeDialerOptions {
  readonly keyIndex: number
}

/** From the open socket to the proof; after it frames pass on to the link. */
class Proving {
  readonly verdict: Promise<NodeDialVerdict>
  readonly #to: NodeAddress
  readonly #options: ProvingOptions
  readonly #onProved: (socket: Socket) => SocketHandler
  #socket: Socket | undefined
  #inner: SocketHandler | undefined
  #isOver = false
  #settle: (result: NodeDialVerdict) => void = () => {}

  constructor(
    to: NodeAddress,
    options: ProvingOptions,
    onProved: (socket: Socket) => SocketHandler,
  ) {
    this.#to = to
    this.#options = options
    this.#onProved = onProved
    this.verdict = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  begin(socket: Socket): SocketHandler {
    this.#socket = socket
    const {self, secret, keyIndex} = this.#options
    const handshake = dialerHandshake({secret, role: 'node', self, keyIndex})
    return {
      onMessage: (data, isBinary) => {
        if (this.#inner !== undefined) {
          this.#inner.onMessage(data, isBinary)
          return
        }
        if (this.#isOver) return
        const {send, done, fail} = handshake.receive(data)
        if (send !== undefined) socket.send(send)
        // Whoever had this address has it no more: this node listens there itself.
        if (fail !== undefined) this.#fail(fail.reason === 'self', fail.text, fail.reason)
        else if (done !== undefined) this.#proved(socket, done.peer)
      },
      onPong: (payload) => this.#inner?.onPong?.(payload),
      onClose: (code, reason) => {
        this.#fail(false, `Closed before the proof (${code} ${reason})`)
        this.#inner?.onClose(code, reason)
      },
    }
  }

  giveUp(why: string): void {
    this.#fail(false, why)
  }

  #proved(socket: Socket, peer: string): void {
    const {id} = this.#to
    if (peer === id) {
      this.#isOver = true
      this.#inner = this.#onProved(socket)
      this.#settle({ok: true})
      return
    }
    this.#fail(true, `${peer} answers where ${id} was`)
  }

  #fail(gone: boolean, detail: string, denied?: DenialReason): void {
    if (this.#isOver) return
    this.#isOver = true
    const {code, reason} = CLOSE.unavailable
    this.#socket?.close(code, reason)
    const turnedAway = denied !== undefined && !gone
    this.#settle({ok: false, gone, turnedAway, detail, isWrongSecret: denied === 'wrong-secret'})
  }
}
