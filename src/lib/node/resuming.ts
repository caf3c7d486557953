/** Clients that come back get what they missed, or are told that they did not (P5). */
import {AHEAD_WAIT_MS, isBehind, missedBy} from '../mesh/coming-back.js'
import type {Identity} from '../protocol/target.js'
import {parsePosition, type Position} from '../protocol/position.js'
import type {WireFrame} from '../transport/transport.js'
import type {Counters} from './counters.js'
import {replayFrame} from './message-frames.js'
import type {Relay} from './relay.js'

/**
 * What may wait for all clients together of what they missed. One misses at most the history; when
 * very many come back at once, and read slowly, the last of them are not recovered.
 */
const REPLAY_QUEUE_BYTES_MAX = 512 * 1024 * 1024

export interface ResumingOptions {
  /** Undefined before the node has started. */
  readonly relay: () => Pick<Relay, 'position' | 'recover' | 'prepare'> | undefined
  /** Bytes of replays that clients' sockets have not taken. */
  readonly waitingBytes: () => number
  readonly counters: Counters
}

/** What one client missed, in order. */
export interface Replay {
  readonly frames: readonly WireFrame[]
  /** The seq of the last of them, or of the place that the client had. */
  readonly lastSeq: number
}

export class Resuming {
  readonly #options: ResumingOptions
  readonly #waiting = new Set<() => void>()

  constructor(options: ResumingOptions) {
    this.#options = options
  }

  /** Clients that wait until this node is as far as they are. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Entries were queued to the connections here: those that wait may go on. */
  delivered(): void {
    for (const look of this.#waiting) look()
  }

  /**
   * Before somebody is let in. Undefined: there is nothing to wait for. `isFirst`: only then it is
   * worth waiting for this node to get as far as the client is. Resolves to false when messages for
   * him cannot be had here at the moment.
   */
  ready(
    identity: Identity, resume: string | undefined, isFirst: boolean,
  ): Promise<boolean> | undefined {
    const position = resume === undefined ? undefined : parsePosition(resume)
    const preparing = this.#options.relay()?.prepare(identity, position)
    if (preparing !== undefined) return preparing
    return isFirst && position !== undefined ? this.#caughtUp(position) : undefined
  }

  /** Resolves once this node is not behind the client any more, or it has had its time. */
  #caughtUp(position: Position): Promise<boolean> | undefined {
    const isWaiting = (): boolean => isBehind(this.#options.relay(), position)
    if (!isWaiting()) return undefined
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiting.delete(look)
        clearTimeout(timer)
        resolve(true)
      }
      const look = (): void => {
        if (!isWaiting()) end()
      }
      const timer = setTimeout(end, AHEAD_WAIT_MS)
      this.#waiting.add(look)
    })
  }

  /**
   * All that this client missed; undefined when something of it is missing here. What it answers
   * and what is delivered next follow on each other: queue it in the same turn of the event loop.
   */
  replayFor(identity: Identity, resume: string, wantsTrace = false): Replay | undefined {
    const {counters} = this.#options
    const replay = this.#read(identity, resume, wantsTrace)
    counters.add(replay === undefined ? 'clientsNotRecovered' : 'clientsRecovered')
    return replay
  }

  #read(identity: Identity, resume: string, wantsTrace: boolean): Replay | undefined {
    const position = parsePosition(resume)
    const missed = position && missedBy(this.#options.relay(), identity, position)
    if (position === undefined || missed === undefined) return undefined
    const frames: WireFrame[] = []
    let bytes = this.#options.waitingBytes()
    for (const entry of missed.messages) {
      const frame = replayFrame(entry, position.epoch, wantsTrace)
      bytes += frame.bytes.byteLength
      if (bytes > REPLAY_QUEUE_BYTES_MAX) return undefined
      frames.push(frame)
    }
    return {frames, lastSeq: missed.lastSeq}
  }
}
