/**
 * What a node decides about a client's place in the order: when it comes back, when it is quiet,
 * and when the log changes under it (P5). Nodes and the simulation decide by these same functions.
 */
import {controlOf} from '../protocol/control.js'
import type {Envelope} from '../protocol/envelope.js'
import {LIMITS} from '../protocol/limits.js'
import type {Place, Position} from '../protocol/position.js'
import {matchesTarget, type Identity} from '../protocol/target.js'
import type {Delivery, Standing} from './effect.js'
import type {Recovery} from './recovery.js'

/** A node that has delivered less than the client saw has so long to get there. */
export const AHEAD_WAIT_MS = 1000

/** The part of MeshCore that knows what was delivered. */
export interface History {
  readonly position: Position | undefined
  /** Of a relay that brings a node only what its clients need: what came for this identity. */
  recover(position: Position, identity?: Identity): Recovery
}

/** An entry that is a message and was delivered to those whom it names. */
export interface DeliveredMessage extends Delivery {
  readonly envelope: Envelope
}

/** All that one client missed, in order. */
export interface Missed {
  readonly messages: readonly DeliveredMessage[]
  /** The seq of the last of them, or of the place that the client had. */
  readonly lastSeq: number
}

/** This node is behind the client: to be asked again when more is delivered. */
export function isBehind(history: History | undefined, resume: Position): boolean {
  return history?.recover(resume).type === 'ahead'
}

/**
 * What came for this identity since; undefined when a part of it is missing here. What it answers
 * and what is delivered next follow on each other, if both are queued in one turn.
 */
export function missedBy(
  history: History | undefined, identity: Identity, resume: Position,
): Missed | undefined {
  const recovery = history?.recover(resume, identity)
  if (recovery?.type !== 'recovered') return undefined
  const messages: DeliveredMessage[] = []
  for (const entry of recovery.entries) {
    if (!isMessage(entry) || !matchesTarget(entry.envelope.target, identity)) continue
    // What nodes were told about clients is not for the clients.
    if (controlOf(entry.envelope.payload) === undefined) messages.push(entry)
  }
  return {messages, lastSeq: messages.at(-1)?.seq ?? resume.seq}
}

/**
 * What the answer to an authentication names: where the stream begins. Of somebody who loses the
 * connection again before it has had what it missed, its own position is still true.
 */
export function answeredPosition(
  delivered: Position, resume: Position | undefined, isRecovered: boolean,
): Position {
  return isRecovered && resume ? resume : delivered
}

/** Repeats and a term's first entry are for nobody. */
export function isMessage(entry: Delivery): entry is DeliveredMessage {
  return entry.envelope !== undefined && entry.repeatOf === undefined
}

/** Linked to the others: what is published goes out at once. */
export function takesPart(state: Standing['state']): boolean {
  return state === 'following' || state === 'mastering' || state === 'linked'
}

/** Whether clients may come, and stay: a node that is no part of the mesh has none. */
export function takesClients(state: Standing['state']): boolean {
  // Between masters they may: what they publish waits.
  return takesPart(state) || state === 'seeking'
}

/** After log-replaced: this client was told of what is not in the log, or misses what now is. */
export function hasLostPlace(toldSeq: number, after: Place, reset: boolean): boolean {
  return reset || toldSeq > after.seq
}

/** What a node remembers of one client's place: all up to this seq is queued, since then. */
export interface Told {
  readonly toldSeq: number
  readonly toldAtMs: number
}

/** A quiet client's place would age out of the window, though nothing was missed. */
export function isPositionDue(
  {toldSeq, toldAtMs}: Told, position: Position, nowMs: number, everyMs: number,
): boolean {
  return toldSeq !== position.seq && nowMs - toldAtMs >= everyMs
}

/** A client is told its position when so long nothing that has one was sent to it. */
export function positionMs(historyMs: number): number {
  return Math.min(LIMITS.positionMs, historyMs / 3)
}
