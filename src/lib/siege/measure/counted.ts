/** Errors and closes, each text once. */
import type {CountedClose, CountedError} from '../run-report.js'

interface Entry {
  count: number
  readonly firstAtS: number
  lastAtS: number
}

/** More different texts than this go into one. */
const TEXTS_MAX = 100
const OTHERS = 'other errors'

export class CountedErrors {
  readonly #entries = new Map<string, Entry>()

  add(text: string, atS: number): void {
    const key = this.#entries.has(text) || this.#entries.size < TEXTS_MAX ? text : OTHERS
    const entry = this.#entries.get(key)
    if (entry === undefined) {
      this.#entries.set(key, {count: 1, firstAtS: atS, lastAtS: atS})
    } else {
      entry.count += 1
      entry.lastAtS = atS
    }
  }

  list(): readonly CountedError[] {
    return mergeErrors([[...this.#entries].map(([text, entry]) => ({text, ...entry}))])
  }
}

/** Of several processes, the most frequent first. */
export function mergeErrors(lists: readonly (readonly CountedError[])[]): readonly CountedError[] {
  const merged = new Map<string, CountedError>()
  for (const error of lists.flat()) {
    const known = merged.get(error.text)
    merged.set(error.text, {
      text: error.text,
      count: error.count + (known?.count ?? 0),
      firstAtS: round(Math.min(error.firstAtS, known?.firstAtS ?? error.firstAtS)),
      lastAtS: round(Math.max(error.lastAtS, known?.lastAtS ?? error.lastAtS)),
    })
  }
  return [...merged.values()].toSorted((a, b) => b.count - a.count)
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

export class CountedCloses {
  readonly #entries = new Map<string, CountedClose>()

  add(code: number, reason: string): void {
    const key = `${code} ${reason}`
    const count = (this.#entries.get(key)?.count ?? 0) + 1
    if (count > 1 || this.#entries.size < TEXTS_MAX) this.#entries.set(key, {code, reason, count})
  }

  list(): readonly CountedClose[] {
    return mergeCloses([[...this.#entries.values()]])
  }
}

export function mergeCloses(lists: readonly (readonly CountedClose[])[]): readonly CountedClose[] {
  const merged = new Map<string, CountedClose>()
  for (const {code, reason, count} of lists.flat()) {
    const key = `${code} ${reason}`
    merged.set(key, {code, reason, count: count + (merged.get(key)?.count ?? 0)})
  }
  return [...merged.values()].toSorted((a, b) => b.count - a.count)
}
