// The numbers of one tab: its tally, and when each arrived by the clock of this browser.
import {counted, EMPTY_TALLY} from './tally.js'

/** What a strip shows fits many times. */
const KEPT_MS = 60_000

export class Numbers {
  tally = EMPTY_TALLY
  /** Each with the time and the node of the tab then: {atMs, node}. The latest is the last. */
  arrivals = []
  #run

  /** True when the demo began to count anew: what came before says nothing any more. */
  add(number, run, node, atMs) {
    const isNew = this.#run !== undefined && run !== this.#run
    if (run !== this.#run) this.tally = EMPTY_TALLY
    this.#run = run
    this.tally = counted(this.tally, number)
    this.arrivals.push({atMs, node})
    // Seldom: each time it moves all that stay.
    const old = this.arrivals.findIndex((arrival) => arrival.atMs > atMs - KEPT_MS)
    if (old > 500) this.arrivals.splice(0, old)
    return isNew
  }

  /** Somebody else's tab from now on. */
  reset() {
    this.tally = EMPTY_TALLY
    this.arrivals = []
    this.#run = undefined
  }
}

/**
 * The longest time without a number, of those that were over between the two times; the time
 * before the first of these is one of them. Undefined: none has arrived since.
 */
export function longestWait(arrivals, sinceMs, untilMs) {
  let longest
  for (let at = arrivals.length - 1; at > 0 && arrivals[at].atMs >= sinceMs; at -= 1) {
    if (arrivals[at].atMs > untilMs) continue
    longest = Math.max(longest ?? 0, arrivals[at].atMs - arrivals[at - 1].atMs)
  }
  return longest
}
