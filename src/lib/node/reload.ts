/**
 * Files that are read again while a node runs: on SIGHUP, and when they change. What is wrong with
 * the new content is logged, and the node goes on with what it has.
 */
import {unwatchFile, watchFile} from 'node:fs'
import {describeError} from './log.js'
import type {Log} from './log.js'

/** How often files are looked at: their folder may be replaced by a link, so it is by name. */
const LOOK_MS = 1000

export interface Reloadable {
  /** For people: "The secret". */
  readonly what: string
  readonly files: readonly string[]
  /** Reads and applies the files; false when nothing is different. */
  load(): Promise<boolean>
}

export class Reloader implements Disposable {
  readonly #log: Log
  readonly #all: Reloadable[] = []
  readonly #watched = new Set<string>()

  constructor(log: Log) {
    this.#log = log
  }

  add(reloadable: Reloadable): void {
    this.#all.push(reloadable)
    for (const file of reloadable.files) {
      this.#watched.add(file)
      const options = {interval: LOOK_MS, persistent: false}
      watchFile(file, options, () => void this.#reload(reloadable, 'the file changed'))
    }
  }

  /** All of them, now. */
  async reload(why: string): Promise<void> {
    for (const each of this.#all) await this.#reload(each, why)
  }

  async #reload(reloadable: Reloadable, why: string): Promise<void> {
    const {what, files} = reloadable
    const from = files.join(', ')
    try {
      if (await reloadable.load()) this.#log.info(`${what} was read again`, {from, why})
      else this.#log.debug(`${what} is the same`, {from, why})
    } catch (error) {
      const text = `${what} could not be read again: the node goes on with the old one`
      this.#log.error(text, {from, why, error: describeError(error)})
    }
  }

  [Symbol.dispose](): void {
    for (const file of this.#watched) unwatchFile(file)
  }
}
