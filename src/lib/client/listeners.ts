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
  readonly #entries = new Map<string, readonly Entry[]>()

  add(action: string, entry: Entry): void {
    if (entry.success ?? entry.error) this.#set(action, [...this.#of(action), entry])
  }

  /** Those with these callbacks; without any, all of the action. */
  remove(action: string, success?: Callback, error?: ErrorListener): void {
    this.#set(action, this.#of(action).filter((entry) =>
      (success && entry.success !== success) || (error && entry.error !== error)))
  }

  /** False: nobody wanted to hear it. What listeners throw is reported, and stops no other. */
  call(action: string, isError: boolean, details: readonly unknown[]): boolean {
    let isHeard = false
    for (const entry of this.#of(action)) {
      if (!this.#of(action).includes(entry)) continue
      if (entry.isOnce) this.#set(action, this.#of(action).filter((other) => other !== entry))
      const callback = isError ? entry.error : entry.success
      if (callback === undefined) continue
      isHeard = true
      attempt(() => callback(...details))
    }
    return isHeard
  }

  #of(action: string): readonly Entry[] {
    return this.#entries.get(action) ?? []
  }

  #set(action: string, entries: readonly Entry[]): void {
    if (entries.length > 0) this.#entries.set(action, entries)
    else this.#entries.delete(action)
  }
}
