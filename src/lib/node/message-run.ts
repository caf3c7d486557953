/**
 * Messages that follow on each other in the order and are for the same many: the clients are gone
 * through once for all of them, and each is given one piece. A message to a user is alone.
 */
import type {DeliveredMessage} from '../mesh/coming-back.js'
import {controlOf} from '../protocol/control.js'
import type {Target} from '../protocol/target.js'
import {joinFrames} from '../transport/frame.js'
import type {WireFrame} from '../transport/transport.js'
import {assert, unreachable} from '../util/assert.js'
import type {FrameForm} from './client-connection.js'
import {messageFrame} from './message-frames.js'

/** All of a run is kept in one piece until the slowest has it. */
const RUN_BYTES_MAX = 32 * 1024
/** Of one frame, beside its details. An estimate. */
const FRAME_BYTES = 200

export class MessageRun {
  readonly epoch: string
  readonly first: DeliveredMessage
  readonly last: DeliveredMessage
  readonly size: number
  readonly #all: readonly DeliveredMessage[]
  readonly #start: number
  #object: WireFrame | undefined
  #v1: WireFrame | undefined
  #array: WireFrame | undefined
  #traced: WireFrame | undefined

  /** From `start` on, what belongs together: at least the first message. */
  constructor(all: readonly DeliveredMessage[], start: number, epoch: string) {
    const first = all[start]
    const size = sizeOfRun(all, start)
    const last = all[start + size - 1]
    assert(first !== undefined && last !== undefined, 'A run has a message')
    this.epoch = epoch
    this.first = first
    this.last = last
    this.size = size
    this.#all = all
    this.#start = start
  }

  get target(): Target {
    return this.first.envelope.target
  }

  /** Where a message of it stands; `index` is below `size`. */
  seqOf(index: number): number {
    return this.#all[this.#start + index]?.seq ?? this.last.seq
  }

  /** Its frames in one piece, built when the first connection of that form needs it. */
  frame(form: FrameForm): WireFrame {
    switch (form) {
      case 'object':
        this.#object ??= this.#build(form)
        return this.#object
      case 'v1':
        this.#v1 ??= this.#build(form)
        return this.#v1
      case 'array':
        this.#array ??= this.#build(form)
        return this.#array
      case 'traced':
        this.#traced ??= this.#build(form)
        return this.#traced
      default:
        return unreachable(form)
    }
  }

  #build(form: FrameForm): WireFrame {
    if (this.size === 1) return messageFrame(this.first, this.epoch, form)
    const messages = this.#all.slice(this.#start, this.#start + this.size)
    return joinFrames(messages.map((message) => messageFrame(message, this.epoch, form)))
  }
}

function sizeOfRun(all: readonly DeliveredMessage[], start: number): number {
  const target = all[start]?.envelope.target
  if (target === undefined || !isForMany(target)) return 1
  let bytes = 0
  let end = start
  for (; end < all.length; end += 1) {
    const envelope = all[end]?.envelope
    if (envelope === undefined || !isSame(target, envelope.target)) break
    bytes += FRAME_BYTES + envelope.payload.details.length
    const isFull = bytes > RUN_BYTES_MAX || controlOf(envelope.payload) !== undefined
    if (isFull && end > start) break
  }
  return end - start
}

/** Its connections can wait for their slices; the others are few, and are written to at once. */
export function isForMany({kind}: Target): boolean {
  return kind !== 'user' && kind !== 'session'
}

function isSame(a: Target, b: Target): boolean {
  switch (a.kind) {
    case 'registered':
    case 'everyone':
      return a.kind === b.kind
    case 'user':
    case 'group':
    case 'session':
      return a.kind === b.kind && areSame(a.ids, b.ids)
    case 'filter':
      return a.kind === b.kind && areSame(a.pairs.flat(), b.pairs.flat())
    default:
      return unreachable(a)
  }
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index])
}
