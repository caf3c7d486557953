import type {NodeStats} from '../protocol/operator-frame.js'
import {formatDuration} from '../util/duration.js'
import {WsmeshError} from '../util/errors.js'
import type {OperatorConnection} from './operator-connection.js'
import {withResolvers} from './resolvers.js'

/** Without an answer for so long the next node is tried too, and memory beside the store. */
export const HEDGE_MS = 250

/** Better than nothing: how long a node that is out of the mesh waits for a better one. */
const FALLBACK_WAIT_MS = 1000

/** A place that addresses come from. */
export interface AddressSource {
  /** For people: "pool sqlite:/…/pool.db". */
  readonly name: string
  /** Node URLs, best first. May reject, and may take as long as it likes. */
  read(): Promise<readonly string[]>
}

export interface FindNodeOptions {
  /** The first is asked at once; each next after HEDGE_MS, or when those before have failed. */
  readonly sources: readonly AddressSource[]
  readonly connect: (url: string, signal: AbortSignal) => Promise<OperatorConnection>
  readonly timeoutMs: number
}

/**
 * A proved connection with some node of the mesh. A node is tried at once when one failed, and
 * after HEDGE_MS when one has not answered ("happy eyeballs", RFC 8305). Nodes that are out of the
 * mesh (isolated, seeking, joining) are passed over when another answers. Rejects within timeoutMs
 * with AUTH_REJECTED when a node refused the secret, POOL_DENIED or POOL_URL_INVALID when that is
 * why no address is known, else NODE_UNREACHABLE that names all that was tried.
 */
export function findNode(options: FindNodeOptions): Promise<OperatorConnection> {
  return new Search(options).run()
}

type Role = NodeStats['role'] | 'draining'

/** How good a node is to work with; a lower number is taken first. */
const RANK: Readonly<Record<Role, number>> = {
  master: 0,
  follower: 0,
  member: 0,
  draining: 1,
  seeking: 1,
  joining: 2,
  isolated: 3,
  drained: 4,
}

interface Fallback {
  readonly connection: OperatorConnection
  readonly rank: number
}

class Search {
  readonly #options: FindNodeOptions
  readonly #result = withResolvers<OperatorConnection>()
  readonly #sources: AddressSource[]
  readonly #queue: string[] = []
  readonly #seen = new Set<string>()
  readonly #attempts = new Map<string, AbortController>()
  readonly #reports: string[] = []
  readonly #failures: WsmeshError[] = []
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #startMs = performance.now()
  #reading = 0
  #fallback: Fallback | undefined
  #over = false

  constructor(options: FindNodeOptions) {
    this.#options = options
    this.#sources = [...options.sources]
  }

  async run(): Promise<OperatorConnection> {
    this.#after(this.#options.timeoutMs, () => this.#timeUp())
    this.#readNext()
    return this.#result.promise
  }

  #readNext(): void {
    const source = this.#sources.shift()
    if (source === undefined) return
    this.#reading += 1
    if (this.#sources.length > 0) this.#after(HEDGE_MS, () => this.#readNext())
    source.read().then(
      (urls) => this.#found(source, urls),
      (error: unknown) => this.#failed(source.name, error),
    ).finally(() => {
      this.#reading -= 1
      this.#advance()
    })
  }

  #found(source: AddressSource, urls: readonly string[]): void {
    if (urls.length === 0) this.#reports.push(`${source.name} names no node`)
    for (const url of urls) {
      if (!this.#seen.has(url)) this.#queue.push(url)
      this.#seen.add(url)
    }
  }

  /** Something ended: an attempt or a source. What is left to try is tried at once. */
  #advance(): void {
    if (this.#over) return
    if (this.#attempts.size === 0) this.#tryNext()
    if (this.#attempts.size > 0) return
    this.#readNext()
    if (this.#reading > 0) return
    if (this.#fallback) this.#win(this.#fallback.connection)
    else this.#giveUp(false)
  }

  #tryNext(): void {
    const url = this.#over ? undefined : this.#queue.shift()
    if (url === undefined) return
    const abort = new AbortController()
    this.#attempts.set(url, abort)
    this.#after(HEDGE_MS, () => this.#tryNext())
    this.#attempt(url, abort.signal)
      .catch((error: unknown) => this.#failed(url, error))
      .finally(() => {
        this.#attempts.delete(url)
        this.#advance()
      })
  }

  async #attempt(url: string, signal: AbortSignal): Promise<void> {
    const connection = await this.#options.connect(url, signal)
    if (this.#over) {
      connection.close()
      return
    }
    const drop = () => connection.close()
    signal.addEventListener('abort', drop)
    const {role, meter} = await connection.stats(this.#leftMs())
    signal.removeEventListener('abort', drop)
    this.#judge(connection, meter?.isDraining === true ? 'draining' : role)
  }

  #judge(connection: OperatorConnection, role: Role): void {
    const rank = RANK[role]
    if (this.#over) {
      connection.close()
    } else if (rank === 0) {
      this.#attempts.delete(connection.url)
      this.#win(connection)
    } else {
      this.#reports.push(`${connection.url}: answers, but is ${role}`)
      this.#keep({connection, rank})
    }
  }

  #keep(candidate: Fallback): void {
    const kept = this.#fallback
    if (kept === undefined) {
      const waitMs = Math.min(FALLBACK_WAIT_MS, this.#leftMs() / 2)
      this.#after(waitMs, () => this.#win(this.#fallback?.connection ?? candidate.connection))
    }
    const isBetter = kept === undefined || candidate.rank < kept.rank
    this.#fallback = isBetter ? candidate : kept
    if (isBetter) kept?.connection.close()
    else candidate.connection.close()
  }

  #failed(name: string, error: unknown): void {
    if (!(error instanceof WsmeshError)) {
      this.#end()
      this.#result.reject(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#failures.push(error)
    const why = error.cause instanceof Error && isPlain(error) ? error.cause.message : error.message
    this.#reports.push(`${name}: ${why}`)
  }

  #win(connection: OperatorConnection): void {
    if (this.#over) return
    if (this.#fallback && this.#fallback.connection !== connection) {
      this.#fallback.connection.close()
    }
    this.#end()
    this.#result.resolve(connection)
  }

  #timeUp(): void {
    if (this.#over) return
    if (this.#fallback) return this.#win(this.#fallback.connection)
    if (this.#reading > 0) this.#reports.push(`${this.#options.sources[0]?.name}: no answer`)
    for (const url of this.#attempts.keys()) this.#reports.push(`${url}: no answer`)
    this.#giveUp(true)
  }

  #giveUp(isTimeUp: boolean): void {
    if (this.#over) return
    const time = formatDuration(this.#options.timeoutMs)
    this.#end()
    this.#result.reject(this.#errorOf(isTimeUp ? ` within ${time}` : ''))
  }

  #errorOf(within: string): WsmeshError {
    const telling = this.#failures.find((failure) => !isPlain(failure))
    const tried = [...new Set(this.#reports)].join('\n')
    if (telling && (this.#seen.size === 0 || telling.code === 'AUTH_REJECTED')) return telling
    const message =
      this.#seen.size === 0 ? 'There is no node to ask' : `No node answered${within}`
    return new WsmeshError('NODE_UNREACHABLE', message, {
      cause: new Error(tried),
      suggestions: SUGGESTIONS,
    })
  }

  #leftMs(): number {
    return Math.max(1, this.#options.timeoutMs - (performance.now() - this.#startMs))
  }

  #after(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      run()
    }, delayMs)
    this.#timers.add(timer)
  }

  #end(): void {
    this.#over = true
    for (const timer of this.#timers) clearTimeout(timer)
    for (const abort of this.#attempts.values()) abort.abort()
  }
}

const SUGGESTIONS: readonly string[] = [
  'wsmesh serve   (a node on this machine)',
  '--pool URL or --node ws://host:port   (if the mesh is elsewhere)',
]

/** Errors that only say "not there". Others name what to put right, so they are shown instead. */
function isPlain(error: WsmeshError): boolean {
  return (
    error.code === 'NODE_UNREACHABLE' ||
    error.code === 'POOL_UNREACHABLE' ||
    error.code === 'TIMED_OUT'
  )
}
