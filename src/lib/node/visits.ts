/**
 * When each connection was whose: from the moment it proved itself to its end. Messages are
 * delivered one after the other, so the message that was last when a visit began, and the one that
 * was last when it ended, say exactly which messages the visit saw. What has ended is remembered
 * within bounds, for `explain`.
 */
import type {Position} from '../protocol/position.js'
import type {Identity} from '../protocol/target.js'

/** Ended visits that are remembered: at 4096 tabs that come and go a minute, the last minute. */
export const ENDED_VISITS_MAX = 4096
/** And their identities, by an estimate: groups are text of the token's. */
export const ENDED_BYTES_MAX = 4 * 1024 * 1024
/** Objects and references of one visit. An estimate. */
const OVERHEAD_BYTES = 300

/** The part of a connection that is read. */
export interface Visitor {
  readonly id: string
  readonly socket: {readonly bufferedBytes: number}
  identity: Identity | undefined
  visit: VisitStart | undefined
}

export interface VisitStart {
  readonly sinceMs: number
  readonly epoch: string
  /** Messages up to here were delivered before. */
  readonly afterSeq: number
  /** Of those it was given at once what comes after this one: it came back. */
  readonly recoveredAfterSeq: number
}

export interface VisitEnd {
  readonly code: number
  readonly reason: string
  readonly atMs: number
  /** Messages up to here were delivered before its end. */
  readonly throughSeq: number
  /** The message that was being queued to it, and was not, as it was closed for being too slow. */
  readonly refusedSeq: number | undefined
  readonly queueBytes: number
}

export interface Visit {
  readonly connection: string
  readonly identity: Identity
  readonly start: VisitStart
  readonly end: VisitEnd | undefined
  readonly queueBytes: number
}

interface EndedVisit extends Visit {
  readonly end: VisitEnd
}

export class Visits {
  readonly #now: () => number
  /** By their numbers, oldest first: what is forgotten is let go at once. */
  readonly #ended = new Map<number, EndedVisit>()
  #firstNumber = 0
  #nextNumber = 0
  #bytes = 0
  #forgottenAtMs: number | undefined
  #epoch = ''
  #seq = 0
  #delivering: number | undefined

  constructor(now: () => number) {
    this.#now = now
  }

  /** Until `delivered` this message is being queued to connections. */
  delivering(epoch: string, seq: number): void {
    this.#epoch = epoch
    this.#delivering = seq
    this.#seq = seq - 1
  }

  delivered(): void {
    this.#seq = this.#delivering ?? this.#seq
    this.#delivering = undefined
  }

  /** What was delivered up to here went past this node, or was for nobody here. */
  reached({epoch, seq}: Position): void {
    this.#epoch = epoch
    this.#seq = seq
  }

  /** The connection is known from now on. */
  began(visitor: Visitor): void {
    const afterSeq = this.#seq
    const sinceMs = this.#now()
    visitor.visit = {sinceMs, epoch: this.#epoch, afterSeq, recoveredAfterSeq: afterSeq}
  }

  /** Right after `began`: it came back, and was given all that it missed after this message. */
  recovered(visitor: Visitor, seq: number): void {
    if (visitor.visit !== undefined) visitor.visit = {...visitor.visit, recoveredAfterSeq: seq}
  }

  /** Before its identity is forgotten. */
  ended({id, socket, identity, visit}: Visitor, code: number, reason: string): void {
    if (identity === undefined || visit === undefined) return
    const end = {
      code,
      reason,
      atMs: this.#now(),
      throughSeq: this.#seq,
      refusedSeq: this.#delivering,
      queueBytes: socket.bufferedBytes,
    }
    const ended = {connection: id, identity, start: visit, end, queueBytes: end.queueBytes}
    this.#ended.set(this.#nextNumber, ended)
    this.#nextNumber += 1
    this.#bytes += bytesOf(ended)
    while (this.remembered > ENDED_VISITS_MAX || this.#bytes > ENDED_BYTES_MAX) this.#forget()
  }

  /** Ended visits that are remembered, oldest first. */
  past(): Iterable<Visit> {
    return this.#ended.values()
  }

  get remembered(): number {
    return this.#ended.size
  }

  /** When the last of those ended that are forgotten; undefined: none is. */
  get forgottenAtMs(): number | undefined {
    return this.#forgottenAtMs
  }

  #forget(): void {
    const oldest = this.#ended.get(this.#firstNumber)
    if (oldest === undefined) return
    this.#ended.delete(this.#firstNumber)
    this.#firstNumber += 1
    this.#bytes -= bytesOf(oldest)
    this.#forgottenAtMs = oldest.end.atMs
  }
}

/** The visit that is under way; undefined for who is not known. */
export function presentVisit({id, socket, identity, visit}: Visitor): Visit | undefined {
  if (identity === undefined || visit === undefined) return undefined
  const {bufferedBytes} = socket
  return {connection: id, identity, start: visit, end: undefined, queueBytes: bufferedBytes}
}

function bytesOf({identity, end}: EndedVisit): number {
  const {user = '', session = '', groups, properties} = identity
  const texts = [user, session, end.reason, ...groups, ...Object.values(properties)]
  return OVERHEAD_BYTES + texts.reduce((sum, text) => sum + 2 * text.length + 24, 0)
}
