/**
 * Publishes as a backend would, by an operator's WebSocket. Answers are read as bytes; what has
 * none when the connection ends is sent again through another node, if the job says so.
 */
import {dialerHandshake} from '../../auth/handshake.js'
import type {Handshake} from '../../auth/handshake.js'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import {REFUSALS} from '../../node/publish-for.js'
import {withResolvers} from '../../operator/resolvers.js'
import {isRecord, parseJson} from '../../protocol/json-text.js'
import {LIMITS} from '../../protocol/limits.js'
import {SUBPROTOCOL} from '../../protocol/version.js'
import {WsmeshError} from '../../util/errors.js'
import {Numbered} from '../../util/numbered.js'
import type {SentBook} from '../ledger/sent-book.js'
import {nowUs} from '../measure/clock.js'
import {WireSocket} from '../wire/wire-socket.js'
import type {WireEnd} from '../wire/wire-socket.js'
import {NODE_BITS} from './field.js'
import type {Field} from './field.js'
import {MessageText} from './message-text.js'
import type {Hit, Publisher} from './publisher.js'

export interface OperatorPublisherOptions {
  readonly field: Field
  readonly sent: SentBook
  /** Unique in the siege. */
  readonly id: number
  readonly secret: MeshSecret
}

interface Waiting {
  readonly id: number
  readonly hit: Hit
  readonly stream: number
  readonly number: number
  /** Handed to a connection: it may be published. */
  wasSent: boolean
}

/** Beyond so many without an answer, or so many bytes, slots are dropped. */
const PENDING_MAX = 100_000
const BUFFERED_BYTES_MAX = 16 * 1024 * 1024
const COME_BACK_MS = 50
const NORMAL = 1000
const ACCEPTED = /^\{"id":(\d+),"ok":true,/
const HEAD_BYTES = 40

export class OperatorPublisher implements Publisher {
  readonly #options: OperatorPublisherOptions
  readonly #field: Field
  #waiting = new Numbered<Waiting>()
  readonly #opened = withResolvers<void>()
  #wire: WireSocket | undefined
  #handshake: Handshake | undefined
  #isIn = false
  /** The node is being stopped: what it refuses goes elsewhere, once the rest has its answers. */
  #isLeaving = false
  /** Of those that wait: sent on this connection, without an answer. */
  #inFlight = 0
  #isOver = false
  #node: number
  #lastId = 0
  #failures = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: OperatorPublisherOptions) {
    this.#options = options
    this.#field = options.field
    this.#node = options.id % options.field.targets.length
  }

  get pending(): number {
    return this.#waiting.size
  }

  open(): Promise<void> {
    this.#dial()
    return this.#opened.promise
  }

  publish(hit: Hit): void {
    const {tally} = this.#field
    const isFull = (this.#wire?.bufferedBytes ?? 0) > BUFFERED_BYTES_MAX
    if (isFull || this.#waiting.size >= PENDING_MAX) {
      tally.dropped += 1
      return
    }
    const stream = this.#field.streamOf(this.#options.id, hit.kind, hit.target)
    this.#lastId += 1
    const id = this.#lastId
    const waiting = {id, hit, stream, number: this.#options.sent.next(stream), wasSent: false}
    this.#waiting.add(id, waiting)
    tally.sent += 1
    if (this.#isIn && !this.#isLeaving) this.#send(waiting)
  }

  flush(): void {
    this.#wire?.flush()
  }

  giveUp(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    for (const waiting of this.#waiting.above(0)) this.#unanswered(waiting)
    this.#waiting = new Numbered()
  }

  close(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#wire?.close(NORMAL)
  }

  onOpen(): void {}

  onRead(bytes: number): void {
    this.#field.tally.bytesReceived += bytes
    this.#field.onActivity()
  }

  onWritten(bytes: number): void {
    this.#field.tally.bytesSent += bytes
  }

  onMessage(bytes: Buffer, start: number, end: number): void {
    if (this.#isIn) this.#answered(bytes, start, end)
    else this.#shake(Buffer.from(bytes.subarray(start, end)))
  }

  onEnd({code, reason, error, isOwn}: WireEnd): void {
    const wasIn = this.#isIn
    this.#isIn = false
    this.#isLeaving = false
    this.#inFlight = 0
    this.#wire = undefined
    if (this.#isOver) return
    const why = error ?? `closed with ${code} ${reason}`
    if (!wasIn && this.#isGivingUp(why)) return
    if (wasIn && !isOwn) this.#field.error(`a publisher: ${why}`)
    if (!this.#field.job.resends) this.#forgetSent()
    this.#node = (this.#node + 1) % this.#field.targets.length
    this.#timer = setTimeout(() => this.#dial(), COME_BACK_MS * Math.random())
  }

  #dial(): void {
    const {field, secret} = this.#options
    const target = field.targets[this.#node]
    if (target?.operatorUrl === undefined) return
    this.#handshake = dialerHandshake({secret, role: 'operator', self: `siege-${process.pid}`})
    this.#wire = new WireSocket({
      url: new URL(target.operatorUrl),
      subprotocol: SUBPROTOCOL.operator,
      timeoutMs: field.job.timeoutMs,
      maxFrameBytes: LIMITS.operatorFrameBytes,
    }, this)
  }

  /** Before the load begins, nodes that none of the tries reached are an error. */
  #isGivingUp(why: string): boolean {
    this.#failures += 1
    if (this.#field.startUs !== undefined) return false
    if (this.#failures < this.#field.targets.length) return false
    this.#opened.reject(new WsmeshError('NODE_UNREACHABLE', 'No node takes what is to be sent', {
      cause: new Error(why),
      suggestions: ['wsmesh pool list   (which nodes answer)'],
    }))
    return true
  }

  #shake(bytes: Buffer): void {
    const step = this.#handshake?.receive(bytes)
    if (step === undefined) return
    if (step.send !== undefined) this.#wire?.send(step.send)
    this.#wire?.flush()
    if (step.fail) {
      this.#isOver = true
      this.#opened.reject(new WsmeshError('AUTH_REJECTED', step.fail.text, {
        suggestions: ['--secret-file FILE   (the one that the nodes were started with)'],
      }))
      this.#wire?.destroy()
    }
    if (!step.done) return
    this.#isIn = true
    this.#failures = 0
    this.#opened.resolve()
    for (const waiting of this.#waiting.above(0)) this.#send(waiting)
    this.#wire?.flush()
  }

  #send(waiting: Waiting): void {
    const {id, hit, number} = waiting
    const {job} = this.#field
    const lateUs = nowUs() - hit.intendedUs
    const message = MessageText.of(job).publication({
      run: job.run,
      sender: (this.#options.id << NODE_BITS) | this.#node,
      kind: hit.kind,
      target: hit.target,
      number,
      intendedUs: hit.intendedUs,
      lateUs,
    })
    const own = job.resends ? `,"messageId":"${job.run}-${this.#options.id}-${id}"` : ''
    this.#wire?.send(`{"id":${id},"op":"publish",${message}${own}}`)
    waiting.wasSent = true
    this.#inFlight += 1
  }

  #answered(bytes: Buffer, start: number, end: number): void {
    const head = bytes.toString('latin1', start, Math.min(end, start + HEAD_BYTES))
    const accepted = ACCEPTED.exec(head)
    if (accepted === null) return this.#refused(bytes.subarray(start, end))
    const waiting = this.#take(Number(accepted[1]))
    if (waiting === undefined) return
    this.#field.tally.accepted += 1
    this.#field.record('accept', waiting.hit.intendedUs, nowUs() - waiting.hit.intendedUs)
  }

  #refused(bytes: Uint8Array): void {
    const read = parseJson(bytes)
    if (!read.ok || !isRecord(read.value) || typeof read.value['id'] !== 'number') return
    const {id, error} = read.value
    const status = isRecord(error) ? error['status'] : undefined
    const text = isRecord(error) ? String(error['message']) : 'refused without a word'
    this.#isLeaving ||= status === 503 && text === REFUSALS.draining
    // What follows on the first is refused with it: that says nothing more.
    if (!this.#isLeaving || text === REFUSALS.draining) {
      this.#field.error(`publish refused: ${String(status)} ${text}`)
    }
    if (status === 503 && this.#field.job.resends) {
      // The node goes away, or cannot at the moment: all that has no answer goes elsewhere.
      this.#wire?.destroy()
      return
    }
    if (status === 503 && this.#isLeaving) return this.#putBack(id)
    const waiting = this.#take(id)
    if (waiting === undefined) return
    if (status === 504) {
      this.#unanswered(waiting)
    } else {
      this.#field.tally.refused += 1
      this.#options.sent.exclude(waiting.stream, waiting.number)
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.take(id)
    if (waiting !== undefined) this.#answeredOne()
    return waiting
  }

  /** Refused is not published: it may be sent again, in its old place among the others. */
  #putBack(id: number): void {
    const waiting = this.#waiting.get(id)
    if (waiting?.wasSent !== true) return
    waiting.wasSent = false
    this.#answeredOne()
  }

  #answeredOne(): void {
    this.#inFlight -= 1
    if (this.#isLeaving && this.#inFlight === 0) this.#wire?.destroy()
  }

  #unanswered({stream, number, wasSent}: Waiting): void {
    if (wasSent) this.#field.tally.unanswered += 1
    else this.#field.tally.dropped += 1
    this.#options.sent.exclude(stream, number)
  }

  /** Without ids of their own, what may be published cannot be sent again. */
  #forgetSent(): void {
    for (const waiting of this.#waiting.above(0)) {
      if (!waiting.wasSent) continue
      this.#waiting.take(waiting.id)
      this.#unanswered(waiting)
    }
  }
}
