/**
 * What was answered a moment ago: the tabs of a page that is loaded, and a node's clients that come
 * back at once, ask for the same session many times in a second. Refusals are not kept: who has
 * just logged in must not be told what was true before.
 */
import {createHash} from 'node:crypto'
import type {Verdict} from './authenticator.js'
import type {Claims} from './claims.js'

export interface VerdictCacheOptions {
  /** How long an answer counts; 0: answers are shared by those who ask while it is on its way. */
  readonly ttlMs: number
  /** Answers that are kept; the oldest go. */
  readonly entriesMax: number
  /** Milliseconds that never fall. */
  readonly now: () => number
  /** Milliseconds since 1970: sessions end by the time of day. */
  readonly wallClock: () => number
}

type Known = Extract<Verdict, {readonly type: 'known'}>

interface Entry {
  readonly verdict: Known
  readonly untilMs: number
}

export class VerdictCache {
  readonly #options: VerdictCacheOptions
  readonly #known = new Map<string, Entry>()
  readonly #asked = new Map<string, Promise<Verdict>>()

  constructor(options: VerdictCacheOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#known.size
  }

  /** `given` is all that the answer depends on. */
  async get(given: readonly (string | undefined)[], ask: () => Promise<Verdict>): Promise<Verdict> {
    const key = keyOf(given)
    const entry = this.#known.get(key)
    if (entry !== undefined) {
      if (this.#holds(entry)) return entry.verdict
      this.#known.delete(key)
    }
    const asked = this.#asked.get(key)
    if (asked !== undefined) return asked
    const asking = ask()
    this.#asked.set(key, asking)
    try {
      const verdict = await asking
      // Forgotten while it was asked: it may be the answer of before.
      if (this.#asked.get(key) === asking && verdict.type === 'known') this.#keep(key, verdict)
      return verdict
    } finally {
      if (this.#asked.get(key) === asking) this.#asked.delete(key)
    }
  }

  /** Whatever is on its way is not kept, and nobody else waits for it. */
  forget(isMeant: (claims: Claims) => boolean): void {
    this.#asked.clear()
    for (const [key, {verdict}] of this.#known) {
      if (isMeant(verdict.claims)) this.#known.delete(key)
    }
  }

  #holds({verdict, untilMs}: Entry): boolean {
    const {now, wallClock} = this.#options
    return now() < untilMs && wallClock() < verdict.expiresAtMs
  }

  #keep(key: string, verdict: Known): void {
    const {ttlMs, entriesMax, now} = this.#options
    if (ttlMs === 0) return
    this.#known.set(key, {verdict, untilMs: now() + ttlMs})
    if (this.#known.size <= entriesMax) return
    const [oldest] = this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
  }
}

/** A digest: keys are as long as a cookie, and what proves an identity is not kept in memory. */
function keyOf(given: readonly (string | undefined)[]): string {
  const text = JSON.stringify(given.map((part) => part ?? null))
  return createHash('sha256').update(text).digest('base64')
}
