/** One cycle of the soak: connections of all kinds come and go, messages are sent meanwhile. */
import {signToken} from '../../auth/token.js'
import type {MeshSecret} from '../../auth/mesh-secret.js'
import type {TargetJson} from '../../protocol/target.js'
import {seededRandom} from '../../util/random.js'
import type {Random} from '../../util/random.js'
import {CHURN_KINDS, pay, PLAIN_KINDS} from './churn-kinds.js'
import type {ChurnKind, Visit} from './churn-kinds.js'
import type {ChurnSocket} from './churn-socket.js'
import type {SoakTarget} from './soak-target.js'

export interface ChurnOptions {
  readonly targets: readonly SoakTarget[]
  readonly protocol: 'wsmesh' | 'plain'
  /** Makes the tokens; undefined for a server that is no node. */
  readonly secret: MeshSecret | undefined
  readonly kinds: readonly ChurnKind[]
  /** Connections per second, at all targets together. */
  readonly connectPerS: number
  readonly detailsBytes: number
  readonly seed: number
  readonly signal: AbortSignal
}

/** How much one cycle does. */
export interface Dose {
  /** Visits at each target; some are two connections. */
  readonly visitsEach: number
  /** Of the messages that visits would send, this share is sent. */
  readonly messageShare: number
  /** Some break off without a word, and are waited for in the rest: almost a minute. */
  readonly hasHalfOpen: boolean
}

/** What was done since the beginning. */
export interface Work {
  readonly messages: number
  readonly tried: number
  readonly failed: number
  /** By target: connections, and visits of each kind. */
  readonly byTarget: ReadonlyMap<string, Readonly<Record<string, number>>>
  readonly errors: ReadonlyMap<string, number>
}

const AT_ONCE = 64
const ANSWER_MS = 20_000
const TTL_MS = 3_600_000
/** A half-open connection is not waited for in the cycle: so few do not matter. */
const LEFT_MAX = 20

export class Churn {
  readonly #options: ChurnOptions
  readonly #random: Random
  readonly #shares: readonly (readonly [ChurnKind, number])[]
  readonly #byTarget = new Map<string, Record<string, number>>()
  readonly #errors = new Map<string, number>()
  readonly #left = new Set<ChurnSocket>()
  #targets: readonly SoakTarget[]
  #isExcused = false
  #number = 0
  #messages = 0
  #failed = 0

  constructor(options: ChurnOptions) {
    this.#options = options
    this.#targets = options.targets
    this.#random = seededRandom(options.seed)
    const kinds = options.protocol === 'plain'
      ? options.kinds.filter((kind) => PLAIN_KINDS.includes(kind))
      : options.kinds
    this.#shares = kinds.map((kind) => [kind, CHURN_KINDS[kind]] as const)
    for (const {place} of options.targets) this.#byTarget.set(place.clientUrl, {connection: 0})
  }

  get work(): Work {
    return {
      messages: this.#messages,
      tried: this.#number,
      failed: this.#failed,
      byTarget: this.#byTarget,
      errors: this.#errors,
    }
  }

  /** One of them has another address; in the same order. */
  retarget(targets: readonly SoakTarget[]): void {
    this.#targets = targets
  }

  /** While a node is away on purpose, visits that fail are told and not counted as failed. */
  excuse(isExcused: boolean): void {
    this.#isExcused = isExcused
  }

  /** Ends when all visits have ended; half-open connections are left. */
  async run(dose: Dose): Promise<void> {
    const {connectPerS, signal} = this.#options
    const total = dose.visitsEach * this.#targets.length
    const startMs = performance.now()
    const running = new Set<Promise<void>>()
    for (let index = 0; index < total && !signal.aborted; index += 1) {
      await until(startMs + (index * 1000) / connectPerS)
      while (running.size >= AT_ONCE) await Promise.race(running)
      const visit = this.#visit(index, dose).finally(() => running.delete(visit))
      running.add(visit)
    }
    await Promise.all(running)
  }

  /** Ends what is still open of the half-open ones. */
  letGo(): void {
    for (const client of this.#left) client.destroy(true)
    this.#left.clear()
  }

  /** Half-open connections that the server has not ended. */
  get left(): number {
    for (const client of this.#left) if (client.isOver) this.#left.delete(client)
    return this.#left.size
  }

  async #visit(index: number, dose: Dose): Promise<void> {
    const targets = this.#targets
    const target = targets[index % targets.length]
    const other = targets[(index + 1) % targets.length]
    if (target === undefined || other === undefined) return
    this.#number += 1
    const kind = this.#kind(dose)
    this.#add(target.place.clientUrl, kind)
    const held: ChurnSocket[] = []
    try {
      await pay(this.#about(held, target, other, dose), kind)
    } catch (error) {
      // It answers pings, so that its node would keep it, and the soak never come to rest.
      for (const client of held) client.destroy(true)
      if (!this.#isExcused) this.#failed += 1
      const when = this.#isExcused ? 'during the failover: ' : ''
      const text = `${when}${kind}: ${error instanceof Error ? error.message : String(error)}`
      this.#errors.set(text, (this.#errors.get(text) ?? 0) + 1)
    }
  }

  #kind({hasHalfOpen}: Dose): ChurnKind {
    let left = this.#random.next() * this.#shares.reduce((sum, [, share]) => sum + share, 0)
    for (const [kind, share] of this.#shares) {
      left -= share
      if (left >= 0) continue
      const isLeft = hasHalfOpen && this.left < LEFT_MAX
      return kind === 'half-open' && !isLeft ? 'terminate' : kind
    }
    return 'clean'
  }

  #about(
    held: ChurnSocket[], target: SoakTarget, other: SoakTarget, {messageShare}: Dose,
  ): Visit {
    const n = this.#number
    const {protocol, secret, detailsBytes} = this.#options
    return {
      n,
      protocol,
      url: target.place.clientUrl,
      otherUrl: other.place.clientUrl,
      timeoutMs: ANSWER_MS,
      detailsBytes,
      token: async (user, groups, session) =>
        secret === undefined ? '' : signToken({user, groups, session, ttlMs: TTL_MS}, secret),
      publish: async (user) => {
        if (this.#random.next() >= messageShare) return
        this.#messages += 1
        await target.publish(this.#target(user, n), ['x'.repeat(detailsBytes)])
      },
      post: async (user) => {
        if (this.#random.next() >= messageShare) return
        this.#messages += 1
        await target.post({user}, ['x'.repeat(detailsBytes)])
      },
      opened: (url) => this.#add(url, 'connection'),
      holds: (client) => void held.push(client),
      leave: (client) => void this.#left.add(client),
    }
  }

  /** Mostly for the visitor, who waits for it; sometimes for many. */
  #target(user: string, n: number): TargetJson {
    if (n % 29 === 0) return n % 2 === 0 ? {everyone: true} : {registered: true}
    if (n % 13 === 0) return {group: n % 2 === 0 ? `g${n % 97}` : `visit-${n}`}
    if (n % 19 === 0) return {filter: {user}}
    return n % 17 === 0 ? {session: `s${n}`} : {user}
  }

  #add(url: string, what: string): void {
    const counts = this.#byTarget.get(url) ?? {}
    counts[what] = (counts[what] ?? 0) + 1
    this.#byTarget.set(url, counts)
  }
}

async function until(atMs: number): Promise<void> {
  const waitMs = atMs - performance.now()
  if (waitMs > 1) await new Promise((resolve) => setTimeout(resolve, waitMs))
}
