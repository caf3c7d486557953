/** One operator's view of what is delivered at this node, as fast as the operator can take it. */
import type {Envelope} from '../protocol/envelope.js'
import {messageId} from '../protocol/envelope.js'
import {encodeOperatorReply} from '../protocol/operator-codec.js'
import type {OperatorEvent, TailFilter} from '../protocol/operator-frame.js'
import {detailsOf} from '../protocol/payload.js'
import {formatPosition} from '../protocol/position.js'
import type {Position} from '../protocol/position.js'
import {targetToJson} from '../protocol/target.js'
import type {Socket} from '../transport/transport.js'
import type {Counters} from './counters.js'
import {compileGlob} from './glob.js'

/** More than this waiting for an operator: messages are dropped, and the operator is told. */
const TAIL_QUEUE_BYTES_MAX = 4 * 1024 * 1024

export class Tail {
  readonly #socket: Socket
  readonly #counters: Counters
  readonly #matches: (envelope: Envelope) => boolean
  #dropped = 0

  constructor(socket: Socket, filter: TailFilter, counters: Counters) {
    this.#socket = socket
    this.#counters = counters
    this.#matches = compileFilter(filter)
  }

  message(envelope: Envelope, position: Position, at: number): void {
    if (!this.#matches(envelope)) return
    if (this.#isFull()) {
      this.#dropped += 1
      this.#counters.add('tailDropped')
      return
    }
    this.#send({
      event: 'message',
      at,
      position: formatPosition(position),
      id: messageId(envelope),
      origin: envelope.origin,
      target: targetToJson(envelope.target),
      action: envelope.payload.action,
      details: detailsOf(envelope.payload),
      ...envelope.payload.trace,
    })
  }

  /** A change that every tail is told, whatever its filter. */
  change(event: OperatorEvent): void {
    if (!this.#isFull()) this.#send(event)
  }

  /** Tells of drops even if no message follows them. */
  sweep(): void {
    if (this.#dropped > 0 && !this.#isFull()) this.#tellDropped()
  }

  #isFull(): boolean {
    return this.#socket.bufferedBytes > TAIL_QUEUE_BYTES_MAX
  }

  #send(event: OperatorEvent): void {
    if (this.#dropped > 0) this.#tellDropped()
    this.#socket.send(encodeOperatorReply(event))
  }

  #tellDropped(): void {
    this.#socket.send(encodeOperatorReply({event: 'dropped', messages: this.#dropped}))
    this.#dropped = 0
  }
}

function compileFilter({action, user, origin}: TailFilter): (envelope: Envelope) => boolean {
  const hasAction = action === undefined ? () => true : compileGlob(action)
  return ({payload, target, origin: from}) => {
    if (origin !== undefined && from !== origin) return false
    if (user !== undefined && !(target.kind === 'user' && target.ids.includes(user))) return false
    return hasAction(payload.action)
  }
}
