/**
 * When what is read arrived. Reading one message after the other takes a generator some
 * microseconds each, which is its own time: whatever the system reported as readable when this turn
 * of the event loop began was there by then.
 */
import {nowUs} from './clock.js'

/** The event loop asks the system again after so many reads: later ones may have come later. */
const READS_OF_ONE_LOOK = 500

let turnUs = 0
let reads = 0
/** Of the read that goes on, for its first message; 0: the clock tells. */
let readUs = 0

/**
 * A piece of bytes is about to be read. `isFresh`: a message begins with it. Only the first one
 * can be told to have been there when the turn began: others may have come since.
 */
export function readBegins(isFresh: boolean): void {
  if (turnUs === 0) {
    turnUs = nowUs()
    reads = 0
    setImmediate(turnEnds)
  } else if ((reads += 1) % READS_OF_ONE_LOOK === 0) {
    turnUs = nowUs()
  }
  readUs = isFresh ? turnUs : 0
}

/** A message of it was read. */
export function messageEnds(): void {
  readUs = 0
}

/** Of the message that is being read, in `nowUs`; also right outside of a read. */
export function arrivedUs(): number {
  return readUs === 0 ? nowUs() : readUs
}

function turnEnds(): void {
  turnUs = 0
}
