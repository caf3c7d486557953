/** Who wants to hear of which action. Removing in the middle of a call holds at once. */
import {attempt} from './environment.js'
import type {ErrorListener, Listener} from './types.js'

type Callback = Listener<readonly unknown[]>

interface Entry {
  readonly success: Callback | undefined
  readonly error: ErrorListener | undefined
  readonly isOnce: boolean
}

export class Listeners {
  readonly #entries = new Map<string, Set<Entry>>()

  add(action: string, entry: Entry): void {
    if (!(entry.success ?? entry.error)) return
    const entries = this.#entries.get(action)
    if (entries === undefined) this.#entries.set(action, new Set([entry]))
    else entries.add(entry)
  }

  /** Those with these callbacks; without any, all of the action. */
  remove(action: string, success?: Callback, error?: ErrorListener): void {
    for (const entry of this.#entries.get(action) ?? []) {
      const isOther = (success && entry.success !== success) || (error && entry.error !== error)
      if (!isOther) this.#remove(action, entry)
    }
  }

  /** False: nobody wanted to hear it. What listeners throw is reported, and stops no other. */
  call(action: string, isError: boolean, details: readonly unknown[]): boolean {
    let isHeard = false
    const entries = this.#entries.get(action)
    // Those that are added meanwhile hear the next one.
    const those = [...(entries ?? [])]
    for (const entry of those) {
      if (!entries?.has(entry)) continue
      if (entry.isOnce) this.#remove(action, entry)
      const callback = isError ? entry.error : entry.success
      if (callback === undefined) continue
      isHeard = true
      attempt(() => callback(...details))
    }
    return isHeard
  }

  #remove(action: string, entry: Entry): void {
    const entries = this.#entries.get(action)
    entries?.delete(entry)
    if (entries?.size === 0) this.#entries.delete(action)
  }
}
