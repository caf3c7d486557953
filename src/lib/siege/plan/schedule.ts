/**
 * When each message is due: an absolute schedule, so that a slow answer moves no later message
 * (an open model; wrk2 measures the same way). Pure.
 *
 * Slot i of all is due at `dueUs(i)` after the beginning; a process of several takes every nth.
 */
export interface Stretch {
  readonly name: string
  readonly durationS: number
  /** Messages per second at its beginning and its end; between them the rate changes evenly. */
  readonly fromPerS: number
  readonly toPerS: number
}

interface Piece extends Stretch {
  readonly startS: number
  /** Slots before it. */
  readonly before: number
  readonly slots: number
}

export class Schedule {
  readonly durationS: number
  readonly slots: number
  readonly #pieces: readonly Piece[]
  #last = 0

  constructor(stretches: readonly Stretch[]) {
    const pieces: Piece[] = []
    let startS = 0
    let before = 0
    for (const stretch of stretches) {
      const slots = slotsOf(stretch)
      pieces.push({...stretch, startS, before, slots})
      startS += stretch.durationS
      before += slots
    }
    this.#pieces = pieces
    this.durationS = startS
    this.slots = Math.floor(before + 1e-6)
  }

  /** Microseconds after the beginning; infinite past the last slot. */
  dueUs(slot: number): number {
    if (slot >= this.slots) return Number.POSITIVE_INFINITY
    const piece = this.#pieceOf(slot)
    if (piece === undefined) return Number.POSITIVE_INFINITY
    return (piece.startS + secondsInto(piece, slot - piece.before)) * 1e6
  }

  /** Slots due by then. */
  dueBy(atS: number): number {
    let due = 0
    for (const piece of this.#pieces) {
      if (atS < piece.startS) break
      due = piece.before + slotsOf(piece, Math.min(atS - piece.startS, piece.durationS))
    }
    return Math.min(this.slots, Math.floor(due + 1e-6))
  }

  /** Slots are mostly asked for in their order. */
  #pieceOf(slot: number): Piece | undefined {
    for (let turn = 0; turn < this.#pieces.length; turn += 1) {
      const index = (this.#last + turn) % this.#pieces.length
      const piece = this.#pieces[index]
      if (piece && slot >= piece.before && slot < piece.before + piece.slots) {
        this.#last = index
        return piece
      }
    }
    return undefined
  }
}

/** The area under the rate. */
function slotsOf({durationS, fromPerS, toPerS}: Stretch, intoS = durationS): number {
  if (durationS === 0) return 0
  return fromPerS * intoS + ((toPerS - fromPerS) * intoS * intoS) / (2 * durationS)
}

/** Where the area under the rate is `slots`: the root of a quadratic, in its stable form. */
function secondsInto({durationS, fromPerS, toPerS}: Stretch, slots: number): number {
  const growth = (toPerS - fromPerS) / durationS
  if (growth === 0) return slots / fromPerS
  const root = Math.sqrt(Math.max(0, fromPerS * fromPerS + 2 * growth * slots))
  const divisor = fromPerS + root
  return divisor === 0 ? 0 : (2 * slots) / divisor
}
