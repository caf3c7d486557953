/** What a supervisor tells those who asked it for a reload: see Reloads. Pure. */
import {NO_RELOADS, type Reloads} from './node-files.js'

export class ReloadBook {
  #reloads: Reloads = NO_RELOADS
  #before: ReadonlyMap<number, string> = new Map()

  get reloads(): Reloads {
    return this.#reloads
  }

  /** `nodes`: ids by worker, of the nodes that are to be replaced. */
  began(nodes: ReadonlyMap<number, string>): void {
    this.#before = nodes
    this.#reloads = {...this.#reloads, begun: this.#reloads.begun + 1, replaced: [], failed: null}
  }

  replaced(worker: number, now: string): void {
    const step = {before: this.#before.get(worker) ?? null, now}
    this.#reloads = {...this.#reloads, replaced: [...this.#reloads.replaced, step]}
  }

  ended(failed: string | undefined): void {
    this.#reloads = {...this.#reloads, ended: this.#reloads.begun, failed: failed ?? null}
  }
}
