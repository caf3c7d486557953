/** The clients of a node: accepting, delivering, pinging, closing. */
import {hasLostPlace, isPositionDue, type DeliveredMessage} from '../mesh/coming-back.js'
import {DISCONNECTION} from '../protocol/client-frame.js'
import {CLOSE} from '../protocol/close-code.js'
import type {CloseName} from '../protocol/close-code.js'
import {controlOf} from '../protocol/control.js'
import type {Place, Position} from '../protocol/position.js'
import type {Target} from '../protocol/target.js'
import {PING_FRAME} from '../transport/frame.js'
import type {AcceptedSocket, SocketHandler, WireFrame} from '../transport/transport.js'
import type {ActionDispatcher} from './action-dispatcher.js'
import {ClientConnection} from './client-connection.js'
import type {ClientForm, ConnectionOwner} from './client-connection.js'
import type {ClientOrigin} from './client-door.js'
import type {ClientRegistry} from './client-registry.js'
import type {ClientSessions} from './client-sessions.js'
import type {CounterName, Counters} from './counters.js'
import type {NodeLimits} from './limits.js'
import type {LiveIdentity} from './live-identity.js'
import {positionFrameOf} from './message-frames.js'
import {isForMany, MessageRun} from './message-run.js'
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

/** What all are told who are told their position in one sweep. */
interface Told {
  readonly position: Position
  readonly frame: () => WireFrame
}

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

  /** Queues messages, in their order, to everyone here whom they are for; to how many, of each. */
  deliver(messages: readonly DeliveredMessage[], epoch: string): number[] {
    const {registry: {visits}, live} = this.#options
    const counts: number[] = []
    for (;;) {
      const message = messages[counts.length]
      if (message === undefined) return counts
      const {target, payload} = message.envelope
      const control = controlOf(payload)
      visits.delivering(epoch, message.seq)
      if (control === undefined) this.#queue(new MessageRun(messages, counts.length, epoch), counts)
      else counts.push(live.obey(control, target))
      visits.delivered()
    }
  }

  /** Adds to how many connections each of its messages was queued. */
  #queue(run: MessageRun, counts: number[]): void {
    const {registry, now, counters} = this.#options
    const {target, size, epoch, last: {seq}} = run
    const isBulk = isForMany(target)
    const nowMs = now()
    let bytes = 0
    let behind: number[] | undefined
    registry.visits.delivering(epoch, seq)
    const whole = registry.visit(target, (connection) => {
      const frame = run.frame(connection.frameForm)
      const isSent = size === 1
        ? connection.sendFrame(frame, isBulk) : connection.sendIfRoom(frame, isBulk)
      if (isSent) {
        bytes += frame.bytes.byteLength
        connection.told(seq, nowMs)
      } else if (size > 1) {
        behind ??= Array.from({length: size}, () => 0)
        bytes += this.#queueEach(connection, run, nowMs, behind)
      }
      return isSent
    })
    let frames = 0
    for (let index = 0; index < size; index += 1) {
      const count = whole + (behind?.[index] ?? 0)
      counts.push(count)
      frames += count
    }
    counters.add('messagesDelivered', size)
    counters.add(DELIVERED[target.kind], size)
    counters.add('clientFramesOut', frames)
    counters.add('clientBytesOut', bytes)
  }

  /** To one for whom all of a run is too much at once: which one it was too slow for is known. */
  #queueEach(
    connection: ClientConnection, run: MessageRun, nowMs: number, counts: number[],
  ): number {
    const {visits} = this.#options.registry
    let bytes = 0
    for (const [index, frame] of (run.frame(connection.frameForm).parts ?? []).entries()) {
      const seq = run.seqOf(index)
      visits.delivering(run.epoch, seq)
      if (!connection.sendFrame(frame, true)) break
      bytes += frame.bytes.byteLength
      counts[index] = (counts[index] ?? 0) + 1
      connection.told(seq, nowMs)
    }
    visits.delivering(run.epoch, run.last.seq)
    return bytes
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
    const place = position && {position, frame: positionFrameOf(position)}
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
      if (place !== undefined) this.#tellPosition(connection, place, nowMs, isPinged)
    }
  }

  /** With each ping too, in the same write: of the ping itself a page sees nothing. */
  #tellPosition(
    connection: ClientConnection, {position, frame}: Told, nowMs: number, isPinged: boolean,
  ): void {
    const {form, identity} = connection
    if (form !== 'v1' || identity === undefined) return
    const {positionMs} = this.#options
    if (!isPinged && !isPositionDue(connection, position, nowMs, positionMs)) return
    if (connection.sendFrame(frame(), true)) connection.told(position.seq, nowMs)
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
  // Thousands that came together are pinged together: in slices, as all that many are sent.
  connection.socket.sendFrame(PING_FRAME, true)
}
