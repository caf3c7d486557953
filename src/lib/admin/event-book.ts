/** What happened: told from one look at the mesh to the next, and what was done here. */
import {grouped, plural} from '../cli/plural.js'
import type {EventKind, EventRow, NodeRow} from './wire.js'

const EVENTS_MAX = 500
const MINUTE_MS = 60_000

type Tone = EventRow['tone']

/** Counters whose growth is an error that somebody should look at, in people's words. */
const ERRORS: readonly (readonly [counter: string, words: string])[] = [
  ['handlerErrors', 'error of an action handler'],
  ['storeFailures', 'failed request to the pool store'],
  ['authenticationsUnavailable', 'identity that could not be checked'],
  ['receiptsTimedOut', 'receipt that did not come in time'],
  ['linkViolations', 'violation on a link between nodes'],
  ['publishesRefused', 'refused publish'],
]

/** A node's counters at a look. */
export interface Counted {
  readonly id: string
  readonly counters: Readonly<Record<string, number>>
}

interface SeenNode {
  readonly row: NodeRow
  readonly counters: Readonly<Record<string, number>>
}

export class EventBook {
  readonly #rows: EventRow[] = []
  #seen: ReadonlyMap<string, SeenNode> | undefined
  #master: string | null = null
  #term = 0
  #lastSeq = 0
  readonly #slow: {readonly id: string; readonly atMs: number; readonly count: number}[] = []

  get lastSeq(): number {
    return this.#lastSeq
  }

  after(seq: number): readonly EventRow[] {
    return this.#rows.filter((row) => row.seq > seq)
  }

  add(atMs: number, kind: EventKind, tone: Tone, node: string | null, text: string): void {
    this.#lastSeq += 1
    this.#rows.push({seq: this.#lastSeq, at: atMs, kind, tone, node, text})
    if (this.#rows.length > EVENTS_MAX) this.#rows.shift()
  }

  /** Nodes that closed slow clients within the last minute. */
  slow(atMs: number): ReadonlyMap<string, number> {
    const recent = this.#slow.filter((entry) => entry.atMs > atMs - MINUTE_MS)
    this.#slow.splice(0, this.#slow.length, ...recent)
    const counts = new Map<string, number>()
    for (const {id, count} of recent) counts.set(id, (counts.get(id) ?? 0) + count)
    return counts
  }

  /** The first look is how things are, not news. */
  look(
    atMs: number,
    rows: readonly NodeRow[],
    counted: readonly Counted[],
    {master, term}: {readonly master: string | null; readonly term: number},
  ): void {
    const counters = new Map(counted.map((node) => [node.id, node.counters]))
    const before = this.#seen
    const now = new Map<string, SeenNode>()
    for (const row of rows) {
      const own = counters.get(row.id) ?? before?.get(row.id)?.counters ?? {}
      now.set(row.id, {row, counters: own})
    }
    if (before !== undefined) {
      this.#comings(atMs, before, now)
      for (const [id, seen] of now) {
        const earlier = before.get(id)
        if (earlier !== undefined) this.#changes(atMs, id, earlier, seen)
      }
    }
    this.#mastership(atMs, master, term, before === undefined)
    this.#seen = now
  }

  #comings(
    atMs: number,
    before: ReadonlyMap<string, SeenNode>,
    now: ReadonlyMap<string, SeenNode>,
  ): void {
    for (const [id, {row}] of now) {
      if (!before.has(id)) this.add(atMs, 'joined', 'good', id, `${id} joined${at(row)}`)
    }
    for (const [id, {row}] of before) {
      if (!now.has(id)) this.add(atMs, 'left', 'plain', id, `${id} left the pool${at(row)}`)
    }
  }

  #changes(atMs: number, id: string, before: SeenNode, now: SeenNode): void {
    const was = before.row.state === 'up'
    const is = now.row.state === 'up'
    if (was && !is) {
      const {state, why} = now.row
      this.add(atMs, 'silent', 'bad', id, `${id} is ${state}: ${why ?? 'no answer'}`)
    }
    if (!was && is) this.add(atMs, 'back', 'good', id, `${id} answers again`)
    if (hasRestarted(before.row, now.row)) {
      this.add(atMs, 'restarted', 'plain', id, `${id} was started anew, as process ${now.row.pid}`)
      return
    }
    const grown = (name: string): number =>
      Math.max(0, (now.counters[name] ?? 0) - (before.counters[name] ?? 0))
    const slow = grown('slowConsumers')
    if (slow > 0) {
      this.#slow.push({id, atMs, count: slow})
      this.add(atMs, 'slow-consumers', 'warn', id,
        `${id} closed ${plural(slow, 'client')}, too slow in reading`)
    }
    for (const [name, words] of ERRORS) {
      const count = grown(name)
      if (count === 0) continue
      this.add(atMs, 'errors', 'warn', id, `${id}: ${grouped(count)} × ${words} (${name})`)
    }
  }

  #mastership(atMs: number, master: string | null, term: number, isFirst: boolean): void {
    const isSame = master === this.#master && term === this.#term
    if (!isFirst && !isSame) {
      if (master === null) this.add(atMs, 'master', 'bad', this.#master, 'No master answers')
      else this.add(atMs, 'master', 'good', master, `${master} is master, term ${term}`)
    }
    this.#master = master
    if (master !== null) this.#term = term
  }
}

function hasRestarted(before: NodeRow, now: NodeRow): boolean {
  if (before.pid === null || now.pid === null || now.uptimeS === null) return false
  return before.pid !== now.pid
}

function at({clientUrl}: NodeRow): string {
  return clientUrl === null ? '' : ` (${clientUrl})`
}
