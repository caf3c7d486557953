/** What a supervisor does when its node has ended. Pure. */

/** Asked for by the node itself (EX_TEMPFAIL): start it again, now. */
export const STATUS_RESTART = 75

const FIRST_PAUSE_MS = 100
const PAUSE_MS_MAX = 10_000
/** A node that lived so long ended for a new reason. */
const STEADY_MS = 60_000
/** One after the other: then it is not worth another try. */
const CRASHES_MAX = 10

export interface Ending {
  /** Null: by a signal. */
  readonly status: number | null
  readonly livedMs: number
  /** It has been part of the mesh. */
  readonly wasReady: boolean
  /** We were told to stop, and told it. */
  readonly isStopping: boolean
  /** How often in a row it crashed before, without having been steady. */
  readonly crashes: number
}

export type AfterEnding =
  | {readonly type: 'again'; readonly pauseMs: number; readonly crashes: number}
  /** It ended as it should. */
  | {readonly type: 'done'}
  /** It cannot start, or crashes again and again. */
  | {readonly type: 'give-up'}

export function afterEnding({
  status, livedMs, wasReady, isStopping, crashes,
}: Ending): AfterEnding {
  // Status 0: somebody asked it to stop, by a signal or from the admin.
  if (isStopping || status === 0) return {type: 'done'}
  if (status === STATUS_RESTART) return {type: 'again', pauseMs: 0, crashes: 0}
  // What never stood would fall for the same reason: whoever started it is to hear it at once.
  if (!wasReady && crashes === 0) return {type: 'give-up'}
  const inARow = livedMs >= STEADY_MS ? 0 : crashes
  if (inARow >= CRASHES_MAX) return {type: 'give-up'}
  const pauseMs = inARow === 0 ? 0 : Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** (inARow - 1))
  return {type: 'again', pauseMs, crashes: inARow + 1}
}
