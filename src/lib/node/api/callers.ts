/** Who calls the HTTP API: the bearer of an API key, or of a token that the mesh secret signed. */
import {isApiKey, type ApiKeyEntry, type ApiKeys, type ApiRight} from '../../auth/api-keys.js'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import {PublishTokens} from '../../auth/publish-token.js'
import {compileGlob} from '../glob.js'
import type {Log} from '../log.js'
import {OperatorActs} from '../operator-acts.js'
import {TokenBucket} from '../token-bucket.js'

export interface Caller {
  readonly name: string
  readonly acts: OperatorActs
  may(right: ApiRight): boolean
  mayPublish(action: string): boolean
  /** How long until so much is allowed; 0: it is now, and was taken. */
  take(cost: number): number
  /** The same, and nothing is taken. */
  waitMs(cost: number): number
}

export interface CallersOptions {
  readonly keys: ApiKeys
  readonly secret: MeshSecret
  readonly log: Log
  readonly now: () => number
  readonly wallClock: () => number
}

/** Callers, by name and address, whose lines in the log are told apart. */
const ACTS_MAX = 100

/** What is kept of a key while it is the same in its file. */
interface KeyState {
  readonly entry: ApiKeyEntry
  readonly globs: readonly ((action: string) => boolean)[] | undefined
  readonly bucket: TokenBucket | undefined
}

type Allowed = Omit<Caller, 'acts'>

export class Callers {
  readonly #options: CallersOptions
  readonly #tokens: PublishTokens
  readonly #states = new Map<string, KeyState>()
  readonly #acts = new Map<string, OperatorActs>()

  constructor(options: CallersOptions) {
    this.#options = options
    this.#tokens = new PublishTokens(options.secret, options.wallClock)
  }

  /** `from`: the peer's address. Undefined when what it bears does not hold now. */
  async find(bearer: string, from: string): Promise<Caller | undefined> {
    const allowed = isApiKey(bearer) ? this.#byKey(bearer) : await this.#byToken(bearer)
    return allowed && {...allowed, acts: this.#actsOf(allowed.name, from)}
  }

  sweep(): void {
    for (const acts of this.#acts.values()) acts.sweep()
  }

  #byKey(key: string): Allowed | undefined {
    const entry = this.#options.keys.find(key)
    if (entry === undefined) return undefined
    const {globs, bucket} = this.#stateOf(entry)
    const {now} = this.#options
    return {
      name: entry.name,
      may: (right) => entry.allow.includes(right),
      mayPublish: (action) => globs === undefined || globs.some((isOf) => isOf(action)),
      take(cost) {
        if (bucket === undefined) return 0
        return bucket.take(now(), cost) ? 0 : bucket.waitMs(now(), cost)
      },
      waitMs: (cost) => bucket?.waitMs(now(), cost) ?? 0,
    }
  }

  #stateOf(entry: ApiKeyEntry): KeyState {
    const known = this.#states.get(entry.name)
    if (known?.entry === entry) return known
    const {actions, perSecond = 0} = entry
    const isSameRate = known?.entry.perSecond === entry.perSecond
    const fresh = (): TokenBucket | undefined =>
      perSecond === 0 ? undefined : new TokenBucket(perSecond, perSecond, this.#options.now())
    const state = {
      entry,
      globs: actions?.map((glob) => compileGlob(glob)),
      // A file that was read again gives nobody a second helping.
      bucket: isSameRate ? known?.bucket : fresh(),
    }
    this.#states.set(entry.name, state)
    return state
  }

  async #byToken(token: string): Promise<Allowed | undefined> {
    const name = await this.#tokens.verify(token)
    if (name === undefined) return undefined
    return {
      name,
      may: (right) => right === 'publish',
      mayPublish: () => true,
      take: () => 0,
      waitMs: () => 0,
    }
  }

  #actsOf(by: string, from: string): OperatorActs {
    const who = `${by} ${from}`
    let acts = this.#acts.get(who)
    if (acts === undefined) {
      if (this.#acts.size >= ACTS_MAX) this.#forgetActs()
      acts = new OperatorActs(this.#options.log, {by, from}, this.#options.now)
      this.#acts.set(who, acts)
    }
    return acts
  }

  #forgetActs(): void {
    for (const acts of this.#acts.values()) acts.flush()
    this.#acts.clear()
  }
}

export function bearerOf(authorization: unknown): string | undefined {
  const match = typeof authorization === 'string' ? /^Bearer +(\S+)$/i.exec(authorization) : null
  return match?.[1]
}
