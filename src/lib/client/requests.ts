/** Calls that wait for the answer to them, and to nothing else. */
import {ERROR} from './frame.js'
import type {Frame} from './frame.js'
import {MeshError} from './mesh-error.js'
import type {MeshErrorCode} from './mesh-error.js'

interface Pending {
  readonly resolve: (details: readonly unknown[]) => void
  readonly reject: (error: MeshError) => void
  readonly timer: ReturnType<typeof setTimeout>
}

export class Requests {
  readonly #pending = new Map<string, Pending>()
  #last = 0

  nextId(tag = ''): string {
    this.#last += 1
    return `${tag}${this.#last}`
  }

  /** `onTimeout` before it is rejected for that. */
  wait(id: string, timeoutMs: number, onTimeout: () => void): Promise<readonly unknown[]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        onTimeout()
        this.#fail(id, 'timeout', `No answer within ${timeoutMs} ms`)
      }, timeoutMs)
      this.#pending.set(id, {resolve, reject, timer})
    })
  }

  /** False: it answers no request that waits. */
  answered({re = '', action, details}: Frame): boolean {
    const pending = this.#take(re)
    if (pending === undefined) return false
    const [code, text] = details
    if (action.endsWith(ERROR)) pending.reject(new MeshError(Number(code), String(text)))
    else pending.resolve(details)
    return true
  }

  /** All but those that `isKept` means. */
  failAll(code: MeshErrorCode, text: string, isKept: (id: string) => boolean): void {
    for (const id of this.#pending.keys()) if (!isKept(id)) this.#fail(id, code, text)
  }

  #fail(id: string, code: MeshErrorCode, text: string): void {
    this.#take(id)?.reject(new MeshError(code, text))
  }

  #take(id: string): Pending | undefined {
    const pending = this.#pending.get(id)
    if (pending !== undefined) clearTimeout(pending.timer)
    this.#pending.delete(id)
    return pending
  }
}
