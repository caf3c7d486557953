import type {NodeAddress} from '../protocol/node-frame.js'
import type {NodeId} from '../util/brand.js'

/** Members as an array of ids: order does not matter to any rule. */
export type View = readonly NodeAddress[]

/** The highest seq that more than half of the view holds: Raft's rule for commit. */
export function heldByMajority(view: View, heldBy: (id: NodeId) => number): number {
  // Highest first. Sorted by hand: this runs many times a turn, for some seven numbers.
  const held: number[] = []
  for (const {id} of view) {
    const seq = heldBy(id)
    let index = held.length
    for (; index > 0; index -= 1) {
      const higher = held[index - 1] ?? 0
      if (higher >= seq) break
      held[index] = higher
    }
    held[index] = seq
  }
  return held[Math.floor(view.length / 2)] ?? 0
}

/** More than half of the view passes the test. */
export function isMajority(view: View, test: (id: NodeId) => boolean): boolean {
  return view.filter((member) => test(member.id)).length * 2 > view.length
}

/** More than half of the view holds everything up to a mark. */
export function isMarkHeld(view: View, mark: number, heldBy: (id: NodeId) => number): boolean {
  return isMajority(view, (id) => heldBy(id) >= mark)
}

/** At least half: meets every majority in at least one member. */
export function isAtLeastHalf(view: View, test: (id: NodeId) => boolean): boolean {
  return view.filter((member) => test(member.id)).length * 2 >= view.length
}

export function isInView(view: View, id: NodeId): boolean {
  return view.some((member) => member.id === id)
}

export function isSameView(a: View, b: View): boolean {
  if (a === b) return true
  return a.length === b.length && a.every((member) => isInView(b, member.id))
}
