/**
 * The keys behind a JWKS URL: fetched when the first token needs them, again every ten minutes and
 * when a token names a key that is not there (a rotation). While the URL does not answer, the keys
 * that were there last go on counting.
 */
import {isRecord, parseJson} from '../protocol/json-text.js'
import {redactUrl} from '../sql/redact-url.js'
import type {AuthLog} from './authenticator.js'
import {describeFailure} from './describe-failure.js'
import {askHttp} from './ask-http.js'
import type {HttpAnswer} from './ask-http.js'
import {publicKeyFromJwk} from './public-key.js'
import type {PublicKey} from './public-key.js'

export const KEYS_MAX_AGE_MS = 600_000
/** Between two tries: a token with a made-up key id must not make each node ask. */
export const RETRY_MS = 10_000
const FETCH_MS = 5000
const BODY_BYTES_MAX = 256 * 1024
const KEYS_MAX = 100

export interface KeySetOptions {
  readonly log: AuthLog
  readonly now: () => number
  /** In the place of a question over HTTP: for tests. */
  readonly ask?: (url: string) => Promise<HttpAnswer>
}

export class KeySetUrl {
  readonly #url: string
  readonly #options: KeySetOptions
  #keys: readonly PublicKey[] | undefined
  #fetchedAtMs = Number.NEGATIVE_INFINITY
  #triedAtMs = Number.NEGATIVE_INFINITY
  #fetching: Promise<void> | undefined

  constructor(url: string, options: KeySetOptions) {
    this.#url = url
    this.#options = options
  }

  /** All keys; those that a token with this key id may need are the newest that can be had. */
  async keysFor(kid: string | undefined): Promise<readonly PublicKey[] | undefined> {
    const nowMs = this.#options.now()
    const isMissing = this.#keys === undefined || !this.#has(kid)
    const isOld = nowMs - this.#fetchedAtMs >= KEYS_MAX_AGE_MS
    if ((isMissing || isOld) && nowMs - this.#triedAtMs >= RETRY_MS) this.#startFetch()
    // Old keys serve while newer ones are on their way.
    if (isMissing) await this.#fetching
    return this.#keys
  }

  #has(kid: string | undefined): boolean {
    return kid === undefined || this.#keys?.some((key) => key.kid === kid) === true
  }

  #startFetch(): void {
    this.#triedAtMs = this.#options.now()
    this.#fetching ??= this.#fetch().finally(() => (this.#fetching = undefined))
  }

  async #fetch(): Promise<void> {
    const {log, now} = this.#options
    const shown = redactUrl(this.#url)
    try {
      this.#keys = await this.#read()
      this.#fetchedAtMs = now()
      log.info('Token keys fetched', {url: shown, keys: this.#keys.length})
    } catch (error) {
      const kept = this.#keys?.length ?? 0
      log.warn('Token keys cannot be fetched', {url: shown, kept, error: describeFailure(error)})
    }
  }

  async #read(): Promise<readonly PublicKey[]> {
    const {status, body} = await (this.#options.ask ?? askForKeys)(this.#url)
    if (status !== 200) throw new Error(`it answers ${status}`)
    const json = parseJson(body)
    if (!json.ok) throw new Error(json.reason)
    const keys = publicKeysOf(json.value)
    if (keys.length === 0) throw new Error('it has no public key that signs tokens')
    return keys
  }
}

function askForKeys(url: string): Promise<HttpAnswer> {
  return askHttp(url, {
    method: 'GET',
    headers: {accept: 'application/json'},
    signal: AbortSignal.timeout(FETCH_MS),
    bytesMax: BODY_BYTES_MAX,
    isRead: (status) => status === 200,
  })
}

/** The keys of a set that can be used; others, such as those for encryption, are passed over. */
export function publicKeysOf(value: unknown): readonly PublicKey[] {
  const list = isRecord(value) && Array.isArray(value['keys']) ? value['keys'] : []
  return list.slice(0, KEYS_MAX).flatMap((item: unknown) => {
    const read = isRecord(item) ? publicKeyFromJwk(item) : undefined
    return read?.ok === true ? [read.key] : []
  })
}
