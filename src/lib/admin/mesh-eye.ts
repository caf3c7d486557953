/**
 * The mesh as the admin sees it: the pool is read and each of its nodes asked once a second,
 * however many pages look. A store or a node that hangs holds nothing up: what it said last is
 * shown, with how long ago that was.
 */
import type {Lease} from '../mesh/membership.js'
import type {KnownNode} from '../operator/address-book.js'
import type {MeshAccess} from '../operator/mesh-access.js'
import type {OperatorConnection} from '../operator/operator-connection.js'
import type {Survey} from '../operator/pool-survey.js'
import {WsmeshError} from '../util/errors.js'
import {NodeLink} from './node-link.js'

/** Answers that come within this are in the survey; later ones are in the next. */
const ANSWERS_MS = 400
/** The first look is how things are, not news: so it waits for all who answer at all. */
const FIRST_ANSWERS_MS = 3000
/** While the store is away the nodes seen last are asked. */
const STORE_PATIENCE_MS = 3000
/** A secret that was changed is read again, but not for every node that says no. */
const NEW_ACCESS_MS = 5000

export type EyeAccess = Pick<MeshAccess, 'readPool' | 'connect' | 'close' | 'poolLabel'> & {
  readonly book: Pick<MeshAccess['book'], 'recall'>
}

export interface MeshEyeOptions {
  /** Called again when the secret may have changed. */
  readonly openAccess: () => EyeAccess
  readonly onLost: () => void
  readonly now: () => number
}

interface PoolSeen {
  readonly members: readonly KnownNode[]
  readonly lease: Lease | undefined
  readonly atMs: number
}

export class MeshEye {
  readonly #options: MeshEyeOptions
  readonly #links = new Map<string, NodeLink>()
  #access: EyeAccess
  #openedMs: number
  #seen: PoolSeen
  #failure: WsmeshError | undefined
  #reading: Promise<void> | undefined
  #isFirst = true

  constructor(options: MeshEyeOptions) {
    this.#options = options
    this.#access = options.openAccess()
    this.#openedMs = options.now()
    this.#seen = {members: [], lease: undefined, atMs: options.now()}
  }

  /** Never rejects for what happens outside. */
  async survey(): Promise<Survey> {
    const patienceMs = this.#isFirst ? FIRST_ANSWERS_MS : ANSWERS_MS
    this.#isFirst = false
    this.#reading ??= this.#readPool().finally(() => (this.#reading = undefined))
    await within(this.#reading, patienceMs)
    this.#keepLinks()
    const links = [...this.#links.values()]
    await within(Promise.all(links.map((link) => link.ask())), patienceMs)
    if (links.some((link) => link.isRejected)) this.#reopen()
    const {lease} = this.#seen
    return {
      nodes: links.map((link) => link.look()),
      holder: lease?.holder,
      leaseTerm: lease?.term ?? 0,
      warnings: this.#warnings(),
    }
  }

  /** Of each node that answers: for questions that are asked seldom. */
  connections(): readonly OperatorConnection[] {
    return [...this.#links.values()].flatMap(({connection}) => connection ?? [])
  }

  close(): void {
    for (const link of this.#links.values()) link.close()
    this.#access.close()
  }

  async #readPool(): Promise<void> {
    try {
      const {members, lease} = await this.#access.readPool()
      this.#seen = {members, lease, atMs: this.#options.now()}
      this.#failure = undefined
    } catch (error) {
      if (!(error instanceof WsmeshError)) throw error
      this.#failure = error
      if (this.#seen.members.length > 0) return
      const members = await this.#access.book.recall()
      this.#seen = {...this.#seen, members}
    }
  }

  #keepLinks(): void {
    const members = new Map(this.#seen.members.map((member) => [keyOf(member), member]))
    for (const [key, link] of this.#links) {
      if (members.has(key)) continue
      link.close()
      this.#links.delete(key)
    }
    const {now, onLost} = this.#options
    for (const [key, known] of members) {
      if (this.#links.has(key)) continue
      this.#links.set(key, new NodeLink({known, access: () => this.#access, onLost, now}))
    }
  }

  #warnings(): readonly string[] {
    const {atMs, members} = this.#seen
    if (this.#options.now() - atMs < STORE_PATIENCE_MS) return []
    const {poolLabel} = this.#access
    const what = this.#failure?.message ?? `Pool ${poolLabel} does not answer`
    return [members.length === 0 ? what : `${what}: these are the nodes seen last`]
  }

  #reopen(): void {
    const nowMs = this.#options.now()
    if (nowMs - this.#openedMs < NEW_ACCESS_MS) return
    this.#openedMs = nowMs
    this.#access.close()
    this.#access = this.#options.openAccess()
  }
}

/** A node that comes back at another address is another one to ask. */
function keyOf({id, url}: KnownNode): string {
  return `${id} ${url}`
}

/** Waits so long at most; what comes later is not lost, it is only not waited for. */
async function within(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)))
  await Promise.race([work, late])
  clearTimeout(timer)
}
