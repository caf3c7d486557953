/**
 * One connection of a client to a node: what the node queued and the client has not read yet. When
 * a frame arrives is decided when it is queued, so that nothing has to be scheduled for it.
 */
import type {Position} from '../protocol/position.js'
import type {SimClient} from './sim-client.js'

export type ClientItem =
  | {readonly type: 'answer'; readonly position: Position; readonly recovered: boolean}
  | {readonly type: 'message'; readonly position: Position; readonly id: string}
  | {readonly type: 'position'; readonly position: Position}

/** How a client reads. */
export interface Pace {
  readonly latencyMs: number
  /** Infinity for one that reads at once. */
  readonly bytesPerMs: number
  /** More waiting than this, and the node closes the connection as too slow. */
  readonly queueBytesMax: number
}

export const QUICK: Pace = {latencyMs: 1, bytesPerMs: Infinity, queueBytesMax: Infinity}

interface Waiting {
  readonly item: ClientItem
  readonly bytes: number
  readonly arrivesMs: number
}

export class ClientLine {
  readonly client: SimClient
  readonly #pace: Pace
  #waiting: Waiting[] = []
  #first = 0
  #bufferedBytes = 0
  #replayBytes = 0
  #lastArrivalMs = 0
  #isCut = false
  /** Neither the node nor the client knows it any more. */
  isClosed = false
  /** The node's memory: all for this client up to here is queued. */
  toldSeq = 0
  toldAtMs = 0

  constructor(client: SimClient, pace: Pace) {
    this.client = client
    this.#pace = pace
  }

  /** Has read all that was sent to it. */
  get isRead(): boolean {
    return this.#bufferedBytes === 0
  }

  /** Where the oldest stands that is queued and not read. */
  get unread(): Position | undefined {
    return this.#waiting[this.#first]?.item.position
  }

  get isCut(): boolean {
    return this.#isCut
  }

  /** False: too much waits, the node has to close it. The bound is that of client-connection.ts. */
  send(item: ClientItem, bytes: number, nowMs: number): boolean {
    this.settle(nowMs)
    this.#replayBytes = Math.min(this.#replayBytes, this.#bufferedBytes)
    const roomBytes = this.#pace.queueBytesMax + this.#replayBytes
    if (this.#bufferedBytes > 0 && this.#bufferedBytes + bytes > roomBytes) return false
    this.#push(item, bytes, nowMs)
    return true
  }

  /** However much: the history bounds it. */
  replay(item: ClientItem, bytes: number, nowMs: number): void {
    this.#push(item, bytes, nowMs)
    this.#replayBytes += bytes
  }

  told(seq: number, nowMs: number): void {
    this.toldSeq = seq
    this.toldAtMs = nowMs
  }

  /** The client reads what has arrived by now. */
  settle(nowMs: number): void {
    if (this.#isCut) return
    const waiting = this.#waiting
    for (let next = waiting[this.#first]; next; next = waiting[this.#first]) {
      if (next.arrivesMs > nowMs) return
      this.#first += 1
      this.#bufferedBytes -= next.bytes
      this.client.read(next.item, next.arrivesMs)
    }
    this.#waiting = []
    this.#first = 0
  }

  /** Nothing gets through from now on: what is on its way is lost. */
  cut(nowMs: number): void {
    this.settle(nowMs)
    this.#isCut = true
  }

  #push(item: ClientItem, bytes: number, nowMs: number): void {
    const {latencyMs, bytesPerMs} = this.#pace
    const arrivesMs = Math.max(this.#lastArrivalMs + bytes / bytesPerMs, nowMs + latencyMs)
    this.#lastArrivalMs = arrivesMs
    this.#bufferedBytes += bytes
    this.#waiting.push({item, bytes, arrivesMs})
  }
}
