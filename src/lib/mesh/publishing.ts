/** This node's own messages: accepted, sent to the master, sent again, answered. */
import {messageId, WITHDRAWN} from '../protocol/envelope.js'
import {envelopeSize} from '../protocol/envelope-codec.js'
import type {PublishFrame, Stability} from '../protocol/node-frame.js'
import type {RefusalReason} from './effect.js'
import type {MeshEvent} from './event.js'
import type {NodeId} from '../util/brand.js'
import {count, emit, type MeshState} from './state.js'

type Publish = Extract<MeshEvent, {readonly type: 'publish'}>

export type Unpublished = Pick<Publish, 'callerId' | 'target' | 'payload'>

/** Beside the envelope's own, as in the history's estimate. */
const MESSAGE_OVERHEAD_BYTES = 200

/** Sent to the master and not stable yet: what is beyond waits for the first to be stable. */
const SENT_BYTES_MAX = 8 * 1024 * 1024

/** What MeshCore.stats says of the outbox, and what it may hold. */
export interface OutboxRoom {
  readonly self: NodeId
  readonly outboxMessages: number
  readonly outboxBytes: number
  readonly config: Pick<MeshState['config'], 'outboxMessages' | 'outboxBytes'>
}

/** Whether all of these, published in the same turn, will be taken. */
export function hasRoomFor(room: OutboxRoom, messages: readonly Unpublished[]): boolean {
  const {config, self: origin, outboxMessages, outboxBytes} = room
  if (outboxMessages + messages.length > config.outboxMessages) return false
  let bytes = outboxBytes
  for (const {callerId, target, payload} of messages) {
    // The longest that a counter is written.
    const envelope = {origin, counter: Number.MAX_SAFE_INTEGER, callerId, target, payload}
    bytes += envelopeSize(envelope) + MESSAGE_OVERHEAD_BYTES
  }
  return bytes <= config.outboxBytes
}

/** Takes a message into the outbox; refuses, and says so, when that is full or the node drains. */
export function accept(state: MeshState, event: Publish): void {
  const {outbox, self} = state
  const {ticket, callerId, onlyInTerm, target, payload} = event
  const envelope = {origin: self.id, counter: state.counter + 1, callerId, target, payload}
  const bytes = envelopeSize(envelope) + MESSAGE_OVERHEAD_BYTES
  const reason = whyRefused(state, bytes, onlyInTerm)
  if (reason !== undefined) {
    count(state, 'refused')
    emit(state, {type: 'refused', ticket, reason})
    return
  }
  state.counter = envelope.counter
  outbox.add({envelope, bytes, acceptedAt: state.now, onlyInTerm, ticket, isEarlier: false})
  count(state, 'accepted')
  emit(state, {type: 'accepted', ticket, id: messageId(envelope)})
}

function whyRefused(
  {outbox, config, role, isDraining}: MeshState, bytes: number, onlyInTerm: number | undefined,
): RefusalReason | undefined {
  const isFull =
    outbox.size >= config.outboxMessages || outbox.bytes + bytes > config.outboxBytes
  if (isFull) return 'outbox-full'
  if (isDraining) return 'draining'
  const isOfTerm = role.type === 'mastering' && role.term === onlyInTerm
  return onlyInTerm === undefined || isOfTerm ? undefined : 'term-lost'
}

/**
 * The term is lost: its messages that are not stable must not come to stand in the order later,
 * when whoever gave them may have given them to the next master, longer ago than callers' ids are
 * known. Their counters stay, since counters have no gaps: one that was ordered is known by its
 * number, and for one that was not a message to nobody is ordered.
 */
export function withdraw(state: MeshState): void {
  const {outbox, self} = state
  for (const outgoing of outbox.values()) {
    if (outgoing.onlyInTerm === undefined) continue
    const {ticket, envelope: {counter}} = outgoing
    const envelope = {origin: self.id, counter, callerId: undefined, ...WITHDRAWN}
    const bytes = envelopeSize(envelope) + MESSAGE_OVERHEAD_BYTES
    outbox.replace({...outgoing, envelope, bytes, onlyInTerm: undefined, ticket: undefined})
    if (ticket !== undefined) emit(state, {type: 'refused', ticket, reason: 'term-lost'})
  }
}

/**
 * What is to be sent to the master now: what was not sent on this link, or everything again when
 * nothing was heard of the oldest for long. Undefined when there is nothing.
 */
export function takeUnsent(state: MeshState, term: number): PublishFrame | undefined {
  const {outbox, config, now} = state
  const {first} = outbox
  if (first === undefined) return undefined
  if (state.sentCounter >= first && now - state.resentAt >= config.resendMs) {
    state.sentCounter = first - 1
    state.sentBytes = 0
    count(state, 'resent')
  }
  const envelopes = []
  let bytes = 0
  for (const {envelope, bytes: size} of outbox.above(state.sentCounter)) {
    const isFrameFull = envelopes.length > 0 && bytes + size > config.frameBytes
    if (isFrameFull || state.sentBytes + bytes >= SENT_BYTES_MAX) break
    envelopes.push(envelope)
    bytes += size
  }
  const last = envelopes.at(-1)
  if (!last) return undefined
  if (state.sentCounter < first) state.resentAt = now
  state.sentCounter = last.counter
  state.sentBytes += bytes
  return {type: 'publish', term, first, envelopes}
}

/** A new master or link: everything that is not stable is sent again, in its order. */
export function restartSending(state: MeshState): void {
  state.sentBytes = 0
  state.sentCounter = (state.outbox.first ?? state.counter + 1) - 1
  state.resentAt = state.now
}

/** The master says that these are stable: their publishers have their receipts. */
export function settle(state: MeshState, epoch: string, messages: readonly Stability[]): void {
  for (const {counter, place, byNode, missing} of messages) {
    const outgoing = state.outbox.settle(counter)
    if (outgoing) {
      state.resentAt = state.now
      if (counter <= state.sentCounter) {
        state.sentBytes = Math.max(0, state.sentBytes - outgoing.bytes)
      }
    }
    if (outgoing?.ticket === undefined) continue
    const position = place && {epoch, term: place.term, seq: place.seq}
    // Counted to nobody, and whoever counted has forgotten: that is not the same as to nobody.
    const isEarlier = byNode.length === 0 && (!place || outgoing.isEarlier)
    const receipt = {type: 'stable', position, byNode, missing, isEarlier} as const
    emit(state, {type: 'receipt', ticket: outgoing.ticket, receipt})
  }
}

/** Publishers do not wait for ever; their messages stay until they are stable. */
export function expireReceipts(state: MeshState): void {
  const {config, now} = state
  for (const outgoing of state.outbox.values()) {
    if (now - outgoing.acceptedAt < config.receiptMs) break
    if (outgoing.ticket === undefined) continue
    count(state, 'receiptTimeouts')
    emit(state, {type: 'receipt', ticket: outgoing.ticket, receipt: {type: 'timeout'}})
    outgoing.ticket = undefined
  }
}
