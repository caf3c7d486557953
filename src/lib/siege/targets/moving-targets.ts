/**
 * Where the besieged nodes of a pool are by now. One that is replaced (`wsmesh reload`, or after a
 * crash) has another id and address: its successor takes its place in the siege. Pure.
 */
import type {Member} from '../../mesh/membership.js'
import type {AttackTarget} from '../attack/job.js'

/** A row that nobody has renewed for so long is of a node that was killed. */
const SILENT_MS = 3000

type Seen = Pick<Member, 'id' | 'url' | 'clientUrl' | 'order' | 'beat'>

export class MovingTargets {
  #targets: readonly AttackTarget[]
  readonly #beats = new Map<string, {readonly beat: number; readonly sinceMs: number}>()

  constructor(targets: readonly AttackTarget[]) {
    this.#targets = targets
  }

  /** The targets in their order, when one of them has a successor; undefined: all as before. */
  seen(members: readonly Seen[], nowMs: number): readonly AttackTarget[] | undefined {
    const living = members.filter((member) => this.#isAlive(member, nowMs))
    const ids = new Set<string>(living.map(({id}) => id))
    const names = new Set(this.#targets.map(({name}) => name))
    // The newest first: what was there from the beginning and is no target did not answer then.
    const fresh = living.filter(({id}) => !names.has(id)).toSorted((a, b) => b.order - a.order)
    let hasMoved = false
    const targets = this.#targets.map((target) => {
      const successor = ids.has(target.name) ? undefined : fresh.shift()
      if (successor === undefined) return target
      hasMoved = true
      return targetOf(successor.id, successor.url, successor.clientUrl)
    })
    if (!hasMoved) return undefined
    this.#targets = targets
    return targets
  }

  #isAlive({id, beat}: Seen, nowMs: number): boolean {
    const known = this.#beats.get(id)
    if (known?.beat !== beat) this.#beats.set(id, {beat, sinceMs: nowMs})
    return known === undefined || known.beat !== beat || nowMs - known.sinceMs < SILENT_MS
  }
}

/** A node of a pool, as a siege reaches it. */
export function targetOf(id: string, url: string, clientUrl = url): AttackTarget {
  return {name: id, clientUrl, operatorUrl: url, httpUrl: httpUrlOf(url, clientUrl)}
}

/** Nodes that others reach by a unix socket answer HTTP where their clients are. */
function httpUrlOf(nodeUrl: string, clientUrl: string): string {
  const url = nodeUrl.startsWith('ws+unix:') ? clientUrl : nodeUrl
  return new URL('/', url.replace(/^ws/, 'http')).origin
}
