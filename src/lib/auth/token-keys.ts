/** The keys of `--token-key`: from files, read once, or from a JWKS URL, read again and again. */
import {readFile, stat} from 'node:fs/promises'
import {isRecord, parseJson} from '../protocol/json-text.js'
import {redactUrl} from '../sql/redact-url.js'
import {WsmeshError} from '../util/errors.js'
import {KeySetUrl, publicKeysOf} from './key-set-url.js'
import type {KeySetOptions} from './key-set-url.js'
import {publicKeyFromJwk, publicKeyFromPem} from './public-key.js'
import type {PublicKey, PublicKeyRead} from './public-key.js'

/** RFC 7518, 3.2: a shorter key is easier to guess than HS256 to break. */
export const TOKEN_SECRET_BYTES_MIN = 32

/** Larger files hold no key. */
const FILE_BYTES_MAX = 1024 * 1024

export interface TokenKeys {
  /** For HS256, and for nothing else. */
  readonly secrets: readonly Uint8Array[]
  /** For the algorithms that each of them names, and never for HS256. */
  readonly publicKeys: readonly PublicKey[]
  readonly urls: readonly KeySetUrl[]
}

export const NO_TOKEN_KEYS: TokenKeys = {secrets: [], publicKeys: [], urls: []}

/** Throws FILE_UNREADABLE, SECRET_INVALID or CONFIG_INVALID, which name the source alone. */
export async function loadTokenKeys(
  sources: readonly string[],
  options: KeySetOptions,
): Promise<TokenKeys> {
  const all = await Promise.all(sources.map((source) => loadOne(source, options)))
  return {
    secrets: all.flatMap(({secrets}) => secrets),
    publicKeys: all.flatMap(({publicKeys}) => publicKeys),
    urls: all.flatMap(({urls}) => urls),
  }
}

async function loadOne(source: string, options: KeySetOptions): Promise<TokenKeys> {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) {
    return {...NO_TOKEN_KEYS, urls: [new KeySetUrl(checkedUrl(source), options)]}
  }
  const {bytes, mode} = await readKeyFile(source)
  const text = bytes.toString('utf8').trim()
  if (text.startsWith('-----BEGIN')) {
    return {...NO_TOKEN_KEYS, publicKeys: [readOrThrow(source, publicKeyFromPem(text))]}
  }
  if (text.startsWith('{')) return fromJson(source, text)
  return {...NO_TOKEN_KEYS, secrets: [checkedSecret(source, bytes, mode)]}
}

function checkedUrl(source: string): string {
  const url = URL.canParse(source) ? new URL(source) : undefined
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return source
  throw invalid(redactUrl(source), 'it is no http:// or https:// URL and no file', [
    '--token-key https://id.example.com/.well-known/jwks.json',
    '--token-key /etc/wsmesh/id.pem',
  ])
}

async function readKeyFile(path: string): Promise<{bytes: Buffer; mode: number}> {
  try {
    const {mode, size} = await stat(path)
    if (size > FILE_BYTES_MAX) throw new Error(`${size} bytes are no key`)
    return {bytes: await readFile(path), mode}
  } catch (error) {
    throw new WsmeshError('FILE_UNREADABLE', `Cannot read the token key from ${path}`, {
      cause: error,
      suggestions: ['Check the path of --token-key and who may read it'],
    })
  }
}

function fromJson(source: string, text: string): TokenKeys {
  const json = parseJson(text)
  if (!json.ok || !isRecord(json.value)) throw invalid(source, 'it begins as JSON and is none')
  if (!('keys' in json.value)) {
    return {...NO_TOKEN_KEYS, publicKeys: [readOrThrow(source, publicKeyFromJwk(json.value))]}
  }
  const publicKeys = publicKeysOf(json.value)
  if (publicKeys.length > 0) return {...NO_TOKEN_KEYS, publicKeys}
  throw invalid(source, 'its set of keys has no public key that signs tokens')
}

function readOrThrow(source: string, read: PublicKeyRead): PublicKey {
  if (read.ok) return read.key
  throw invalid(source, read.reason)
}

function checkedSecret(path: string, bytes: Buffer, mode: number): Uint8Array {
  const end = bytes.at(-1) === 0x0a ? (bytes.at(-2) === 0x0d ? -2 : -1) : bytes.length
  const secret = bytes.subarray(0, end)
  if (secret.length < TOKEN_SECRET_BYTES_MIN) {
    throw new WsmeshError(
      'SECRET_INVALID',
      `The token secret in ${path} has ${secret.length} bytes, HS256 needs ` +
        `${TOKEN_SECRET_BYTES_MIN}`,
      {suggestions: ['Make one with: openssl rand -base64 32']},
    )
  }
  // Windows has no such bits: everything looks readable there.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8)
    throw new WsmeshError(
      'SECRET_INVALID',
      `Others can read the token secret in ${path} (mode ${octal})`,
      {suggestions: [`chmod 600 ${path}`]},
    )
  }
  return secret
}

function invalid(source: string, why: string, suggestions: readonly string[] = []): WsmeshError {
  return new WsmeshError('CONFIG_INVALID', `Cannot use the token key ${source}: ${why}`, {
    suggestions: [
      ...suggestions,
      'A key is a PEM or JWK of a public key, a JWK set or its URL, or a secret for HS256',
    ],
  })
}
