/** Operators' connections: commands and backends that proved themselves with the secret. */
import type {HandshakeDone} from '../auth/handshake.js'
import type {Rights} from '../auth/mesh-secret.js'
import type {DeliveredMessage} from '../mesh/coming-back.js'
import type {ActEvent, ActRequest} from '../protocol/act-frame.js'
import {CLOSE} from '../protocol/close-code.js'
import type {CloseName} from '../protocol/close-code.js'
import {encodeControl} from '../protocol/control.js'
import type {ControlRequest} from '../protocol/control-frame.js'
import type {ExplainRequest, ExplainResult} from '../protocol/explain-frame.js'
import {decodeOperatorRequest, encodeOperatorReply} from '../protocol/operator-codec.js'
import type {
  NodeStats,
  OperatorAnswer,
  OperatorEvent,
  OperatorRequest,
  OperatorResult,
  PublishRequest,
} from '../protocol/operator-frame.js'
import {targetFromJson} from '../protocol/target.js'
import type {SoakRequest, SoakResult} from '../protocol/soak-frame.js'
import type {WhoRequest, WhoResult} from '../protocol/who-frame.js'
import type {AcceptedSocket, SocketHandler} from '../transport/transport.js'
import {unreachable} from '../util/assert.js'
import type {Counters} from './counters.js'
import type {Log} from './log.js'
import type {ActAnswer} from './leaving/node-acts.js'
import {briefly, OperatorActs} from './operator-acts.js'
import {PublishGate} from './publish-gate.js'
import {outcomeOf, publishFor} from './publish-for.js'
import type {PublishAnswer} from './publish-for.js'
import type {Publisher} from './publisher.js'
import type {SoakRefusal} from './soak.js'
import {Tail} from './tail.js'

/** Operators at once; each is a command somebody runs, or a backend's one connection. */
export const OPERATORS_MAX = 1000

/** Answers that an operator does not read may wait up to this. */
const ANSWER_QUEUE_BYTES_MAX = 16 * 1024 * 1024

export interface OperatorsOptions {
  readonly publisher: Publisher
  readonly counters: Counters
  readonly stats: () => NodeStats
  readonly who: (request: WhoRequest) => WhoResult
  readonly explain: (request: ExplainRequest) => ExplainResult
  readonly log: Log
  readonly now: () => number
  readonly soak: (request: SoakRequest) => Promise<SoakResult | SoakRefusal>
  readonly act: (request: ActRequest, tell: (event: ActEvent) => void) => ActAnswer
  readonly wallClock: () => number
  /** See Relay: what nobody here needs is to be delivered too. */
  readonly watch: (isWatching: boolean) => Promise<void> | undefined
}

export type OperatorProof = Pick<HandshakeDone, 'peer' | 'rights'>

/** What a viewer may ask is what changes nothing. */
const RIGHTS_NEEDED: Readonly<Record<OperatorRequest['op'], Rights>> = {
  publish: 'operator',
  ping: 'viewer',
  stats: 'viewer',
  tail: 'viewer',
  who: 'viewer',
  explain: 'viewer',
  // It stops the node for a moment, and a snapshot shows all that is in memory.
  soak: 'operator',
  kick: 'operator',
  refresh: 'operator',
  act: 'operator',
}

type TailRequest = Extract<OperatorRequest, {readonly op: 'tail'}>

interface Operator {
  readonly socket: AcceptedSocket
  readonly rights: Rights
  readonly acts: OperatorActs
  readonly gate: PublishGate
  isTailing: boolean
  tail: Tail | undefined
}

export class Operators {
  readonly #options: OperatorsOptions
  readonly #operators = new Set<Operator>()
  #isWatching = false

  constructor(options: OperatorsOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#operators.size
  }

  /** `peer` is what the operator calls itself, its rights what it proved. */
  accept(socket: AcceptedSocket, {peer, rights}: OperatorProof): SocketHandler {
    const who = {by: peer, from: socket.remoteAddress}
    const acts = new OperatorActs(this.#options.log, who, this.#options.now)
    const gate = new PublishGate((payload) => socket.ping(payload))
    const operator: Operator = {socket, rights, acts, gate, isTailing: false, tail: undefined}
    this.#operators.add(operator)
    return {
      onMessage: (data, isBinary) => this.#received(operator, data, isBinary),
      onViolation: () => this.#options.counters.add('operatorViolations'),
      onPong: (payload) => gate.ponged(payload),
      onClose: () => {
        operator.acts.flush()
        this.#operators.delete(operator)
        void this.#watch()
      },
    }
  }

  /** Something was delivered at this node. */
  delivered(messages: readonly DeliveredMessage[], epoch: string): void {
    let at: number | undefined
    for (const {tail} of this.#operators) {
      if (tail === undefined) continue
      at ??= this.#options.wallClock()
      for (const {envelope, term, seq} of messages) tail.message(envelope, {epoch, term, seq}, at)
    }
  }

  /** The mesh changed: tails are told. */
  changed(event: OperatorEvent): void {
    for (const {tail} of this.#operators) tail?.change(event)
  }

  sweep(): void {
    for (const {tail, acts} of this.#operators) {
      tail?.sweep()
      acts.sweep()
    }
  }

  closeAll(close: CloseName): void {
    for (const operator of this.#operators) this.#close(operator, close)
  }

  #received(operator: Operator, data: Uint8Array, isBinary: boolean): void {
    if (isBinary) {
      this.#violated(operator, 'badFrame')
      return
    }
    const read = decodeOperatorRequest(data)
    if (read.ok) void this.#handle(operator, read.value)
    else if (read.answer !== undefined) this.#answer(operator, read.answer)
    else this.#violated(operator, read.violation.close)
  }

  #violated(operator: Operator, close: CloseName): void {
    this.#options.counters.add('operatorViolations')
    this.#close(operator, close)
  }

  async #handle(operator: Operator, request: OperatorRequest): Promise<void> {
    if (RIGHTS_NEEDED[request.op] === 'operator' && operator.rights === 'viewer') {
      this.#options.counters.add('operatorsRefused')
      operator.acts.refused(request.op)
      this.#answer(operator, failed(request.id, 403, 'A viewer may look, and do nothing'))
      return
    }
    switch (request.op) {
      case 'publish':
        this.#answerPublish(operator, await this.#publish(operator, request))
        return
      case 'ping':
        this.#answer(operator, answered(request.id, {pong: true}))
        return
      case 'stats':
        this.#answer(operator, answered(request.id, this.#options.stats()))
        return
      case 'tail':
        await this.#tail(operator, request)
        return
      case 'who':
        this.#answer(operator, answered(request.id, this.#options.who(request)))
        return
      case 'explain':
        this.#answer(operator, answered(request.id, this.#options.explain(request)))
        return
      case 'kick':
      case 'refresh':
        this.#answerPublish(operator, await this.#control(operator, request))
        return
      case 'soak':
        this.#answer(operator, await this.#soak(operator, request))
        return
      case 'act':
        this.#answer(operator, this.#act(operator, request))
        return
      default:
        unreachable(request)
    }
  }

  /** Synchronous where there is nothing to wait for: what is published next is seen. */
  async #tail(operator: Operator, {id, filter}: TailRequest): Promise<void> {
    operator.isTailing = true
    const watching = this.#watch()
    if (watching !== undefined) await watching
    operator.tail = new Tail(operator.socket, filter, this.#options.counters)
    this.#answer(operator, answered(id, {tailing: true}))
  }

  #watch(): Promise<void> | undefined {
    const isWatching = [...this.#operators].some(({isTailing}) => isTailing)
    if (isWatching === this.#isWatching) return undefined
    this.#isWatching = isWatching
    return this.#options.watch(isWatching)
  }

  async #soak(operator: Operator, request: SoakRequest): Promise<OperatorAnswer> {
    operator.acts.did('soak', {snapshot: request.holdersOf !== undefined})
    const taken = await this.#options.soak(request)
    const {id} = request
    return 'sample' in taken ? answered(id, taken) : failed(id, taken.status, taken.why)
  }

  /** How it goes is told after the answer, to who is still there. */
  #act(operator: Operator, request: ActRequest): OperatorAnswer {
    const {id, act} = request
    const done = this.#options.act(request, (event) => {
      if (this.#operators.has(operator)) operator.socket.send(encodeOperatorReply(event))
    })
    if (!done.ok) return failed(id, done.status, done.why)
    operator.acts.did(act)
    return answered(id, done.result)
  }

  /** Synchronous up to the publish: requests of one operator keep their order. */
  async #publish(operator: Operator, request: PublishRequest): Promise<OperatorAnswer> {
    const {acts, gate} = operator
    const {publisher} = this.#options
    return answerOf(request.id, await publishFor(request, {publisher, acts, gate}))
  }

  /** It goes the way of messages, which is how it reaches every node. */
  async #control(operator: Operator, request: ControlRequest): Promise<OperatorAnswer> {
    const {id, op, target, messageId: callerId} = request
    const read = targetFromJson(target)
    if (!read.ok) return failed(id, 400, read.reason)
    const payload = encodeControl(request)
    operator.acts.did(op, {target: briefly(target)})
    const {publisher} = this.#options
    const publishing = publisher.publish(read.value, payload, {
      callerId, gate: operator.gate, from: 'operators',
    })
    return answerOf(id, await outcomeOf(publishing))
  }

  #answerPublish(operator: Operator, answer: OperatorAnswer): void {
    this.#answer(operator, answer)
    if (!answer.ok && answer.error.status === 503) operator.gate.told()
  }

  #answer(operator: Operator, answer: OperatorAnswer): void {
    if (!this.#operators.has(operator)) return
    if (operator.socket.bufferedBytes > ANSWER_QUEUE_BYTES_MAX) {
      this.#violated(operator, 'slowConsumer')
      return
    }
    operator.socket.send(encodeOperatorReply(answer))
  }

  #close(operator: Operator, close: CloseName): void {
    this.#operators.delete(operator)
    const {code, reason} = CLOSE[close]
    operator.socket.close(code, reason)
  }
}

function answerOf(id: number, answer: PublishAnswer): OperatorAnswer {
  if (answer.ok) return answered(id, answer.result)
  return failed(id, answer.status, answer.message, answer.messageId)
}

function answered(id: number, result: OperatorResult): OperatorAnswer {
  return {id, ok: true, result}
}

function failed(id: number, status: number, message: string, messageId?: string): OperatorAnswer {
  return {id, ok: false, error: {status, message, ...(messageId !== undefined && {messageId})}}
}
