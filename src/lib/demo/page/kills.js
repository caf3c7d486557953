// Nodes that die while this page watches: by its button, or by a hand at a terminal.
import {longestWait} from './numbers.js'

/** Rejects with what the demo says against it. */
export async function killNode(id) {
  const response = await fetch('/kill', {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({node: id}),
  })
  if (!response.ok) throw new Error((await response.text()).trim())
}

/** The last death, and what it did to the tabs, by the clock of this browser. */
export class Kills {
  count = 0
  /** {name, id, wasMaster, atMs, overAtMs}: over when every node holds everything again. */
  last
  #before = {nodes: []}
  /** The last one known: nobody is master in the moments after its death. */
  #master
  #pressed = new Map()

  /** Whoever died while nobody watched did not die now; another demo has other nodes. */
  begin(view, atMs, isOtherDemo) {
    this.#before = view
    this.#master = view.master ?? undefined
    if (isOtherDemo) this.last = undefined
    else if (this.last !== undefined) this.last.overAtMs ??= atMs
  }

  /** A button was pressed: waits count from here. */
  pressed(id, atMs) {
    this.#pressed.set(id, atMs)
  }

  /** True when a node died since the state before. */
  look(view, atMs) {
    const before = this.#before
    const master = this.#master
    this.#before = view
    this.#master = view.master ?? master
    const dead = before.nodes.find((node) => isGone(node, view.nodes))
    if (dead !== undefined) {
      this.count += 1
      this.last = {
        name: dead.name,
        id: dead.id,
        wasMaster: dead.id === master,
        atMs: this.#pressed.get(dead.id) ?? atMs,
        overAtMs: undefined,
      }
    } else if (this.last !== undefined && view.isWhole) this.last.overAtMs ??= atMs
    return dead !== undefined
  }

  /** How long a tab waited for a number because of it; undefined while none has come since. */
  waitOf(arrivals) {
    if (this.last === undefined) return undefined
    return longestWait(arrivals, this.last.atMs, this.last.overAtMs ?? Infinity)
  }
}

/** Its process has ended: another is in its place, or none yet. */
function isGone({id, name}, now) {
  return id !== null && now.find((node) => node.name === name)?.id !== id
}

/**
 * What happened, for people. Each tab: whether its own node died, and how long it waited, which is
 * undefined while it still does.
 */
export function killReport(last, masterName, tabs) {
  const who = `Node ${last.name}${last.wasMaster ? ', the master,' : ''} was killed.`
  const next = !last.wasMaster || masterName === undefined ? '' : ` Node ${masterName} took over.`
  const waits = (isMoved) => tabs.filter((tab) => tab.isMoved === isMoved)
  const others = waitWords(waits(false), 'in tabs of other nodes')
  const moved = waitWords(waits(true), 'in its own tabs, which moved to another node')
  const words = [others, moved].filter((text) => text !== '').join(', ')
  return `${who}${next}${words === '' ? '' : ` Longest wait for a number: ${words}.`}`
}

function waitWords(tabs, where) {
  if (tabs.length === 0) return ''
  const waits = tabs.map(({waitMs}) => waitMs)
  if (waits.includes(undefined)) return `not over yet ${where}`
  return `${Math.round(Math.max(...waits))} ms ${where}`
}
