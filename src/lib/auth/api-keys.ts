/**
 * API keys: what an application proves itself with by HTTP, each with a name and what it may do.
 * Nodes know only their hashes, so that who reads the file of them has no key.
 */
import {createHash, randomBytes, timingSafeEqual} from 'node:crypto'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {conforms, count, listOf, literal, object, type Shape} from '../protocol/shape.js'
import {idFromJson} from '../protocol/target.js'
import {WsmeshError} from '../util/errors.js'

/** What a key may be allowed: the routes of the API, `publish` both of publishing. */
export const API_RIGHTS = ['publish', 'who', 'kick', 'nodes', 'metrics'] as const

export type ApiRight = (typeof API_RIGHTS)[number]

/** A key as its file has it. */
export interface ApiKeyEntry {
  /** What the log calls its bearer; unique in its file. */
  readonly name: string
  /** Of the key, in hexadecimal. */
  readonly sha256: string
  readonly allow: readonly ApiRight[]
  /** Globs of the actions that it may publish; absent: any. */
  readonly actions?: readonly string[]
  /** Messages, and requests of other kinds, of each node; 0 or absent: no limit. */
  readonly perSecond?: number
}

/** Each is compared with each key that comes. */
export const API_KEYS_MAX = 100
export const API_RATE_MAX = 1_000_000

/** Found by those who search repositories for secrets that were left in them. */
const PREFIX = 'wsmesh_'
/** Nobody guesses 256 bits: a plain hash keeps them, slow ones are for passwords. */
const KEY_BYTES = 32

export function makeApiKey(): string {
  return PREFIX + randomBytes(KEY_BYTES).toString('base64url')
}

/** Whether a bearer token means to be a key, rather than a token that was signed. */
export function isApiKey(bearer: string): boolean {
  return bearer.startsWith(PREFIX)
}

export function hashOfApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** The keys of a file; they may become others (`replace`) while requests come. */
export class ApiKeys {
  #entries: readonly ApiKeyEntry[]
  #hashes: readonly Buffer[]

  constructor(entries: readonly ApiKeyEntry[]) {
    this.#entries = entries
    this.#hashes = entries.map(({sha256}) => Buffer.from(sha256, 'hex'))
  }

  get entries(): readonly ApiKeyEntry[] {
    return this.#entries
  }

  replace(next: ApiKeys): void {
    this.#entries = next.#entries
    this.#hashes = next.#hashes
  }

  /** Takes the same time whichever it is, and where it is none. */
  find(key: string): ApiKeyEntry | undefined {
    const hash = Buffer.from(hashOfApiKey(key), 'hex')
    let found: ApiKeyEntry | undefined
    for (const [index, each] of this.#hashes.entries()) {
      if (timingSafeEqual(each, hash)) found = this.#entries[index]
    }
    return found
  }
}

const name: Shape<string> = (value) =>
  typeof value === 'string' && isApiKeyName(value)
    ? undefined : 'is no name: letters, digits and . _ @ / - are allowed, 64 at most'

const sha256: Shape<string> = (value) =>
  typeof value === 'string' && /^[\da-f]{64}$/.test(value)
    ? undefined : 'is no SHA-256 in hexadecimal: wsmesh api key makes keys'

const glob: Shape<string> = (value) =>
  typeof value === 'string' && idFromJson(value) !== undefined
    ? undefined : 'is no glob of actions: text of 1 to 255 bytes'

const perSecond: Shape<number> = (value) =>
  count(value) ?? (Number(value) > API_RATE_MAX ? `is above ${API_RATE_MAX}` : undefined)

const entry = object<ApiKeyEntry>(
  {
    name, sha256, allow: listOf(literal(...API_RIGHTS)), actions: listOf(glob), perSecond,
  },
  {optional: ['actions', 'perSecond'], closed: true},
)

const file = object<{readonly keys: readonly ApiKeyEntry[]}>(
  {keys: listOf(entry)}, {closed: true},
)

export function isApiKeyName(text: string): boolean {
  return /^[\w.@/-]{1,64}$/.test(text)
}

/** Throws CONFIG_INVALID, with the place. `source` is for people. */
export function parseApiKeys(text: string, source: string): ApiKeys {
  const json = parseJson(text)
  if (!json.ok) throw invalid(source, json.reason)
  if (!isRecord(json.value)) throw invalid(source, 'it is no object')
  if (!conforms(file, json.value)) throw invalid(source, file(json.value) ?? 'no keys')
  const {keys} = json.value
  if (keys.length > API_KEYS_MAX) {
    throw invalid(source, `${keys.length} keys, ${API_KEYS_MAX} are allowed`)
  }
  for (const [index, each] of keys.entries()) {
    const twin = keys.findIndex((other) => other.name === each.name)
    if (twin !== index) throw invalid(source, `keys[${twin}] and keys[${index}] have one name`)
    const same = keys.findIndex((other) => other.sha256 === each.sha256)
    if (same !== index) throw invalid(source, `keys[${same}] and keys[${index}] are one key`)
  }
  return new ApiKeys(keys)
}

export function formatApiKeys(entries: readonly ApiKeyEntry[]): string {
  return `${JSON.stringify({keys: entries}, null, 2)}\n`
}

function invalid(source: string, why: string): WsmeshError {
  return new WsmeshError('CONFIG_INVALID', `${source} is no file of API keys: ${why}`, {
    suggestions: ['wsmesh api key NAME --api-key-file FILE   (makes one, and its file)'],
  })
}
