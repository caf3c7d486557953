/**
 * The embedded pool under faults. Its folder is a link: turned to a folder where the file cannot be
 * opened, the store is out of reach at once and for all, and comes back as it was. A slow disk is
 * made in the nodes themselves, where every call reaches the pool's thread late.
 */
import {mkdir, rename, rm, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {DEFAULT_POOL_PREFIX} from '../../pool/open-pool-store.js'
import {SLOW_MS} from './drill-store.js'
import type {DrillStore, ToldNodes} from './drill-store.js'

const FILE = 'pool.db'

export class EmbeddedStore implements DrillStore {
  readonly label: string
  readonly env: Readonly<Record<string, string>>
  readonly #folder: string
  #slowed: ToldNodes | undefined

  private constructor(folder: string) {
    this.#folder = folder
    const path = join(folder, 'pool', FILE)
    this.label = `sqlite:${path}`
    this.env = {WSMESH_POOL: this.label, WSMESH_POOL_PREFIX: DEFAULT_POOL_PREFIX}
  }

  static async open(folder: string): Promise<EmbeddedStore> {
    await mkdir(join(folder, 'pool-up'), {mode: 0o700})
    // A folder in the file's place: nobody can open it, whatever his rights.
    await mkdir(join(folder, 'pool-down', FILE), {recursive: true, mode: 0o700})
    const store = new EmbeddedStore(folder)
    await store.#turnTo('pool-up')
    return store
  }

  async down(): Promise<void> {
    await this.#turnTo('pool-down')
  }

  async slow(nodes: ToldNodes): Promise<void> {
    this.#slowed = nodes
    nodes.tell({fault: 'slow-threads', ms: SLOW_MS})
  }

  async freeze(): Promise<void> {
    throw new RangeError('A file has no process: the drill must say store: own-mariadb')
  }

  async up(): Promise<void> {
    this.#slowed?.tell({fault: 'slow-threads', ms: 0})
    await this.#turnTo('pool-up')
  }

  async wipe(): Promise<void> {
    for (const side of ['', '-wal', '-shm']) {
      await rm(join(this.#folder, 'pool-up', `${FILE}${side}`), {force: true})
    }
  }

  async close(): Promise<void> {}

  /** One rename: there is no moment without a folder. */
  async #turnTo(folder: string): Promise<void> {
    const link = join(this.#folder, 'pool-next')
    await rm(link, {force: true})
    await symlink(folder, link)
    await rename(link, join(this.#folder, 'pool'))
  }
}
