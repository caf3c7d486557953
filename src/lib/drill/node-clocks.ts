/**
 * Wall clocks of nodes that can be shifted while they run: by libfaketime where it is installed,
 * which takes in all that a process may ask; else its own Date alone. Monotonic clocks stay.
 */
import {existsSync} from 'node:fs'
import {rename, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {NodeProcess} from '../process/node-process.js'
import type {InnerFault} from '../process/inner-faults.js'

export interface NodeClocks {
  readonly label: string
  /** Of the next process of that place. Its clock is right. */
  envOf(name: string): Promise<NodeJS.ProcessEnv>
  shift(name: string, process: NodeProcess | undefined, ms: number): Promise<void>
}

const LIBRARY = 'faketime/libfaketimeMT.so.1'
const FOLDERS = [
  '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib', '/usr/local/lib',
  '/usr/lib64',
]

export function openNodeClocks(folder: string): NodeClocks {
  const library = FOLDERS.map((where) => join(where, LIBRARY)).find((path) => existsSync(path))
  return library === undefined ? OWN_DATE : new FakedClocks(library, folder)
}

const OWN_DATE: NodeClocks = {
  label: "each node's own Date",
  async envOf() {
    return {}
  },
  async shift(_name, process, ms) {
    process?.tell({fault: 'shift-clock', ms} satisfies InnerFault)
  },
}

class FakedClocks implements NodeClocks {
  readonly label = 'libfaketime'
  readonly #library: string
  readonly #folder: string

  constructor(library: string, folder: string) {
    this.#library = library
    this.#folder = folder
  }

  async envOf(name: string): Promise<NodeJS.ProcessEnv> {
    await this.#write(name, 0)
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#fileOf(name),
      // The file is read each time, so that a shift is a jump.
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    }
  }

  async shift(name: string, _process: NodeProcess | undefined, ms: number): Promise<void> {
    await this.#write(name, ms)
  }

  /** In one step: a file half written is no time. */
  async #write(name: string, ms: number): Promise<void> {
    const next = `${this.#fileOf(name)}.next`
    await writeFile(next, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1000}s\n`)
    await rename(next, this.#fileOf(name))
  }

  #fileOf(name: string): string {
    return join(this.#folder, `clock-${name}`)
  }
}
