/**
 * Publishes by POST /publish, by the schedule of the siege. Requests of several connections
 * overtake each other, so each connection is a sender with numbers of its own: what waits for a
 * free one is late from when it was due, as everything here.
 */
import {Agent, request} from 'node:http'
import {Agent as TlsAgent, request as tlsRequest} from 'node:https'
import type {SentBook} from '../ledger/sent-book.js'
import {nowUs} from '../measure/clock.js'
import {NODE_BITS} from '../attack/field.js'
import type {Field} from '../attack/field.js'
import {MessageText} from '../attack/message-text.js'
import type {Hit, Publisher} from '../attack/publisher.js'
import {placeOf, reasonIn} from './api-place.js'

export interface HttpPublisherOptions {
  readonly field: Field
  readonly sent: SentBook
  /** Bearer token of a backend. */
  readonly token: string
  /** Ids of its lanes begin here. */
  readonly firstId: number
  /** Of each target its HTTP API: http://host:port, https or unix:/path. */
  readonly apis: readonly string[]
}

/** Connections to each node. */
export const LANES = 8
const ONE_EACH = {keepAlive: true, maxSockets: 1} as const
const WAITING_MAX = 100_000
const TRY_AGAIN_MS = 50
const RECEIPT_MS = 15_000

interface Lane {
  readonly id: number
  readonly agent: Agent
  node: number
  isBusy: boolean
}

interface Answer {
  /** 0: no answer. */
  readonly status: number
  readonly text: string
}

export class HttpPublisher implements Publisher {
  readonly #options: HttpPublisherOptions
  readonly #field: Field
  readonly #lanes: readonly Lane[]
  readonly #request: typeof request
  #waiting: Hit[] = []
  #isOver = false

  constructor(options: HttpPublisherOptions) {
    this.#options = options
    this.#field = options.field
    const {targets} = options.field
    const isTls = options.apis[0]?.startsWith('https:') === true
    this.#request = isTls ? tlsRequest : request
    this.#lanes = Array.from({length: LANES * targets.length}, (_, index) => ({
      id: options.firstId + index,
      agent: isTls ? new TlsAgent(ONE_EACH) : new Agent(ONE_EACH),
      node: index % targets.length,
      isBusy: false,
    }))
  }

  get pending(): number {
    return this.#waiting.length + this.#lanes.filter(({isBusy}) => isBusy).length
  }

  async open(): Promise<void> {}

  publish(hit: Hit): void {
    if (this.#waiting.length >= WAITING_MAX) this.#field.tally.dropped += 1
    else this.#waiting.push(hit)
  }

  flush(): void {
    for (const lane of this.#lanes) {
      if (this.#waiting.length === 0) return
      if (!lane.isBusy) this.#next(lane)
    }
  }

  giveUp(): void {
    this.#isOver = true
    this.#field.tally.dropped += this.#waiting.length
    this.#waiting = []
    for (const {agent} of this.#lanes) agent.destroy()
  }

  close(): void {
    this.#isOver = true
    for (const {agent} of this.#lanes) agent.destroy()
  }

  #next(lane: Lane): void {
    const hit = this.#waiting.shift()
    if (hit === undefined) return
    lane.isBusy = true
    void this.#one(lane, hit).finally(() => {
      lane.isBusy = false
      this.#next(lane)
    })
  }

  /** Never rejects. */
  async #one(lane: Lane, hit: Hit): Promise<void> {
    const {job, tally, targets} = this.#field
    const stream = this.#field.streamOf(lane.id, hit.kind, hit.target)
    const number = this.#options.sent.next(stream)
    tally.sent += 1
    let answer = await this.#post(lane, hit, number)
    while (job.resends && isPassing(answer) && !this.#isOver) {
      lane.node = (lane.node + 1) % targets.length
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS))
      answer = await this.#post(lane, hit, number)
    }
    this.#settle(answer, hit, {stream, number})
  }

  #settle(
    {status, text}: Answer, hit: Hit,
    {stream, number}: {readonly stream: number; readonly number: number},
  ): void {
    const {tally} = this.#field
    if (status === 200) {
      tally.accepted += 1
      this.#field.record('accept', hit.intendedUs, nowUs() - hit.intendedUs)
      return
    }
    this.#options.sent.exclude(stream, number)
    if (status === 0 || status === 504) tally.unanswered += 1
    else tally.refused += 1
    const code = status === 0 ? '' : `${status} `
    if (!this.#isOver) this.#field.error(`POST /publish: ${code}${text}`)
  }

  #post(lane: Lane, hit: Hit, number: number): Promise<Answer> {
    const {job} = this.#field
    const message = MessageText.of(job).publication({
      run: job.run, sender: (lane.id << NODE_BITS) | lane.node, kind: hit.kind, target: hit.target,
      number, intendedUs: hit.intendedUs, lateUs: nowUs() - hit.intendedUs,
    })
    const own = job.resends ? `,"messageId":"${job.run}-${lane.id}-${hit.kind}-${hit.target}-${
      number}"` : ''
    const body = Buffer.from(`{${message}${own}}`)
    this.#field.tally.bytesSent += body.length
    return new Promise((resolve) => {
      const posting = this.#request({
        ...placeOf(this.#options.apis[lane.node] ?? ''), path: '/publish',
        method: 'POST', agent: lane.agent, timeout: RECEIPT_MS,
        headers: {
          authorization: `Bearer ${this.#options.token}`, 'content-length': body.length,
          'content-type': 'application/json',
        },
      }, (response) => {
        response.setEncoding('utf8')
        let text = ''
        response.on('data', (part: string) => (text += part))
        response.on('end', () => {
          this.#field.tally.bytesReceived += text.length
          resolve({status: response.statusCode ?? 0, text: reasonIn(text)})
        })
        response.on('error', (error) => resolve({status: 0, text: error.message}))
      })
      posting.on('timeout', () => posting.destroy(new Error('no answer')))
      posting.on('error', (error) => resolve({status: 0, text: error.message}))
      posting.end(body)
    })
  }
}

/** The node goes away, or has gone: another may take it. */
function isPassing({status}: Answer): boolean {
  return status === 0 || status === 503
}
