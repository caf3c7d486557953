/** What the client proves itself with, and when it needs something newer. */
import {nowMs} from './environment.js'
import type {Settings} from './settings.js'

/** A token that ends within this is not used for another connection. */
const SPARE_MS = 5000

export class Tokens {
  readonly #settings: Settings
  #token: string | undefined
  #endsMs = Number.POSITIVE_INFINITY
  /** Whether the last one was made for the attempt that is under way. */
  isFresh = false

  constructor(settings: Settings) {
    this.#settings = settings
    this.#token = settings.token
  }

  /** Whether there may be another one, if this one is refused. */
  get canRenew(): boolean {
    return this.#settings.getToken !== undefined
  }

  /** Null: nobody is logged in. Rejects as `getToken` does. */
  async get(): Promise<string | null | undefined> {
    const isGood = this.#token !== undefined && nowMs() < this.#endsMs - SPARE_MS
    this.isFresh = false
    return isGood ? this.#token : this.renew()
  }

  async renew(): Promise<string | null | undefined> {
    const {getToken} = this.#settings
    if (getToken === undefined) return this.#token
    const token = await getToken()
    this.isFresh = true
    this.#token = token ?? undefined
    this.#endsMs = Number.POSITIVE_INFINITY
    return token
  }

  endsIn(ms: number): void {
    this.#endsMs = nowMs() + ms
  }

  forget(): void {
    if (this.canRenew) this.#token = undefined
  }
}
