/** The clients of a node: accepting, delivering, pinging, closing. */
import {hasLostPlace, isPositionDue} from '../mesh/coming-back.js'
import {DISCONNECTION, encodePosition} from '../protocol/client-frame.js'
import {CLOSE} from '../protocol/close-code.js'
import type {CloseName} from '../protocol/close-code.js'
import {controlOf} from '../protocol/control.js'
import type {Envelope} from '../protocol/envelope.js'
import {formatPosition} from '../protocol/position.js'
import type {Place, Position} from '../protocol/position.js'
import type {Target} from '../protocol/target.js'
import type {AcceptedSocket, SocketHandler} from '../transport/transport.js'
import type {ActionDispatcher} from './action-dispatcher.js'
import {ClientConnection} from './client-connection.js'
import type {ClientForm, ConnectionOwner} from './client-connection.js'
import type {ClientOrigin} from './client-door.js'
import type {ClientRegistry} from './client-registry.js'
import type {ClientSessions} from './client-sessions.js'
import type {CounterName, Counters} from './counters.js'
import type {NodeLimits} from './limits.js'
import type {LiveIdentity} from './live-identity.js'
import {framesOf} from './message-frames.js'
import {isCalm} from './pace.js'

export interface ClientsOptions {
  readonly node: string
  readonly registry: ClientRegistry
  readonly sessions: ClientSessions
  readonly live: LiveIdentity
  readonly dispatcher: ActionDispatcher
  readonly counters: Counters
  readonly limits: NodeLimits
  /** Clients are told their position when so long nothing that has one was sent to them. */
  readonly positionMs: number
  /** The last position delivered here. */
  readonly position: () => Position | undefined
  readonly now: () => number
}

/** Why we close; these have counters of their own. */
const COUNTED: Partial<Record<CloseName, CounterName>> = {
  slowConsumer: 'slowConsumers',
  kicked: 'clientsKicked',
  sessionExpired: 'sessionsExpired',
  noPong: 'missedPongs',
  authenticationTimeout: 'authenticationTimeouts',
}

/** By whom a message was for. */
const DELIVERED = {
  user: 'deliveredToUsers',
  group: 'deliveredToGroups',
  session: 'deliveredToSessions',
  filter: 'deliveredToFilters',
  registered: 'deliveredToRegistered',
  everyone: 'deliveredToEveryone',
} as const satisfies Readonly<Record<Target['kind'], CounterName>>

export class Clients implements ConnectionOwner {
  readonly #options: ClientsOptions
  #lastId = 0

  constructor(options: ClientsOptions) {
    this.#options = options
  }

  /** Without a form: the first frame of the client says which it speaks. */
  accept(
    socket: AcceptedSocket,
    form: ClientForm | undefined,
    origin: ClientOrigin,
  ): SocketHandler {
    const {node, registry, counters, limits, now} = this.#options
    this.#lastId += 1
    const id = `${node}-c${this.#lastId}`
    const nowMs = now()
    const connection = new ClientConnection(this, {id, socket, form, origin, limits, nowMs})
    registry.add(connection)
    counters.add('clientsAccepted')
    return connection
  }

  /**
   * Makes room for one more stranger: the one that has said nothing for the longest time goes, so
   * that sockets which only sit there keep nobody out. False when all are being checked.
   */
  dropSilent(): boolean {
    const {registry, counters} = this.#options
    const silent = registry.oldestSilent()
    if (silent === undefined) return false
    counters.add('clientsDroppedUnknown')
    silent.close('tooMany')
    // It may not answer the close, and would still hold its socket.
    silent.socket.destroy()
    return true
  }

  /** Queues a message to everyone here whom it is for; returns how many connections that were. */
  deliver(envelope: Envelope, position: Position): number {
    const {visits} = this.#options.registry
    const control = controlOf(envelope.payload)
    visits.delivering(position)
    const count =
      control === undefined
        ? this.#queue(envelope, position)
        : this.#options.live.obey(control, envelope.target)
    visits.delivered()
    return count
  }

  #queue(envelope: Envelope, position: Position): number {
    let bytes = 0
    const frames = framesOf(envelope, position)
    const {registry, now} = this.#options
    const nowMs = now()
    const {kind} = envelope.target
    const isBulk = kind !== 'user' && kind !== 'session'
    const count = registry.visit(envelope.target, (connection) => {
      const frame = frames(connection.form)
      if (!connection.sendFrame(frame, isBulk)) return false
      bytes += frame.bytes.byteLength
      connection.told(position.seq, nowMs)
      return true
    })
    const {counters} = this.#options
    counters.add('messagesDelivered')
    counters.add(DELIVERED[envelope.target.kind])
    counters.add('clientFramesOut', count)
    counters.add('clientBytesOut', bytes)
    return count
  }

  /** Bytes that wait for clients' sockets. */
  queueBytes(): number {
    let total = 0
    for (const {socket} of this.#options.registry.all()) total += socket.bufferedBytes
    return total
  }

  /** Those of replays that clients' sockets have not taken. */
  replayBytes(): number {
    let total = 0
    for (const connection of this.#options.registry.all()) total += connection.replayBytes
    return total
  }

  /** This node's log is another one from `after` on: who is beyond it has lost his place. */
  logReplaced(after: Place, reset: boolean): void {
    for (const connection of this.#options.registry.all()) {
      if (hasLostPlace(connection.toldSeq, after, reset)) connection.close('insufficientState')
    }
  }

  /** Time limits of all connections. Expected about every second or more often. */
  sweep(nowMs: number): void {
    const position = this.#options.position()
    const {limits} = this.#options
    for (const connection of this.#options.registry.all()) {
      const pingMs = connection.nextPingMs
      connection.hearAgain()
      if (connection.pace !== undefined && isCalm(connection.pace, nowMs)) {
        connection.pace = undefined
      }
      if (nowMs >= connection.provedUntilMs) {
        this.#options.live.ended(connection)
      } else if (
        connection.identity === undefined &&
        nowMs - connection.sinceMs >= limits.handshakeMs
      ) {
        connection.close('authenticationTimeout')
      } else if (nowMs >= connection.nextPingMs) {
        ping(connection, nowMs, limits)
      }
      const isPinged = connection.nextPingMs !== pingMs
      if (position !== undefined) this.#tellPosition(connection, position, nowMs, isPinged)
    }
  }

  /** With each ping too, in the same write: of the ping itself a page sees nothing. */
  #tellPosition(
    connection: ClientConnection, position: Position, nowMs: number, isPinged: boolean,
  ): void {
    const {form, identity} = connection
    if (form !== 'v1' || identity === undefined) return
    const {positionMs} = this.#options
    if (!isPinged && !isPositionDue(connection, position, nowMs, positionMs)) return
    if (connection.send(encodePosition(formatPosition(position)))) {
      connection.told(position.seq, nowMs)
    }
  }

  closeAll(close: CloseName): void {
    for (const connection of this.#options.registry.all()) connection.close(close)
  }

  received(connection: ClientConnection, data: Uint8Array, isBinary: boolean): void {
    this.#options.sessions.receive(connection, data, isBinary)
  }

  pinged(connection: ClientConnection, bytes: number): void {
    this.#options.sessions.pinged(connection, bytes)
  }

  /** The transport ends it: it broke RFC 6455, or said too much at once. */
  violated(_connection: ClientConnection, close: CloseName): void {
    const {counters} = this.#options
    counters.add('clientViolations')
    if (close === 'tooBig') counters.add('framesTooBig')
  }

  closing(connection: ClientConnection, close: CloseName): void {
    const counter = COUNTED[close]
    if (counter !== undefined) this.#options.counters.add(counter)
    const {code, reason} = CLOSE[close]
    this.#options.registry.remove(connection, code, reason)
  }

  ended(connection: ClientConnection, code: number, reason: string): void {
    this.#options.registry.remove(connection, code, reason)
    if (connection.identity === undefined) return
    this.#options.dispatcher.announce(connection, DISCONNECTION, [code, reason])
  }
}

function ping(connection: ClientConnection, nowMs: number, limits: NodeLimits): void {
  if (connection.unansweredPings >= limits.unansweredPingsMax) {
    connection.close('noPong')
    return
  }
  connection.unansweredPings += 1
  connection.nextPingMs = nowMs + limits.pingMs
  connection.socket.ping()
}
