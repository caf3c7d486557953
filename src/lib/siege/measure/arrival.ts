/**
 * When what is read arrived. Reading one message after the other takes a generator some
 * microseconds each, which is its own time: whatever the system reported as readable when this turn
 * of the event loop began was there by then. How long it may have been there before, since the
 * system was asked last, is told too: nobody can know it better from within a process.
 */
import {performance} from 'node:perf_hooks'
import {nowUs} from './clock.js'

/** The event loop asks the system again after so many reads: later ones may have come later. */
const READS_OF_ONE_LOOK = 500

/** One for all, since there is one event loop. Its numbers are changed in place: no garbage. */
class Arrivals {
  /** When the turn began that reads; 0: none does. */
  turnUs = 0
  reads = 0
  /** Of the read that goes on, for its first message; 0: the clock tells. */
  readUs = 0
  /** When the system was asked last what is readable. */
  lookUs = nowUs()
  /** How long before that look, at most, what it found may have been there. */
  unreadUs = 0
  /** When work ended last, and how long the loop had slept by then in all. */
  restUs = nowUs()
  sleptUs = 0
}

const at = new Arrivals()

/**
 * A piece of bytes is about to be read. `isFresh`: a message begins with it. Only the first one
 * can be told to have been there when the turn began: others may have come since.
 */
export function readBegins(isFresh: boolean): void {
  if (at.turnUs === 0) {
    turnBegins()
    at.turnUs = at.lookUs
    at.reads = 0
    setImmediate(turnEnds)
  } else if ((at.reads += 1) % READS_OF_ONE_LOOK === 0) {
    at.turnUs = nowUs()
    at.unreadUs = at.turnUs - at.lookUs
    at.lookUs = at.turnUs
  }
  at.readUs = isFresh ? at.turnUs : 0
}

/** A message of it was read. */
export function messageEnds(): void {
  at.readUs = 0
}

/** Of the message that is being read, in `nowUs`; also right outside of a read. */
export function arrivedUs(): number {
  return at.readUs === 0 ? nowUs() : at.readUs
}

/** How long the message that is being read may have lain there before `arrivedUs`, at most. */
export function unreadUs(): number {
  return at.readUs === 0 ? nowUs() - at.lookUs + at.unreadUs : at.unreadUs
}

/** A turn of the event loop begins, maybe after a sleep: whoever comes first says so. */
export function turnBegins(): void {
  const now = nowUs()
  const sleptUs = performance.nodeTiming.idleTime * 1000
  const isWoken = sleptUs > at.sleptUs
  // Who sleeps is woken by what comes; what came while nobody slept waited for the next look.
  at.unreadUs = isWoken ? Math.max(0, now - at.restUs - (sleptUs - at.sleptUs)) : now - at.lookUs
  at.lookUs = now
  at.sleptUs = sleptUs
}

/** A turn that did not sleep before found nothing to read. */
export function lookedAt(us: number): void {
  at.lookUs = us
}

/** Work has ended: the event loop may sleep now. */
export function workEnds(): void {
  at.restUs = nowUs()
}

function turnEnds(): void {
  at.turnUs = 0
  workEnds()
}
