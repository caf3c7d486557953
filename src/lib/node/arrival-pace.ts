/**
 * So many a second, evenly, and in no second more. A process that was held up catches up, where a
 * bucket that holds little would have lost what it could have let in.
 */

/** Of the limit, what may come at once. */
const AT_ONCE = 0.1
/** And what is caught up with at most, while somebody waits. */
const CAUGHT_UP = 0.5
/** The rest of the second, so that the slots below, which are coarse, seldom hold anybody up. */
const EVEN = 0.95
const SLOT_MS = 50
/** A second, and the slot that has begun. */
const SLOTS = 1000 / SLOT_MS + 1

export class ArrivalPace {
  readonly #perSecond: number
  /** How many came in each slot of the last second; by the slot's number, modulo. */
  readonly #slots = Array.from({length: SLOTS}, () => 0)
  #slot = 0
  #inSecond = 0
  #credit: number
  #atMs: number

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#credit = Math.max(1, perSecond * AT_ONCE)
    this.#atMs = nowMs
    this.#slot = Math.floor(nowMs / SLOT_MS)
  }

  /** Whether one more may come; then it counts. */
  take(nowMs: number, isSomebodyWaiting: boolean): boolean {
    this.#pass(nowMs, isSomebodyWaiting ? CAUGHT_UP : AT_ONCE)
    if (this.#credit < 1 || this.#inSecond >= this.#perSecond) return false
    this.#credit -= 1
    this.#inSecond += 1
    const index = this.#slot % SLOTS
    this.#slots[index] = (this.#slots[index] ?? 0) + 1
    return true
  }

  #pass(nowMs: number, share: number): void {
    const gained = ((nowMs - this.#atMs) / 1000) * this.#perSecond * EVEN
    this.#credit = Math.min(Math.max(1, this.#perSecond * share), this.#credit + gained)
    this.#atMs = nowMs
    const slot = Math.floor(nowMs / SLOT_MS)
    const passed = Math.min(SLOTS, slot - this.#slot)
    for (let i = 1; i <= passed; i += 1) {
      const index = (this.#slot + i) % SLOTS
      this.#inSecond -= this.#slots[index] ?? 0
      this.#slots[index] = 0
    }
    this.#slot = slot
  }
}
