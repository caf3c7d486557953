import {setTimeout as delay} from 'node:timers/promises'

import type {WsmeshError} from '../../util/errors.js'
import {PingBook, type PingSummary} from './ping-book.js'
import type {Pinger} from './pinger.js'

export interface PingEvent {
  readonly target: string
  readonly url: string
  /** From 1. */
  readonly seq: number
  readonly outcome:
    | {readonly type: 'connected'; readonly node: string; readonly tookMs: number}
    | {readonly type: 'reply'; readonly ms: number}
    | {readonly type: 'lost'; readonly why: string}
}

export interface PingOptions {
  readonly count: number
  readonly intervalMs: number
  /** For one answer, and for connecting. */
  readonly waitMs: number
  readonly signal: AbortSignal
  onEvent(event: PingEvent): void
}

export interface TargetSummary extends PingSummary {
  readonly target: string
  readonly url: string
}

export interface PingResult {
  readonly targets: readonly TargetSummary[]
  readonly all: PingSummary
  readonly tookMs: number
  /** Of a target that refused: worth more than the number of those that were lost. */
  readonly refused: WsmeshError | undefined
}

/**
 * Pings all targets side by side, each at its own pace: one that does not answer holds up none of
 * the others. Ends after `count` each, or when the signal says so; what is under way then does not
 * count.
 */
export async function runPing(
  pingers: readonly Pinger[],
  options: PingOptions,
): Promise<PingResult> {
  const startMs = performance.now()
  const all = new PingBook()
  let refused: WsmeshError | undefined
  // What waits for an answer then waits no longer.
  const closeAll = () => pingers.forEach((pinger) => pinger.close())
  options.signal.addEventListener('abort', closeAll)
  const targets = await Promise.all(pingers.map(async (pinger) => {
    const book = new PingBook()
    await pingOne(pinger, options, {
      answered(ms) {
        book.answered(ms)
        all.answered(ms)
      },
      lost(error) {
        book.lost()
        all.lost()
        if (error !== undefined && isTelling(error)) refused ??= error
      },
    })
    return {target: pinger.name, url: pinger.url, ...book.summary()}
  }))
  options.signal.removeEventListener('abort', closeAll)
  closeAll()
  return {targets, all: all.summary(), tookMs: performance.now() - startMs, refused}
}

interface Count {
  answered(ms: number): void
  lost(error: WsmeshError | undefined): void
}

async function pingOne(pinger: Pinger, options: PingOptions, count: Count): Promise<void> {
  const {intervalMs, waitMs, signal} = options
  const {name: target, url} = pinger
  let dueMs = performance.now()
  for (let seq = 1; seq <= options.count && !signal.aborted; seq += 1) {
    const pong = await pinger.ping(waitMs)
    if (signal.aborted) return
    const tell = (outcome: PingEvent['outcome']) => options.onEvent({target, url, seq, outcome})
    if (pong.ok) {
      if (pong.connected !== undefined) tell({type: 'connected', ...pong.connected})
      count.answered(pong.ms)
      tell({type: 'reply', ms: pong.ms})
    } else {
      count.lost(pong.error)
      tell({type: 'lost', why: pong.why})
    }
    // Behind, as nothing answered: the next is due now, not all that were missed.
    dueMs = Math.max(dueMs + intervalMs, performance.now())
    if (seq < options.count) await pause(dueMs - performance.now(), signal)
  }
}

function isTelling({code}: WsmeshError): boolean {
  return code !== 'NODE_UNREACHABLE' && code !== 'TIMED_OUT'
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms <= 0) return
  // Ended early is what it is for.
  await delay(ms, undefined, {signal}).catch(() => undefined)
}
