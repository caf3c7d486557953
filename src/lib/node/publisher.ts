/**
 * Local publishers and their tickets: a promise for each message on its way. The relay answers
 * every ticket, with a receipt or a refusal, so nothing here needs a timer.
 */
import type {Payload} from '../protocol/envelope.js'
import type {PublishResult} from '../protocol/operator-frame.js'
import {formatPosition} from '../protocol/position.js'
import type {Target} from '../protocol/target.js'
import {traceContextFrom, type TraceCarrier} from '../protocol/trace-context.js'
import type {Receipt, RefusalReason} from '../mesh/effect.js'
import {assert, unreachable} from '../util/assert.js'
import {Numbered} from '../util/numbered.js'
import type {CounterName, Counters} from './counters.js'
import type {Latency} from './metrics/latency.js'
import type {PublishGate} from './publish-gate.js'
import type {RelayPublish} from './relay.js'

export type PublishOutcome =
  | {readonly type: 'stable'; readonly result: PublishResult}
  /** `after-refusal`: an earlier one of the same connection was refused, see PublishGate. */
  | {readonly type: 'refused'; readonly reason: RefusalReason | 'after-refusal'}
  /** Unknown: the message of this id is still on its way. */
  | {readonly type: 'timeout'; readonly id: string}

/** Where messages of this node come from, and what counts them. */
const COUNTED = {
  handlers: 'publishedByHandlers',
  operators: 'publishedByOperators',
  api: 'publishedByApi',
  outbox: 'publishedByOutbox',
} as const satisfies Readonly<Record<string, CounterName>>

export interface PublishOptions {
  /** Handlers, unless it is said. */
  readonly from?: keyof typeof COUNTED
  /** Sent again under it, a message is delivered once. */
  readonly callerId?: string | undefined
  /** As master of this term or not at all. */
  readonly onlyInTerm?: number | undefined
  readonly gate?: PublishGate
  /** It is in the outbox: this node goes on sending it until it is delivered. */
  readonly onAccepted?: (id: string) => void
}

interface Waiting {
  id: string | undefined
  readonly sinceMs: number
  readonly counter: CounterName
  readonly onAccepted: ((id: string) => void) | undefined
  readonly gate: PublishGate | undefined
  readonly resolve: (outcome: PublishOutcome) => void
}

/** Of what is stable: how long that took. */
export interface Measure {
  readonly now: () => number
  readonly receipt: Pick<Latency, 'note'>
}

export class Publisher {
  readonly #push: (message: RelayPublish) => void
  readonly #counters: Counters
  readonly #measure: Measure | undefined
  readonly #carriesTrace: boolean
  readonly #waiting = new Numbered<Waiting>()
  #lastTicket = 0

  constructor(
    push: (message: RelayPublish) => void, counters: Counters, measure?: Measure,
    carriesTrace = false,
  ) {
    this.#push = push
    this.#counters = counters
    this.#measure = measure
    this.#carriesTrace = carriesTrace
  }

  /** Whether nodes of this mesh carry traces. */
  get carriesTrace(): boolean {
    return this.#carriesTrace
  }

  /** What is to be published, with the trace that it is part of, where nodes carry that. */
  traced(payload: Payload, carrier: TraceCarrier): Payload {
    if (!this.#carriesTrace || carrier.traceparent === undefined) return payload
    const trace = traceContextFrom(carrier)
    this.#counters.add(trace === undefined ? 'traceContextsInvalid' : 'traceContextsCarried')
    return trace === undefined ? payload : {...payload, trace}
  }

  /** Publishers that have no answer yet. */
  get waiting(): number {
    return this.#waiting.size
  }

  /**
   * Messages leave in the order of the calls. Never rejects. With the gate of a connection, none of
   * its messages is taken after one that was refused until its peer knows of that.
   */
  publish(
    target: Target, payload: Payload, options: PublishOptions = {},
  ): Promise<PublishOutcome> {
    return new Promise((resolve) => this.publishThen(resolve, target, payload, options))
  }

  /** The same, for who has a promise of his own: `resolve` is called once. */
  publishThen(
    resolve: (outcome: PublishOutcome) => void,
    target: Target, payload: Payload, options: PublishOptions = {},
  ): void {
    const {callerId, onlyInTerm, gate, onAccepted, from = 'handlers'} = options
    if (gate?.isShut === true) {
      gate.refused()
      this.#counters.add('publishesRefused')
      resolve({type: 'refused', reason: 'after-refusal'})
      return
    }
    const ticket = (this.#lastTicket += 1)
    const sinceMs = this.#measure?.now() ?? 0
    const counter = COUNTED[from]
    this.#waiting.add(ticket, {id: undefined, sinceMs, counter, onAccepted, gate, resolve})
    this.#push({type: 'publish', ticket, callerId, onlyInTerm, target, payload})
  }

  accepted(ticket: number, id: string): void {
    this.#counters.add('messagesPublished')
    const waiting = this.#waiting.get(ticket)
    assert(waiting !== undefined, `Accepted a ticket that nobody holds: ${ticket}`)
    this.#counters.add(waiting.counter)
    waiting.id = id
    waiting.onAccepted?.(id)
  }

  refused(ticket: number, reason: RefusalReason): void {
    this.#counters.add('publishesRefused')
    const {gate, resolve} = this.#take(ticket)
    // Now, not when its publisher hears of it: the next message may be in this same turn.
    if (reason !== 'too-big') gate?.refused()
    resolve({type: 'refused', reason})
  }

  receipt(ticket: number, receipt: Receipt): void {
    const {id, sinceMs, resolve} = this.#take(ticket)
    assert(id !== undefined, `A receipt before its message was accepted: ${ticket}`)
    switch (receipt.type) {
      case 'stable':
        this.#measure?.receipt.note(this.#measure.now() - sinceMs)
        resolve({type: 'stable', result: resultOf(id, receipt)})
        return
      case 'timeout':
        this.#counters.add('receiptsTimedOut')
        resolve({type: 'timeout', id})
        return
      default:
        unreachable(receipt)
    }
  }

  #take(ticket: number): Waiting {
    const waiting = this.#waiting.take(ticket)
    assert(waiting !== undefined, `Answered a ticket that nobody holds: ${ticket}`)
    return waiting
  }
}

function resultOf(id: string, receipt: Extract<Receipt, {type: 'stable'}>): PublishResult {
  const {position, missing, isEarlier} = receipt
  const byNode = receipt.byNode.filter(({connections}) => connections > 0)
  return {
    id,
    position: position === undefined ? null : formatPosition(position),
    connections: byNode.reduce((sum, {connections}) => sum + connections, 0),
    nodes: byNode.length,
    byNode,
    missing,
    ...(isEarlier && {earlier: true}),
  }
}
