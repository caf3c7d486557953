import type {NodeAddress} from '../protocol/node-frame.js'
import type {NodeId} from '../util/brand.js'

/** Members as an array of ids: order does not matter to any rule. */
export type View = readonly NodeAddress[]

/** The highest seq that more than half of the view holds: Raft's rule for commit. */
export function heldByMajority(view: View, heldBy: (id: NodeId) => number): number {
  const held = view.map((member) => heldBy(member.id)).toSorted((a, b) => b - a)
  return held[Math.floor(view.length / 2)] ?? 0
}

/** More than half of the view passes the test. */
export function isMajority(view: View, test: (id: NodeId) => boolean): boolean {
  return view.filter((member) => test(member.id)).length * 2 > view.length
}

/** At least half: meets every majority in at least one member. */
export function isAtLeastHalf(view: View, test: (id: NodeId) => boolean): boolean {
  return view.filter((member) => test(member.id)).length * 2 >= view.length
}

export function isInView(view: View, id: NodeId): boolean {
  return view.some((member) => member.id === id)
}

export function isSameView(a: View, b: View): boolean {
  return a.length === b.length && a.every((member) => isInView(b, member.id))
}
