/** A folder of action modules that is watched: what is dropped there works at once. */
import {watch} from 'node:fs'
import type {FSWatcher} from 'node:fs'
import {readdir, stat} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {WsmeshError} from '../util/errors.js'
import {loadActionFile} from './action-loader.js'
import type {LoaderOptions} from './action-loader.js'
import {describeError} from './log.js'
import type {Log} from './log.js'

/** An editor saves in several steps: what changes within this is looked at once. */
const SETTLE_MS = 50

export interface ActionFolder {
  close(): void
}

/**
 * Loads all .mjs and .js files of the folder and follows its changes. A module that cannot be
 * loaded is logged; the handlers that the file had stay. Throws FILE_UNREADABLE when the folder
 * cannot be read.
 */
export async function watchActionFolder(
  folder: string,
  options: LoaderOptions,
  log: Log,
): Promise<ActionFolder> {
  const scanner = new FolderScanner(resolve(folder), options, log)
  await scanner.scan()
  const watcher = startWatching(scanner, log)
  return {
    close() {
      watcher.close()
      scanner.stop()
    },
  }
}

function startWatching(scanner: FolderScanner, log: Log): FSWatcher {
  const watcher = watch(scanner.folder, () => scanner.soon())
  watcher.on('error', (error) => {
    log.error('A folder of actions is not followed any more', {
      folder: scanner.folder,
      error: describeError(error),
    })
  })
  return watcher
}

class FolderScanner {
  readonly folder: string
  readonly #options: LoaderOptions
  readonly #log: Log
  /** What was loaded, or tried: modification time and size. */
  readonly #seen = new Map<string, string>()
  #timer: NodeJS.Timeout | undefined
  #version = 0
  #running: Promise<void> | undefined
  #isStopped = false

  constructor(folder: string, options: LoaderOptions, log: Log) {
    this.folder = folder
    this.#options = options
    this.#log = log
  }

  soon(): void {
    if (this.#isStopped || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      // A scan under way may have read the old state: another follows it.
      const previous = this.#running ?? Promise.resolve()
      this.#running = previous.then(() => this.scan()).catch((error: unknown) => {
        this.#log.error('A folder of actions cannot be read', {error: describeError(error)})
      })
    }, SETTLE_MS)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  async scan(): Promise<void> {
    const files = await this.#files()
    for (const path of this.#seen.keys()) {
      if (files.has(path)) continue
      this.#seen.delete(path)
      this.#options.registry.remove(path)
      this.#log.info('Actions removed', {file: path})
    }
    for (const [path, stamp] of files) {
      if (this.#seen.get(path) === stamp || this.#isStopped) continue
      this.#seen.set(path, stamp)
      await this.#load(path)
    }
  }

  async #load(path: string): Promise<void> {
    this.#version += 1
    try {
      await loadActionFile(path, this.#options, this.#version)
      this.#log.info('Actions loaded', {file: path})
    } catch (error) {
      this.#log.error('Actions cannot be loaded', {file: path, error: describeError(error)})
    }
  }

  async #files(): Promise<Map<string, string>> {
    const names = await readdir(this.folder).catch((error: unknown) => {
      throw new WsmeshError('FILE_UNREADABLE', `Cannot read the folder of actions ${this.folder}`, {
        cause: error,
      })
    })
    const files = new Map<string, string>()
    for (const name of names.filter((name) => /^[^.].*\.m?js$/.test(name)).toSorted()) {
      const path = join(this.folder, name)
      const found = await stat(path).catch(() => undefined)
      if (found?.isFile() === true) files.set(path, `${found.mtimeMs} ${found.size}`)
    }
    return files
  }
}
