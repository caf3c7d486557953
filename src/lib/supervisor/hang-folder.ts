/** `hangs` in the data folder: what is kept of nodes that hung, the newest of each kind. */
import {readdir, unlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {ensureDataDir} from '../auth/data-dir.js'
import type {HangFile} from '../process/hang-file.js'

const FOLDER = 'hangs'
const ENDING = {report: 'json', cpu: 'cpuprofile', heap: 'heapsnapshot'} as const
/** A heap snapshot is as big as the heap, and twice that. */
const KEPT: Readonly<Record<HangFile, number>> = {report: 20, cpu: 20, heap: 2}

export class HangFolder {
  readonly #path: string

  constructor(dataDir: string) {
    this.#path = join(dataDir, FOLDER)
  }

  /** Makes the folder, for its owner alone. Rejects with FILE_UNREADABLE. */
  async open(): Promise<string> {
    await ensureDataDir(this.#path)
    return this.#path
  }

  /** `stem` begins with the time, so that names sort by age. */
  fileFor(kind: HangFile, stem: string): string {
    return join(this.#path, `${stem}.${ENDING[kind]}`)
  }

  /** Rejects as the file system does. */
  async write(kind: HangFile, stem: string, text: string): Promise<string> {
    const path = this.fileFor(kind, stem)
    await writeFile(path, text, {mode: 0o600})
    return path
  }

  /** Removes the oldest of a kind beyond what is kept. */
  async tidy(kind: HangFile): Promise<void> {
    const names = await readdir(this.#path).catch(() => [])
    const all = names.filter((name) => name.endsWith(`.${ENDING[kind]}`)).toSorted()
    for (const name of all.slice(0, -KEPT[kind])) {
      await unlink(join(this.#path, name)).catch(() => undefined)
    }
  }
}

/** "20261123T144156Z-n-5c51ff65-4711" */
export function stemOf(wallMs: number, node: string, pid: number): string {
  const time = new Date(wallMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return `${time}-${node}-${pid}`
}
