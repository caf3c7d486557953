/**
 * How an event loop gathers work. What comes while a turn runs waits for the next one, and is done
 * together with all else that waits. So the more comes, the less each costs: a process at 100 %
 * of its core is not at its end yet, only its turns get longer. What ends it is the work that
 * gathering does not save.
 */

export interface Loop {
  /** What makes a turn begin, a second. */
  readonly triggersPerS: number
  /** Processor time a second that is spent in so many turns a second; does not fall with them. */
  readonly workUs: (turnsPerS: number) => number
  /** And that which is spent whatever comes: pings, beats. */
  readonly steadyUs: number
}

export interface Turns {
  readonly perS: number
  /** How long one takes, on average: what a message waits here, at most twice. */
  readonly turnMs: number
  /** Of a core, as `top` shows it. 1 is not the end. */
  readonly busy: number
}

const SECOND_US = 1e6
const STEPS = 60

/**
 * A turn begins with the first that comes after the one before it has ended:
 * turns * (1 / triggers + length of a turn) = 1, where the length follows from the work.
 */
export function turnsOf({triggersPerS, workUs, steadyUs}: Loop): Turns {
  const freeUs = SECOND_US - steadyUs
  if (freeUs <= 0) return {perS: 0, turnMs: Infinity, busy: 1}
  let low = 0
  let high = triggersPerS
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (low + high) / 2
    const isPossible = middle / triggersPerS + workUs(middle) / SECOND_US <= freeUs / SECOND_US
    if (isPossible) low = middle
    else high = middle
  }
  const us = workUs(low)
  const busy = Math.min(1, (us + steadyUs) / SECOND_US)
  return {perS: low, turnMs: low > 0 ? us / low / 1000 : 0, busy}
}

/**
 * After a sleep of this, half of what a turn needs is out of the processor's caches, or the
 * processor sleeps as well. Measured: what waking costs a second rises up to some 400 turns a
 * second, and hardly any further.
 */
const FORGOTTEN_MS = 2.5

/** Turns: each costs something, and one after a sleep more, the more the longer it was. */
export function turnCostUs(turnsPerS: number, turnUs: number, wakeUs: number): number {
  return turnsPerS * (turnUs + wakeUs / (1 + (turnsPerS * FORGOTTEN_MS) / 1000))
}

/** Messages may be gathered for so long: the end of a process is reckoned with such turns. */
export const GATHER_MS = 50

/** Of a core: what is left is for what comes at once, and for collecting garbage. */
export const CORE_SHARE_MAX = 0.8

/**
 * How full a process is: 1 when its work would take 80 % of a core though all is gathered that
 * comes within 50 ms. Rises in proportion to what comes, or more slowly.
 */
export function fullness(loop: Loop): number {
  return gatheredUs(loop) / SECOND_US / CORE_SHARE_MAX
}

/** Processor time a second, where all is gathered for as long as it may be. */
export function gatheredUs({triggersPerS, workUs, steadyUs}: Loop): number {
  return workUs(Math.min(triggersPerS, 1000 / GATHER_MS)) + steadyUs
}
