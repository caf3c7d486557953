/** What one tab got, over all its connections. */
import {comparePlaces, formatPosition, parsePosition} from '../protocol/position.js'
import type {Position} from '../protocol/position.js'
import type {SentMessage} from './sent-message.js'
import {EMPTY_TAB} from './tally.js'
import type {TabTally} from './tally.js'

/** What a connection was told that it missed: after one position, up to another. */
interface Hole {
  readonly after: Position
  readonly upTo: Position
}

type Counts = {-readonly [name in keyof TabTally]: TabTally[name]}

export class TabBook {
  #last: Position | undefined
  readonly #got = new Set<number>()
  readonly #lastOfPublisher = new Map<number, number>()
  #holes: Hole[] = []
  #excused = new Set<number>()
  #counts: Counts = {...EMPTY_TAB}
  #wasAttached = false

  get place(): string | undefined {
    return this.#last === undefined ? undefined : formatPosition(this.#last)
  }

  attach(place: Position | undefined, recovered: boolean): void {
    if (this.#wasAttached) this.#counts.reconnects += 1
    this.#wasAttached = true
    if (recovered) return
    if (this.#last !== undefined && place !== undefined) {
      this.#holes.push({after: this.#last, upTo: place})
    }
    this.#last = place ?? this.#last
  }

  pass(place: Position): void {
    if (this.#last === undefined || isAfter(place, this.#last)) this.#last = place
  }

  /** Counts it; says what was wrong with it. */
  deliver({n, publisher}: SentMessage, place: Position): string | undefined {
    this.#counts.delivered += 1
    if (this.#got.has(n)) {
      this.#counts.duplicated += 1
      return `message ${n} came twice, now at ${formatPosition(place)}`
    }
    this.#got.add(n)
    const before = this.#last
    const lastOfSame = this.#lastOfPublisher.get(publisher) ?? 0
    this.#lastOfPublisher.set(publisher, Math.max(n, lastOfSame))
    this.pass(place)
    const isInOrder = before === undefined || isAfter(place, before)
    if (isInOrder && n > lastOfSame) return undefined
    this.#counts.reordered += 1
    return isInOrder
      ? `message ${n} came after ${lastOfSame} of the same publisher`
      : `message ${n} at ${formatPosition(place)} came after ${formatPosition(before)}`
  }

  misdelivered(): void {
    this.#counts.misdelivered += 1
  }

  /** Whether a message that is due did not come. One in a hole is not recovered, counted once. */
  lacks({n, position}: SentMessage): boolean {
    if (this.#got.has(n) || this.#excused.has(n)) return false
    const place = position === undefined ? undefined : parsePosition(position)
    if (place === undefined || !this.#holes.some((hole) => isWithin(place, hole))) return true
    this.#excused.add(n)
    this.#counts.notRecovered += 1
    return false
  }

  lose(): void {
    this.#counts.lost += 1
  }

  /** The counts of this round; the next begins empty, at the same place. */
  close(): TabTally {
    const counts = this.#counts
    this.#counts = {...EMPTY_TAB}
    this.#got.clear()
    this.#lastOfPublisher.clear()
    this.#excused.clear()
    this.#holes = []
    return counts
  }
}

/** Of another epoch: the mesh gave up what was before. */
function isAfter(a: Position, b: Position): boolean {
  return a.epoch !== b.epoch || comparePlaces(a, b) > 0
}

function isWithin(place: Position, {after, upTo}: Hole): boolean {
  if (after.epoch === upTo.epoch) {
    return place.epoch === after.epoch && comparePlaces(place, after) > 0
      && comparePlaces(place, upTo) <= 0
  }
  // Into another epoch: the rest of the old one and the beginning of the new one.
  if (place.epoch === after.epoch) return comparePlaces(place, after) > 0
  return place.epoch === upTo.epoch && comparePlaces(place, upTo) <= 0
}
