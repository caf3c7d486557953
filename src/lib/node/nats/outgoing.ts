/**
 * This node's own messages, from accepted to stored in the stream. They leave in rounds: all that
 * waits, in its order, but of each subject one parcel; the next round begins when the stream has
 * answered to all of this one. What it does not answer to, or refuses, is sent again: the first
 * alone, then the others. *So nothing of a subject overtakes what was sent before it, though the
 * stream may lose any of them and get it again; and other messages of this node overtake each other
 * only where the stream lost one in the middle.*
 */
import type {MeshConfig} from '../../mesh/config.js'
import type {RefusalReason} from '../../mesh/effect.js'
import {messageId, type Envelope} from '../../protocol/envelope.js'
import {envelopeSize} from '../../protocol/envelope-codec.js'
import {encodeParcel, PARCEL_MESSAGES_MAX} from '../../protocol/relay-codec.js'
import type {NodeId} from '../../util/brand.js'
import type {RelayPublish} from '../relay.js'
import type {Answerable} from './receipts.js'
import {keyOfMessage} from './subjects.js'

/** Beside the envelope's own, as in the master's outbox. */
const MESSAGE_OVERHEAD_BYTES = 200
const ROUND_PARCELS_MAX = 512
const ROUND_BYTES_MAX = 4 * 1024 * 1024
const PARCEL_BYTES_MAX = 256 * 1024
/** Headers, and what is around envelopes. */
const PARCEL_OVERHEAD_BYTES = 1024
/** Without an answer for so long a parcel is sent again. */
const ANSWER_MS = 1000
/** So far back it is looked for where the stream does not count on from where it was. */
const LOOK_BACK_MAX = 10_000
/** After an answer that says no. */
const RETRY_MS = 200

export interface Outgoing extends Answerable {
  readonly envelope: Envelope
  readonly bytes: number
  readonly acceptedMs: number
  readonly onlyInTerm: number | undefined
}

export interface OutgoingParcel {
  readonly number: number
  readonly key: number
  readonly id: string
  readonly messages: Outgoing[]
  bytes: number
  /** Where this node was when it was sent first: it is stored behind that. */
  since: number
  sentMs: number
  retryMs: number
  tries: number
}

export interface OutgoingOptions {
  readonly self: NodeId
  readonly slots: number
  readonly config: Pick<MeshConfig, 'outboxMessages' | 'outboxBytes' | 'receiptMs'>
  readonly now: () => number
  readonly term: () => number | undefined
  /** Where this node is in the stream. */
  readonly place: () => number
  /** Where the stream was before the last trouble with it; undefined: that is long ago. */
  readonly troubledAfter: () => number | undefined
  /** NATS is there, and it is known whose reports to wait for. */
  readonly canSend: () => boolean
  readonly payloadBytesMax: () => number
  readonly send: (parcel: OutgoingParcel, bytes: Uint8Array) => void
  readonly accepted: (ticket: number, id: string) => void
  readonly refused: (ticket: number, reason: RefusalReason) => void
  readonly late: (ticket: number) => void
}

/** How the same is known when it comes twice: callers' ids and our own cannot meet. */
export function parcelId([first]: readonly Envelope[]): string {
  if (first === undefined) return ''
  const {callerId, origin, counter} = first
  return callerId === undefined ? `o:${origin}-${counter}` : `i:${encodeURIComponent(callerId)}`
}

export class OutgoingMessages {
  readonly #options: OutgoingOptions
  #waiting: Outgoing[] = []
  #head = 0
  readonly #round = new Map<number, OutgoingParcel>()
  #counter = 0
  #parcels = 0
  #messages = 0
  #bytes = 0
  #isDraining = false
  /** Some of the round was not taken: first the stream has to take the first of what is left. */
  #isTroubled = false
  resent = 0
  refusals = 0

  constructor(options: OutgoingOptions) {
    this.#options = options
  }

  /** Not stored yet. */
  get size(): number {
    return this.#messages
  }

  get bytes(): number {
    return this.#bytes
  }

  get counter(): number {
    return this.#counter
  }

  /** Oldest first. */
  *values(): Generator<Outgoing> {
    for (const {messages} of this.#round.values()) yield* messages
    for (let at = this.#head; at < this.#waiting.length; at += 1) {
      const message = this.#waiting[at]
      if (message !== undefined) yield message
    }
  }

  startDraining(): void {
    this.#isDraining = true
  }

  accept({ticket, callerId, onlyInTerm, target, payload}: RelayPublish): void {
    const {self, now} = this.#options
    const envelope = {origin: self, counter: this.#counter + 1, callerId, target, payload}
    const bytes = envelopeSize(envelope) + MESSAGE_OVERHEAD_BYTES
    const reason = this.#whyRefused(bytes, onlyInTerm)
    if (reason !== undefined) {
      this.refusals += 1
      this.#options.refused(ticket, reason)
      return
    }
    this.#counter += 1
    this.#messages += 1
    this.#bytes += bytes
    this.#waiting.push({envelope, bytes, acceptedMs: now(), onlyInTerm, ticket})
    this.#options.accepted(ticket, messageId(envelope))
  }

  #whyRefused(bytes: number, onlyInTerm: number | undefined): RefusalReason | undefined {
    const {config, term, payloadBytesMax} = this.#options
    if (bytes + PARCEL_OVERHEAD_BYTES > payloadBytesMax()) return 'too-big'
    const isFull =
      this.#messages >= config.outboxMessages || this.#bytes + bytes > config.outboxBytes
    if (isFull) return 'outbox-full'
    if (this.#isDraining) return 'draining'
    return onlyInTerm === undefined || onlyInTerm === term() ? undefined : 'term-lost'
  }

  /** What can go now goes. */
  flush(): void {
    if (!this.#options.canSend()) return
    if (this.#round.size > 0) this.#sendAgain()
    else this.#fillRound()
  }

  /** The connection, or the stream's leader, is another: what has no answer is sent again. */
  restart(): void {
    const [first] = this.#round.values()
    if (first !== undefined) first.retryMs = 0
    this.flush()
  }

  /** The stream is another one, or lost its end, and is at that place now. */
  begin(place: number): void {
    for (const parcel of this.#round.values()) {
      parcel.since = Math.max(0, place - LOOK_BACK_MAX)
    }
  }

  /** The stream has this parcel: it is returned, once. */
  stored(number: number): OutgoingParcel | undefined {
    const parcel = this.#round.get(number)
    if (parcel === undefined) return undefined
    this.#round.delete(number)
    for (const {bytes} of parcel.messages) {
      this.#messages -= 1
      this.#bytes -= bytes
    }
    if (this.#round.size === 0) this.flush()
    else if (this.#isTroubled) this.#sendAll()
    return parcel
  }

  /** The stream did not take it: soon again. */
  failed(number: number): void {
    const parcel = this.#round.get(number)
    if (parcel === undefined) return
    this.#isTroubled = true
    parcel.retryMs = this.#options.now() + RETRY_MS
  }

  /** It is another node's term: its messages that are not stored are taken back. */
  withdraw(): void {
    const out = [...this.values()].filter(isOfTerm)
    if (out.length === 0) return
    this.#waiting = this.#waiting.slice(this.#head).filter((message) => !isOfTerm(message))
    this.#head = 0
    for (const [number, {messages}] of this.#round) {
      if (messages.some(isOfTerm)) this.#round.delete(number)
    }
    for (const message of out) {
      this.#messages -= 1
      this.#bytes -= message.bytes
      const {ticket} = message
      message.ticket = undefined
      if (ticket !== undefined) this.#options.refused(ticket, 'term-lost')
    }
  }

  /** Publishers do not wait for ever; their messages stay until they are stored. */
  sweep(): void {
    const {now, config, late} = this.#options
    for (const message of this.values()) {
      if (now() - message.acceptedMs < config.receiptMs) break
      const {ticket} = message
      message.ticket = undefined
      if (ticket !== undefined) late(ticket)
    }
    this.flush()
  }

  /** Alone: were others sent with it, one of them might be stored and this one not. */
  #sendAgain(): void {
    const [first] = this.#round.values()
    if (first === undefined || this.#options.now() < first.retryMs) return
    this.#isTroubled = true
    this.#send(first)
  }

  #sendAll(): void {
    this.#isTroubled = false
    for (const parcel of this.#round.values()) this.#send(parcel)
  }

  #send(parcel: OutgoingParcel): void {
    const since = this.#sinceOf(parcel)
    if (parcel.tries > 0) this.resent += parcel.messages.length
    else parcel.since = this.#options.place()
    parcel.tries += 1
    parcel.sentMs = this.#options.now()
    parcel.retryMs = parcel.sentMs + ANSWER_MS
    const envelopes = parcel.messages.map(({envelope}) => envelope)
    this.#options.send(parcel, encodeParcel({since, envelopes}))
  }

  /** Undefined: it is nowhere yet. One of its caller's own id may have been sent elsewhere. */
  #sinceOf({tries, since, messages: [first]}: OutgoingParcel): number | undefined {
    const hasId = first?.envelope.callerId !== undefined
    const elsewhere = hasId ? this.#options.troubledAfter() : undefined
    return tries === 0 ? elsewhere : Math.min(since, elsewhere ?? since)
  }

  #fillRound(): void {
    const keys = new Set<number>()
    let last: OutgoingParcel | undefined
    let bytes = 0
    while (this.#head < this.#waiting.length) {
      const message = this.#waiting[this.#head]
      if (message === undefined || bytes + message.bytes > ROUND_BYTES_MAX + PARCEL_BYTES_MAX) break
      const key = keyOfMessage(message.envelope, this.#options.slots)
      if (last !== undefined && last.key === key && fits(last, message)) {
        last.messages.push(message)
        last.bytes += message.bytes
      } else {
        if (keys.has(key) || keys.size >= ROUND_PARCELS_MAX || bytes >= ROUND_BYTES_MAX) break
        keys.add(key)
        last = this.#parcelOf(key, message)
      }
      bytes += message.bytes
      this.#head += 1
    }
    this.#compact()
    this.#sendAll()
  }

  #parcelOf(key: number, message: Outgoing): OutgoingParcel {
    this.#parcels += 1
    const parcel = {
      number: this.#parcels, key, id: parcelId([message.envelope]), messages: [message],
      bytes: message.bytes, since: 0, sentMs: 0, retryMs: 0, tries: 0,
    }
    this.#round.set(parcel.number, parcel)
    return parcel
  }

  #compact(): void {
    if (this.#head < 1024 && this.#head < this.#waiting.length) return
    this.#waiting = this.#waiting.slice(this.#head)
    this.#head = 0
  }
}

function isOfTerm({onlyInTerm}: Outgoing): boolean {
  return onlyInTerm !== undefined
}

/** A message of its caller's own id stands alone: by the id the stream knows the whole parcel. */
function fits({messages, bytes}: OutgoingParcel, message: Outgoing): boolean {
  return messages.length < PARCEL_MESSAGES_MAX
    && bytes + message.bytes <= PARCEL_BYTES_MAX
    && message.envelope.callerId === undefined
    && messages[0]?.envelope.callerId === undefined
}
