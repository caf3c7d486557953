/** When a node that ended by itself is started again. Pure; times are milliseconds of one clock. */

export interface RestartPolicy {
  /** So many crashes within the window are followed by a start; the next one is too many. */
  readonly budget: number
  readonly windowMs: number
  /** Pauses before the first, second, … start of a window; the last of them for all others. */
  readonly pausesMs: readonly number[]
}

export const RESTART_POLICY: RestartPolicy = {
  budget: 5,
  windowMs: 60_000,
  pausesMs: [0, 500, 1000, 2000, 4000],
}

export type RestartVerdict =
  | {readonly type: 'restart'; readonly pauseMs: number; readonly crashes: readonly number[]}
  | {readonly type: 'give-up'; readonly crashes: readonly number[]}

/** `crashes`: when the earlier ones of this node were, oldest first; that of `nowMs` is not in. */
export function afterCrash(
  crashes: readonly number[], nowMs: number, policy: RestartPolicy,
): RestartVerdict {
  const recent = [...crashes.filter((at) => nowMs - at < policy.windowMs), nowMs]
  if (recent.length > policy.budget) return {type: 'give-up', crashes: recent}
  const {pausesMs} = policy
  const pauseMs = pausesMs[Math.min(recent.length, pausesMs.length) - 1] ?? 0
  return {type: 'restart', pauseMs, crashes: recent}
}

/** How a process ended: one of both is not null. */
export interface ChildEnd {
  readonly status: number | null
  readonly signal: string | null
  /** The error that it named, or else the end of its log; undefined: it said nothing. */
  readonly said: string | undefined
  /** What to try. */
  readonly hint?: string | undefined
}

export {STATUS_RESTART} from '../process/restart-status.js'

/** Wrong flags or configuration, and a wrong secret: another try ends the same way. */
const HOPELESS: readonly (number | null)[] = [2, 4]

export function isHopeless({status}: ChildEnd): boolean {
  return HOPELESS.includes(status)
}

/** "was killed by SIGKILL", "ended with status 1: …". */
export function describeEnd({status, signal, said}: ChildEnd): string {
  const why = said === undefined ? '' : `: ${said}`
  return `${signal === null ? `ended with status ${status}` : `was killed by ${signal}`}${why}`
}
