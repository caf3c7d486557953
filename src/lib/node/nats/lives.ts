/**
 * Which life of the mesh's order this is. A stream that is made anew is another one by the time
 * when it was made. But NATS may also come back with an older copy of the same stream: what came
 * last is lost, and its numbers are given again. Whoever finds that out writes so into the stream:
 * how often this happened is a part of the epoch, for all nodes and for those that come later.
 */
import type {JetStream, StoredMessage, StreamState} from '../../nats/stream.js'
import type {Log} from '../log.js'
import {epochOf} from './places.js'

/** Of a life's history: so often it is written again, since the stream keeps it no longer. */
const RENEW_SHARE = 1 / 3
/** No more than that is believed of whoever may write into the stream. */
const LOSSES = /^\d{1,6}$/

/** One that this node had. */
export type Known = Pick<StoredMessage, 'seq' | 'data'>

export interface LivesOptions {
  readonly stream: Pick<JetStream, 'at' | 'last' | 'store'>
  /** Where it is written. */
  readonly subject: string
  readonly historyMs: number
  readonly log: Log
  readonly now: () => number
}

export class Lives {
  readonly #options: LivesOptions
  #created = ''
  #losses = 0
  #heardMs = -Infinity

  constructor(options: LivesOptions) {
    this.#options = options
  }

  get epoch(): string {
    return epochOf(this.#created, this.#losses)
  }

  isOf({created}: Pick<StreamState, 'created'>): boolean {
    return created === this.#created
  }

  /**
   * Whether it is another life than before. `reached`: the stream had given this number; `last`:
   * the newest of its messages that this node has had. Rejects as requests to the stream do.
   */
  async look(state: StreamState, reached: number, last: Known | undefined): Promise<boolean> {
    const written = await this.#written()
    if (!this.isOf(state) || written > this.#losses) {
      this.#created = state.created
      this.#losses = written
      this.#heardMs = this.#options.now()
      return true
    }
    if (state.lastSeq >= reached && await this.#isThere(last)) {
      if (written < this.#losses) await this.#write(this.#losses)
      return false
    }
    this.#options.log.warn('The stream has lost its end', {had: reached, has: state.lastSeq})
    await this.#write(this.#losses + 1)
    this.#losses += 1
    return true
  }

  /** Somebody wrote: true for what is new here. */
  heard(data: Uint8Array): boolean {
    const losses = lossesOf(data)
    if (losses === this.#losses) this.#heardMs = this.#options.now()
    return losses > this.#losses
  }

  /** Expected about every second. */
  sweep(): void {
    const {now, historyMs, log} = this.#options
    if (this.#losses === 0 || now() - this.#heardMs < historyMs * RENEW_SHARE) return
    this.#heardMs = now()
    this.#write(this.#losses).catch((error: unknown) => {
      log.debug('The stream does not answer', {error: String(error)})
    })
  }

  async #written(): Promise<number> {
    const {stream, subject} = this.#options
    const found = await stream.last(subject)
    return found === undefined ? 0 : lossesOf(found.data)
  }

  async #isThere(last: Known | undefined): Promise<boolean> {
    const found = last && await this.#options.stream.at(last.seq)
    // One that is not there may have gone by its age.
    return found === undefined || Buffer.compare(found.data, last?.data ?? found.data) === 0
  }

  /** Several nodes do so at once: it is stored once. */
  async #write(losses: number): Promise<void> {
    const {stream, subject, historyMs} = this.#options
    const turn = Math.floor(Date.now() / (historyMs * RENEW_SHARE))
    const id = `${epochOf(this.#created, losses)}-${turn}`
    await stream.store(subject, new TextEncoder().encode(String(losses)), id)
    this.#heardMs = this.#options.now()
  }
}

function lossesOf(data: Uint8Array): number {
  const text = new TextDecoder().decode(data)
  return LOSSES.test(text) ? Number(text) : 0
}
