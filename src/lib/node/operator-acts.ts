/**
 * A log line for each act of an operator: who did what, from where. Who publishes thousands of
 * messages a second gets a line for the first of them and one a second that counts the others.
 */
import {PROBE} from '../process/supervision.js'
import type {TargetJson} from '../protocol/target.js'
import type {Log, LogFields} from './log.js'

/** Lines of one connection in a second; what is more is counted. */
const LINES_PER_SECOND = 10
const TARGET_CHARACTERS_MAX = 200
/** Enough to recognize one. */
const SESSION_CHARACTERS = 6

export interface WhoActs {
  /** What the operator calls itself: its secret is proved, its name is not. */
  readonly by: string
  readonly from: string
}

export class OperatorActs {
  readonly #log: Log
  readonly #who: WhoActs
  readonly #now: () => number
  #sinceMs = Number.NEGATIVE_INFINITY
  #lines = 0
  #uncounted = 0

  constructor(log: Log, who: WhoActs, now: () => number) {
    this.#log = log
    this.#who = who
    this.#now = now
  }

  published(action: string, target: TargetJson): void {
    if (isProbe(action, target)) return
    this.did('publish', {action, target: briefly(target)})
  }

  /** Anything else that an operator did. */
  did(act: string, fields: LogFields = {}): void {
    this.sweep()
    this.#lines += 1
    if (this.#lines > LINES_PER_SECOND) this.#uncounted += 1
    else this.#log.info('An operator acted', {act, ...this.#who, ...fields})
  }

  refused(act: string): void {
    this.sweep()
    this.#lines += 1
    if (this.#lines > LINES_PER_SECOND) this.#uncounted += 1
    else this.#log.warn('A viewer was refused', {act, ...this.#who})
  }

  /** Expected about every second or more often. */
  sweep(): void {
    const nowMs = this.#now()
    if (nowMs - this.#sinceMs < 1000) return
    this.flush()
    this.#sinceMs = nowMs
    this.#lines = 0
  }

  /** The connection ends: nothing is left uncounted. */
  flush(): void {
    if (this.#uncounted === 0) return
    this.#log.info('An operator acted more', {...this.#who, acts: this.#uncounted})
    this.#uncounted = 0
  }
}

/** A supervisor's, every ten seconds: it is for nobody but the supervisor itself. */
function isProbe(action: string, target: TargetJson): boolean {
  if (action !== PROBE.action || !('user' in target)) return false
  return typeof target.user === 'string' && target.user.startsWith(PROBE.user)
}

/** For the log. A session's id is often all that proves it: it is cut. */
export function briefly(target: TargetJson): string {
  const text = JSON.stringify('session' in target ? {session: cut(target.session)} : target)
  if (text.length <= TARGET_CHARACTERS_MAX) return text
  return `${text.slice(0, TARGET_CHARACTERS_MAX)}…`
}

function cut(session: unknown): readonly string[] {
  return [session].flat().map((id) => `${String(id).slice(0, SESSION_CHARACTERS)}…`)
}
