/** Where nodes and operators come in: nobody passes before the handshake proved who it is. */
import {acceptorHandshake} from '../auth/handshake.js'
import type {HandshakeDone} from '../auth/handshake.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import {CLOSE} from '../protocol/close-code.js'
import type {CloseName} from '../protocol/close-code.js'
import type {LinkRole} from '../protocol/handshake-frame.js'
import type {AcceptedSocket, SocketHandler} from '../transport/transport.js'
import type {NodeId} from '../util/brand.js'
import {CalmWarning} from './calm-warning.js'
import type {Counters} from './counters.js'
import type {Log} from './log.js'

/**
 * Strangers at once. Nodes and operators prove themselves within milliseconds, so beyond this the
 * oldest go: idle strangers must not keep a node from its mesh.
 */
export const STRANGERS_MAX = 256

export interface DoorOptions {
  readonly self: NodeId
  readonly secret: MeshSecret
  readonly counters: Counters
  readonly log: Log
  readonly handshakeMs: number
  readonly now: () => number
}

export class MeshDoor {
  readonly #options: DoorOptions
  readonly #strangers = new Map<AcceptedSocket, number>()
  readonly #turnedAway: CalmWarning

  constructor(options: DoorOptions) {
    this.#options = options
    this.#turnedAway = new CalmWarning(options.log)
  }

  /** Those who have not proved themselves. */
  get strangers(): number {
    return this.#strangers.size
  }

  /** `onProved` says who hears the socket from then on; it may send at once. */
  accept(
    socket: AcceptedSocket,
    role: LinkRole,
    onProved: (peer: HandshakeDone) => SocketHandler,
  ): SocketHandler {
    const {self, secret, now} = this.#options
    const handshake = acceptorHandshake({secret, self, role})
    this.#makeRoom()
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
        inner = onProved(done)
      },
      onPong: (payload) => inner?.onPong?.(payload),
      onViolation: (close) => {
        if (inner === undefined) this.#options.counters.add('handshakesFailed')
        else inner.onViolation?.(close)
      },
      onClose: (code, reason) => {
        this.#strangers.delete(socket)
        inner?.onClose(code, reason)
      },
    }
  }

  /** Ends the strangers whose time is over. */
  sweep(nowMs: number): void {
    for (const [socket, sinceMs] of this.#strangers) {
      if (nowMs - sinceMs < this.#options.handshakeMs) continue
      this.#options.counters.add('handshakesFailed')
      this.#close(socket, 'authenticationTimeout')
    }
  }

  #makeRoom(): void {
    if (this.#strangers.size < STRANGERS_MAX) return
    const [oldest] = this.#strangers.keys()
    if (oldest === undefined) return
    this.#options.counters.add('handshakesFailed')
    this.#close(oldest, 'tooMany')
  }

  #turnAway(socket: AcceptedSocket, role: LinkRole, why: string): void {
    this.#options.counters.add('handshakesFailed')
    const who = role === 'operator' ? 'An operator' : 'A node'
    this.#turnedAway.warn(`${who} was turned away`, {from: socket.remoteAddress, why})
    this.#close(socket, 'unauthenticated')
  }

  #close(socket: AcceptedSocket, close: CloseName): void {
    this.#strangers.delete(socket)
    const {code, reason} = CLOSE[close]
    socket.close(code, reason)
  }
}
