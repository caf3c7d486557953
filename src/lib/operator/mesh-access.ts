import {loadSecret} from '../auth/secret.js'
import type {MeshSecret} from '../auth/mesh-secret.js'
import type {TlsFiles, TlsIdentity, TlsMaterial} from '../auth/tls.js'
import type {Lease, Member} from '../mesh/membership.js'
import {parsePoolUrl} from '../pool/pool-url.js'
import type {PoolStore} from '../pool/pool-store.js'
import {fileAddressBook, type AddressBook} from './address-book.js'
import {type AddressSource, findNode} from './find-node.js'
import {nodeUrlOf} from './node-url.js'
import type {OnOperatorEvent, OperatorConnection} from './operator-connection.js'

export interface MeshAccessOptions {
  /** `--pool`; "sqlite:" is the embedded one. */
  readonly poolUrl: string
  readonly poolPrefix: string
  readonly dataDir: string
  readonly secretFile: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
  /** For nodes that speak wss. */
  readonly tls?: TlsFiles | undefined
  /** `--node`: this one, past the pool. */
  readonly node: string | undefined
  /** Bound of everything from now on. */
  readonly timeoutMs: number
}

/** The pool as the store told it; the lease is undefined where there is none. */
export interface PoolRead {
  readonly members: readonly Member[]
  readonly lease: Lease | undefined
}

/** Less than a command's default bound: a slow store leaves time to use what is remembered. */
const STORE_TIMEOUT_MAX_MS = 3000

/**
 * An operator's way into a mesh: pool, secret, remembered addresses and one bound on the time of
 * it all. Nothing is opened before it is needed; drivers are loaded then.
 */
export class MeshAccess {
  readonly poolLabel: string
  readonly book: AddressBook
  readonly timeoutMs: number
  readonly #options: MeshAccessOptions
  readonly #deadlineMs: number
  #secret: Promise<MeshSecret> | undefined
  #tls: Promise<TlsIdentity> | undefined
  #store: Promise<PoolStore> | undefined

  /** Throws POOL_URL_INVALID. */
  constructor(options: MeshAccessOptions) {
    this.#options = options
    this.timeoutMs = options.timeoutMs
    this.#deadlineMs = performance.now() + options.timeoutMs
    this.poolLabel = parsePoolUrl(options.poolUrl, options.dataDir).label
    this.book = fileAddressBook(options.dataDir, `${this.poolLabel} ${options.poolPrefix}`)
  }

  /** What is left of timeoutMs; at least 1. */
  leftMs(): number {
    return Math.max(1, this.#deadlineMs - performance.now())
  }

  /** The node that `--node` names, as it is dialled. */
  get nodeUrl(): string | undefined {
    return this.#options.node === undefined ? undefined : nodeUrlOf(this.#options.node)
  }

  secret(): Promise<MeshSecret> {
    this.#secret ??= loadSecret({
      secretFile: this.#options.secretFile,
      env: this.#options.env,
      dataDir: this.#options.dataDir,
      mayMake: false,
    })
    // A tail that waits asks again: a node that starts meanwhile makes it.
    this.#secret.catch(() => (this.#secret = undefined))
    return this.#secret
  }

  /** Opens the store at the first call. */
  store(): Promise<PoolStore> {
    this.#store ??= this.#openStore()
    return this.#store
  }

  /** Reads the pool and remembers its addresses. Rejects as PoolStore does. */
  async readPool(): Promise<PoolRead> {
    const store = await this.store()
    const [members, lease] = await Promise.all([store.list(), store.readLease()])
    await this.book.remember(members)
    return {members, lease}
  }

  async connect(
    url: string,
    options: {
      readonly timeoutMs: number
      readonly signal?: AbortSignal | undefined
      readonly onEvent?: OnOperatorEvent | undefined
    },
  ): Promise<OperatorConnection> {
    const secret = await this.secret()
    const {connectOperator} = await import('./operator-client.js')
    return connectOperator({url, secret, tls: await this.#tlsParts(), ...options})
  }

  /** Read once; rejects as TlsIdentity.load. */
  async #tlsParts(): Promise<TlsMaterial | undefined> {
    const {tls} = this.#options
    if (tls?.ca === undefined && tls?.cert === undefined && tls?.key === undefined) return undefined
    this.#tls ??= import('../auth/tls.js').then((auth) => auth.TlsIdentity.load(tls, Date.now()))
    return (await this.#tls).material
  }

  /** A connection with some node of the mesh, see findNode; within `timeoutMs`. */
  async findNode(
    timeoutMs: number = this.leftMs(),
    onEvent?: OnOperatorEvent,
  ): Promise<OperatorConnection> {
    await this.secret()
    return findNode({
      sources: this.#sources(),
      timeoutMs,
      connect: (url, signal) => this.connect(url, {timeoutMs, signal, onEvent}),
    })
  }

  #sources(): readonly AddressSource[] {
    const url = this.nodeUrl
    if (url !== undefined) return [{name: '--node', read: () => Promise.resolve([url])}]
    return [
      {name: `pool ${this.poolLabel}`, read: async () => urlsOf(await this.readPool())},
      {
        name: 'the list of addresses seen last',
        read: async () => (await this.book.recall()).map((node) => node.url),
      },
    ]
  }

  async #openStore(): Promise<PoolStore> {
    const {openPoolStore} = await import('../pool/open-pool-store.js')
    return openPoolStore({
      url: this.#options.poolUrl,
      prefix: this.#options.poolPrefix,
      dataDir: this.#options.dataDir,
      timeoutMs: Math.min(STORE_TIMEOUT_MAX_MS, this.timeoutMs),
    })
  }

  /** Lets go of the store without waiting for it: it may be the one that does not answer. */
  close(): void {
    this.#store?.then((store) => store.close()).catch(() => undefined)
  }
}

/** The holder of the lease first, it shows life. Then the newest: old rows may be stale. */
function urlsOf({members, lease}: PoolRead): readonly string[] {
  const holder = members.find(({id}) => id === lease?.holder)
  const others = members.filter((member) => member !== holder).toReversed()
  return [...(holder ? [holder] : []), ...others].map(({url}) => url)
}
