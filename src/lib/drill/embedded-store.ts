/**
 * The embedded pool under faults. Its folder is a link: turned to a folder where the file cannot be
 * opened, the store is out of reach at once and for all, and comes back as it was.
 */
import {mkdir, rename, rm, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {SqliteThread} from '../pool/sqlite/sqlite-thread.js'
import {readHostIdentity} from '../pool/sqlite/host-identity.js'
import {DEFAULT_POOL_PREFIX} from '../pool/open-pool-store.js'
import type {DrillStore} from './drill-store.js'

const FILE = 'pool.db'
/** Longer than a heartbeat, shorter than a call's time limit. */
const HOLD_MS = 1500
const HOLD_CALL_MS = 10_000
const BETWEEN_HOLDS_MS = 100

export class EmbeddedStore implements DrillStore {
  readonly label: string
  readonly env: Readonly<Record<string, string>>
  readonly #folder: string
  #slowing: Promise<void> | undefined
  #isSlow = false

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

  async slow(): Promise<void> {
    this.#isSlow = true
    this.#slowing = this.#holdAgainAndAgain()
  }

  async up(): Promise<void> {
    this.#isSlow = false
    await this.#slowing
    await this.#turnTo('pool-up')
  }

  async wipe(): Promise<void> {
    for (const side of ['', '-wal', '-shm']) {
      await rm(join(this.#folder, 'pool-up', `${FILE}${side}`), {force: true})
    }
  }

  async close(): Promise<void> {
    this.#isSlow = false
    await this.#slowing
  }

  /** One rename: there is no moment without a folder. */
  async #turnTo(folder: string): Promise<void> {
    const link = join(this.#folder, 'pool-next')
    await rm(link, {force: true})
    await symlink(folder, link)
    await rename(link, join(this.#folder, 'pool'))
  }

  async #holdAgainAndAgain(): Promise<void> {
    const thread = new SqliteThread({
      path: join(this.#folder, 'pool', FILE),
      prefix: DEFAULT_POOL_PREFIX,
      host: readHostIdentity(),
      timeoutMs: HOLD_CALL_MS,
    })
    while (this.#isSlow) {
      await thread.hold(HOLD_MS)
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_HOLDS_MS))
    }
    await thread.close()
  }
}
