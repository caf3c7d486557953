/** Where nodes and operators come in: nobody passes before the handshake proved who it is. */
import {acceptorHandshake} from '../auth/handshake.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {CLOSE} from '../protocol/close-code.js'
import type {LinkRole} from '../protocol/handshake-frame.js'
import {LIMITS} from '../protocol/limits.js'
import type {AcceptedSocket, SocketHandler} from '../transport/transport.js'
import type {NodeId} from '../util/brand.js'
import type {Counters} from './counters.js'
import type {Log} from './log.js'

/** Strangers at once; nodes and operators prove themselves within milliseconds. */
const STRANGERS_MAX = 256

export interface DoorOptions {
  readonly self: NodeId
  readonly secret: MeshSecret
  readonly counters: Counters
  readonly log: Log
  readonly now: () => number
}

export class MeshDoor {
  readonly #options: DoorOptions
  readonly #strangers = new Map<AcceptedSocket, number>()

  constructor(options: DoorOptions) {
    this.#options = options
  }

  get isFull(): boolean {
    return this.#strangers.size >= STRANGERS_MAX
  }

  /** `onProved` says who hears the socket from then on; it may send at once. */
  accept(
    socket: AcceptedSocket,
    role: LinkRole,
    onProved: (peer: string) => SocketHandler,
  ): SocketHandler {
    const {self, secret, now} = this.#options
    const handshake = acceptorHandshake({secret, self, role})
    this.#strangers.set(socket, now())
    socket.send(handshake.opening)
    let inner: SocketHandler | undefined
    return {
      onMessage: (data, isBinary) => {
        if (inner !== undefined) {
          inner.onMessage(data, isBinary)
          return
        }
        const {send, done, fail} = handshake.receive(data)
        if (send !== undefined) socket.send(send)
        if (fail !== undefined) this.#turnAway(socket, role, fail.text)
        if (done === undefined) return
        this.#strangers.delete(socket)
        socket.liftProofLimit()
        inner = onProved(done.peer)
      },
      onPong: () => inner?.onPong?.(),
      onClose: (code, reason) => {
        this.#strangers.delete(socket)
        inner?.onClose(code, reason)
      },
    }
  }

  /** Ends the strangers whose time is over. */
  sweep(nowMs: number): void {
    for (const [socket, sinceMs] of this.#strangers) {
      if (nowMs - sinceMs < LIMITS.handshakeMs) continue
      this.#options.counters.add('handshakesFailed')
      this.#close(socket, 'authenticationTimeout')
    }
  }

  #turnAway(socket: AcceptedSocket, role: LinkRole, why: string): void {
    this.#options.counters.add('handshakesFailed')
    this.#options.log.warn(`A ${role} was turned away`, {from: socket.remoteAddress, why})
    this.#close(socket, 'unauthenticated')
  }

  #close(socket: AcceptedSocket, close: 'authenticationTimeout' | 'unauthenticated'): void {
    this.#strangers.delete(socket)
    const {code, reason} = CLOSE[close]
    socket.close(code, reason)
  }
}
