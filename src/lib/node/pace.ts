/** How fast clients may speak: one connection, and one user with all of his at this node. */
import type {ClientConnection} from './client-connection.js'
import type {CounterName, Counters} from './counters.js'
import type {NodeLimits} from './limits.js'
import {TokenBucket} from './token-bucket.js'

/** refuse: answer 429; close: it was told so often enough. */
export type PaceVerdict = 'go' | 'refuse' | 'close'

/** Refusals are forgiven at this part of the pace: twice too fast is closed after 1.3 s. */
const FORGIVEN = 0.25

/** A message counts as one action for each part of it this long: reading it costs as much. */
const ACTION_BYTES = 8 * 1024

/** Of a connection that ever spoke; idle ones have none. */
export interface ConnectionPace {
  readonly frames: TokenBucket
  /** Refusals that it may still have before it is closed. */
  readonly patience: TokenBucket
}

export type PaceLimits = Pick<NodeLimits, 'actionsPerSecond' | 'userActionsPerSecond'>

export class Pace {
  readonly #limits: PaceLimits
  readonly #counters: Counters
  readonly #users = new Map<string, TokenBucket>()

  constructor(limits: PaceLimits, counters: Counters) {
    this.#limits = limits
    this.#counters = counters
  }

  /** One more frame of this connection, a ping included, before it is read. */
  judge(connection: ClientConnection, bytes: number, nowMs: number): PaceVerdict {
    const cost = Math.max(1, Math.ceil(bytes / ACTION_BYTES))
    const {actionsPerSecond, userActionsPerSecond} = this.#limits
    connection.pace ??= paceOf(actionsPerSecond || userActionsPerSecond, nowMs)
    const {frames, patience} = connection.pace
    const refused: CounterName | undefined =
      actionsPerSecond !== 0 && !frames.take(nowMs, cost)
        ? 'actionsRefused'
        : this.#isUserTooFast(connection.identity?.user, cost, nowMs)
          ? 'userActionsRefused'
          : undefined
    if (refused === undefined) return 'go'
    this.#counters.add(refused)
    return patience.take(nowMs, cost) ? 'refuse' : 'close'
  }

  #isUserTooFast(user: string | undefined, cost: number, nowMs: number): boolean {
    const perSecond = this.#limits.userActionsPerSecond
    if (user === undefined || perSecond === 0) return false
    let bucket = this.#users.get(user)
    if (bucket === undefined) {
      bucket = new TokenBucket(perSecond, perSecond, nowMs)
      this.#users.set(user, bucket)
    }
    return !bucket.take(nowMs, cost)
  }

  /** Forgets who is quiet: so whoever connects again is no faster, and nothing grows. */
  sweep(nowMs: number): void {
    for (const [user, bucket] of this.#users) {
      if (bucket.isFull(nowMs)) this.#users.delete(user)
    }
  }
}

/** It was quiet for so long that nothing of its pace needs to be remembered. */
export function isCalm({frames, patience}: ConnectionPace, nowMs: number): boolean {
  return frames.isFull(nowMs) && patience.isFull(nowMs)
}

function paceOf(perSecond: number, nowMs: number): ConnectionPace {
  return {
    frames: new TokenBucket(perSecond, perSecond, nowMs),
    patience: new TokenBucket(perSecond, perSecond * FORGIVEN, nowMs),
  }
}
